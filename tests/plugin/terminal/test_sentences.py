"""Terminal: findings as sentences, progress, the table of verdicts."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from bnclaims import stats
from bnclaims.audit.beside.results import (
    CellBeside,
    EffectBeside,
    Mostly,
    Size,
    Specific,
    Specificity,
    ThresholdShare,
)
from bnclaims.audit.claim import Claim, claim
from bnclaims.audit.results import CellJudgement, CellState, ClaimJudgement, Verdict
from bnclaims.audit.statements.statement import Estimate, Finding
from bnclaims.errors import BnclaimsError
from bnclaims.plugin.terminal.progress import WINDOW, Counter, Progress
from bnclaims.plugin.terminal.sentences import criterion, sentence
from bnclaims.plugin.terminal.table import verdict_table
from bnclaims.protocol.load import load_protocol
from bnclaims.report.formatting import duration, speed


def finding(kind: str = "no effect", lines: Sequence[float] = (-0.1, 0.1), **more: Any) -> Finding:
    values = {
        "label": "F1 gain",
        "p_support": 1.0,
        "p_refute": 0.001,
        "estimate": 0.82,
        "interval": (0.76, 0.86),
        "new_images_interval": None,
    }
    return Finding(kind=kind, lines=tuple(lines), **values | more)


def judged(finding: Finding | None, verdict: Verdict = Verdict.REFUTED) -> CellJudgement:
    return CellJudgement(
        claim="vi",
        cell="one logit",
        label="digits 1000:10, sigmoid",
        primary=True,
        state=CellState.JUDGED,
        verdict=verdict,
        reason="p = 0.001 against it, at most 0.0083",
        p_support=1.0,
        p_refute=0.001,
        decision_p=0.0083,
        counts_as=None,
        looks=(),
        finding=finding,
    )


def claimed(wording: str = "almost no impact", combine: str = "primary") -> Claim:
    return Claim(
        id="vi",
        sentence="With sigmoid it has almost no impact.",
        arms=(),
        combine=combine,
        source="",
        assertion=lambda evidence: None,  # type: ignore[arg-type,return-value]
        title="",
        reading="",
        wording=wording,
    )


def test_a_refuted_claim_reads_like_a_finding() -> None:
    assert sentence(claimed(), judged(finding())) == (
        "claim (vi) refuted on digits 1000:10, sigmoid: F1 gain 0.82 [0.76, 0.86], "
        '"almost no impact" means within 0.10; 0 seeds, p = 0.001 against it, at most 0.0083'
    )


def test_a_claim_without_a_wording_says_what_it_needs() -> None:
    said = sentence(claimed(""), judged(finding("effect", (0.0, 0.1))))
    assert "0.82 [0.76, 0.86], which the claim needs to be at least 0.10; " in said


def test_of_several_parts_the_one_that_was_refuted_is_told() -> None:
    parts = (
        finding("effect", (0.0, 0.1), label="gain removed", p_refute=0.9),
        finding("not worse", (-0.05,), label="half of the gain", p_refute=0.0001, estimate=-0.2),
    )
    whole = dataclasses.replace(parts[0], parts=parts)
    assert ": half of the gain −0.20 " in sentence(claimed(), judged(whole))
    assert ": gain removed 0.82 " in sentence(claimed(), judged(whole, Verdict.SUPPORTED))


def test_a_cell_without_numbers_has_a_sentence_too() -> None:
    assert sentence(claimed(), judged(None, Verdict.INCONCLUSIVE)).startswith(
        "claim (vi) inconclusive on digits 1000:10, sigmoid; 0 seeds"
    )


def test_a_cell_that_is_not_the_primary_one_is_named() -> None:
    said = sentence(claimed(), dataclasses.replace(judged(finding()), primary=False))
    assert said.startswith(
        'claim (vi) refuted, in the cell "one logit" alone, on digits 1000:10, sigmoid: F1 gain'
    )


def test_claims_outside_the_family_are_called_as_in_the_report() -> None:
    other = dataclasses.replace(claimed(), id="alt-threshold")
    assert sentence(other, judged(finding())).startswith("claim alt threshold refuted on digits")


def test_small_effects_have_the_decimals_that_show_them() -> None:
    slope = finding("dose", (0.1,), estimate=0.0034, interval=(-0.0012, 0.0081))
    assert "F1 gain 0.0034 [−0.0012, 0.0081]" in sentence(claimed(), judged(slope))


@pytest.mark.parametrize(
    ("kind", "lines", "words"),
    [
        ("effect", (0.0, 0.1), "at least 0.10"),
        ("peak", (0.0, 0.05), "at least 0.05"),
        ("no effect", (-0.1, 0.1), "within 0.10"),
        ("not worse", (-0.1,), "not below −0.10"),
        ("effect", (0.0, 0.025), "at least 0.025"),
        ("dose", (0.1,), "at least 0.10 either way"),
    ],
)
def test_every_kind_of_statement_says_what_it_asks_for(
    kind: str, lines: tuple[float, ...], words: str
) -> None:
    assert criterion(finding(kind, lines)) == words


def test_a_wording_must_be_a_quotation_of_the_sentence() -> None:
    with pytest.raises(BnclaimsError, match="wording 'no gain' is not in its sentence; quote it"):
        claim("x", "It has no impact.", arms=("plain",), wording="no gain")


# --- progress ---------------------------------------------------------------------------------


def status(trained: int, wanted: Sequence[str] = (), *, share: float = 0.0) -> Any:
    keys = tuple(SimpleNamespace(key=key) for key in wanted)
    return SimpleNamespace(trained=trained, wanted=keys, share=share)


def test_what_is_to_go_counts_first_looks_and_what_is_asked_for_once_each() -> None:
    stored = {"a"}
    store: Any = SimpleNamespace(has=stored.__contains__)
    counter = Counter(store, ["a", "b", "c"], started=100.0)
    seen = counter.read([status(3, ["b", "d"]), status(1, ["d", "a"])], 110.0)
    # What was done first took its time to start: from when it is seen, the rate counts.
    assert (seen.trained, seen.open, seen.rate, seen.seconds) == (4, 3, 0.0, 10.0)
    stored |= {"b", "d"}
    assert counter.read([status(6)], 111.0).open == 1


def test_trials_of_an_hour_have_a_rate_that_starting_up_does_not_lower() -> None:
    counter = Counter(SimpleNamespace(has=lambda key: True), [], started=0.0)  # type: ignore[arg-type]
    hour, late = 3600, 1800
    rates = {}
    for done in range(1, 9):
        for minute in range(60):
            now = late + done * hour + 60.0 * minute
            rates[done, minute] = counter.read([status(done)], now).rate
    assert rates[1, 0] == rates[1, 59] == 0, "one trial tells no rate"
    assert rates[2, 0] == rates[8, 0] == pytest.approx(1 / hour)
    # While the next one is waited for the rate falls a little, and is no burst when it comes.
    assert 0.7 / hour < min(rates[8, minute] for minute in range(60)) < 1 / hour


def test_the_first_trial_of_minutes_tells_how_long_the_others_take_while_it_trains() -> None:
    counter = Counter(SimpleNamespace(has=lambda key: False), ["a", "b"], started=0.0)  # type: ignore[arg-type]
    early = counter.read([status(0, share=0.02), status(0)], 4.0)
    assert early.seconds_left is None and early.line().startswith("bnclaims: 0 trials and 0.0 of")
    # Two workers are half through one trial each: as long again for these two.
    seen = counter.read([status(0, share=0.5), status(0, share=0.5)], 100.0)
    assert (seen.open, seen.begun) == (2, 1.0)
    assert seen.seconds_left == pytest.approx(100)
    assert "0 trials and 1.0 of the next trained in 1 min 40 s (0.6/min)" in seen.line()
    assert "0/2 trials and 1.0 of the next" in seen.bar(100, colour=False)
    quick = Progress(trained=7, open=9, rate=2.0, seconds=4, begun=0.4)
    assert "of the next" not in quick.line()


def test_workers_that_finish_together_make_no_burst() -> None:
    counter = Counter(SimpleNamespace(has=lambda key: True), [], started=0.0)  # type: ignore[arg-type]
    hour, workers = 3600.0, 8
    rates = []
    for done in range(1, 4 * workers + 1):
        turn, place = divmod(done - 1, workers)
        now = (turn + 1) * hour + 3.0 * place
        statuses = [status(done), *[status(0)] * (workers - 1)]
        rates.append(counter.read(statuses, now).rate)
    assert not any(rates[:workers]), "their first trials tell nothing of the time between"
    assert all(rate == pytest.approx(workers / hour, rel=0.15) for rate in rates[workers:])


def test_the_rate_is_that_of_the_last_minute() -> None:
    counter = Counter(SimpleNamespace(has=lambda key: True), [], started=0.0)  # type: ignore[arg-type]
    for second in range(1, 101):
        seen = counter.read([status(10 * second)], float(second))
    assert seen.rate == pytest.approx(10)
    for second in range(101, 101 + round(WINDOW) + 2):
        seen = counter.read([status(1000 + second - 100)], float(second))
    assert seen.rate == pytest.approx(1)


def test_a_line_for_a_log_has_rate_and_time_left() -> None:
    line = Progress(trained=120, open=300, rate=2.5, seconds=61).line()
    assert line == (
        "bnclaims: 120 trials trained in 1 min 1 s (2.5/s), at least 300 to go, "
        "about 2 min 0 s left for these"
    )
    assert "left" not in Progress(trained=0, open=300, rate=0.0, seconds=31).line()


@pytest.mark.parametrize("width", [30, 60, 79, 140])
def test_the_bar_fits_on_one_line(width: int) -> None:
    progress = Progress(trained=120, open=300, rate=3.2, seconds=44)
    plain = progress.bar(width, colour=False)
    coloured = progress.bar(width, colour=True)
    assert len(plain.rstrip()) <= width and "\x1b" not in plain and "━" in plain
    assert "\x1b[36m" in coloured
    assert width < 60 or "120/420 trials 3.2/s 1 min 34 s left" in plain


def test_rates_of_slow_trials_are_per_minute_or_hour() -> None:
    assert [speed(rate) for rate in (2.5, 0.1, 0.05, 1 / 3600)] == [
        "2.5/s",
        "0.1/s",
        "3.0/min",
        "1.0/h",
    ]
    waiting = Progress(trained=0, open=1, rate=0.0, seconds=31)
    assert waiting.line() == "bnclaims: 0 trials trained in 31 s, at least 1 to go"
    assert "/s" not in waiting.bar(80, colour=False)


def test_a_bar_has_only_characters_of_its_encoding() -> None:
    progress = Progress(trained=120, open=300, rate=3.2, seconds=44)
    bar = progress.bar(80, colour=False, encoding="iso-8859-1")
    assert "120/420 trials" in bar and bar.isascii()


def test_durations_are_for_people() -> None:
    assert [duration(s) for s in (0.4, 59.6, 3599, 3600, 7384)] == [
        "0 s",
        "1 min 0 s",
        "1 h 00 min",
        "1 h 00 min",
        "2 h 03 min",
    ]


# --- table ------------------------------------------------------------------------------------


def moved() -> CellBeside:
    """What stands beside a cell whose gain is 94 % a moved threshold, in F1 and in J."""
    size = Size(metric="Youden's J", estimate=0.5, interval=(0.4, 0.6))
    return CellBeside(
        networks=(),
        effects=(
            EffectBeside(
                setting="main",
                seeds=16,
                specific=Specific(
                    word=Specificity.MOVED_THRESHOLD, p_more=1.0, p_no_more=0.001, scores=(size,)
                ),
                threshold_share=ThresholdShare(
                    word=Mostly.THRESHOLD,
                    share=stats.Ratio(estimate=0.94, low=0.83, high=1.06),
                    gain=size,
                    ranking=size,
                    threshold=size,
                    by_seed={},
                ),
                retained=None,
            ),
        ),
        at_training_prevalence=None,
    )


def table(
    *, colour: bool = False, verbosity: int = 0, width: int = 100, scores: Sequence[Estimate] = ()
) -> str:
    cell = judged(finding(scores=tuple(scores)))
    claims = ClaimJudgement(
        claim=claimed(),
        verdict=Verdict.REFUTED,
        reason="",
        p_support=1.0,
        p_refute=0.001,
        cells=(cell,),
        holds_in=0,
    )
    audit: Any = SimpleNamespace(
        claims=[claims],
        cells={"vi": [SimpleNamespace(name=cell.cell, settings={})]},
        beside={"vi": {cell.cell: moved()}},
        sensitivity=None,
        protocol=load_protocol("quick"),
    )
    return verdict_table(audit, width=width, colour=colour, verbosity=verbosity)


def test_a_word_has_its_colour_only_where_colour_is_wanted() -> None:
    assert "\x1b[31mREFUTED" in table(colour=True)
    assert "\x1b" not in table()


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_the_table_fits_and_keeps_its_header_and_every_sentence(width: int) -> None:
    lines = table(width=width).splitlines()
    assert all(len(line) <= width and line == line.rstrip() for line in lines)
    assert "effect [interval]" in lines[0]
    assert "With sigmoid it has almost no impact." in "\n".join(lines)
    assert any(re.match(r"\(vi\) .*REFUTED .*0\.82 \[0\.76, 0\.86\]", line) for line in lines)


def test_an_effect_has_a_line_for_each_score() -> None:
    f1, j = (
        Estimate(metric=metric, estimate=x, interval=(x - 0.1, x + 0.1), new_images_interval=None)
        for metric, x in (("f1", 0.8), ("last_j", -0.5))
    )
    head, rule, first, second, *_ = table(scores=(f1, j)).splitlines()
    assert re.search(r"^\(vi\) +REFUTED +F1 0\.80 \[0\.70, 0\.90\]   94 %", first)
    assert second.strip() == "J −0.50 [−0.60, −0.40]"
    assert len(rule) >= len(head) and first.index("]") == second.index("]")


def test_the_row_of_a_claim_has_what_makes_its_gain_and_whether_it_lasts() -> None:
    told = (
        "Because of: 94 % [83, 106] threshold; a moved threshold does as well. Still there when "
        "trained: not tested."
    )
    assert re.search(r"\(vi\) +REFUTED +0\.82 \[.*\] +94 % threshold +0 +not tested", table())
    assert told in " ".join(table(width=149).split())
    # Of the columns, what makes the gain finds room first.
    narrow = table(width=68)
    assert "94 % threshold" in narrow and "when trained" not in narrow.splitlines()[0]
    assert "Because of" not in table(verbosity=-1)


def test_quiet_leaves_out_the_sentences_and_verbose_adds_the_cells() -> None:
    plain, quiet, verbose = (table(verbosity=level) for level in (0, -1, 1))
    assert "With sigmoid" in plain and "one logit" not in plain
    assert "With sigmoid" not in quiet
    assert re.search(r"\(vi\) +REFUTED +0\.82 \[0\.76, 0\.86\]", quiet)
    assert re.search(r"one logit +REFUTED +0\.82 .*\n  primary cell: p = 0\.001", verbose)
