"""Accumulated evidence: one way of judging per protocol, and p-values that hold on any night."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pytest

from bnclaims.audit.claim import Claim
from bnclaims.audit.evidence.evidence import Column
from bnclaims.audit.results import CellJudgement, Verdict
from bnclaims.audit.statements.paired_effects import AllOf, Effect, NoEffect
from bnclaims.audit.statements.statement import Finding, Gate, Side, Statement, greater, less
from bnclaims.audit.verdicts import judge_cell, judge_claim
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.cells import MAIN, Cell, Selection, cells_of
from bnclaims.protocol.load import FOLDER, load_protocol, parse_protocol
from bnclaims.protocol.looks import looks_of
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.trial import Trial
from bnclaims.stats import anytime_p
from bnclaims.store.record import Record
from fixtures.trials import setting_of

TEXT = (FOLDER / "nightly.toml").read_text(encoding="utf-8")
QUICK = (FOLDER / "quick.toml").read_text(encoding="utf-8")
RULES = load_protocol("nightly").rules
HOW = RULES.accumulation
assert HOW is not None
NAMES = dict.fromkeys(load_protocol("nightly").file.datasets, "content")
LEVEL = RULES.level


def section(text: str, name: str) -> str:
    found = re.search(rf"\[statistics\.{name}\]\n.*\n.*\n", text)
    assert found
    return found[0]


def refusal(text: str) -> str:
    with pytest.raises(BnclaimsError) as caught:
        parse_protocol(text, source="copy.toml")
    return str(caught.value)


# --- protocols ------------------------------------------------------------------------------------


def test_the_nightly_protocol_has_e_processes_and_no_looks() -> None:
    assert (HOW.seeds_per_night, HOW.nights) == (4, 60)
    assert RULES.effect_looks == RULES.absence_looks == {}
    assert load_protocol("quick").rules.accumulation is None


def test_its_other_rules_and_its_settings_are_those_of_quick() -> None:
    quick, nightly = load_protocol("quick"), load_protocol("nightly")
    same = {"accumulation": None, "effect_looks": {}, "absence_looks": {}}
    assert dataclasses.replace(RULES, **same) == dataclasses.replace(quick.rules, **same)
    selection = Selection(dataset="digits", fingerprints=NAMES)
    assert quick.file.claims.keys() == nightly.file.claims.keys()
    for claim in nightly.file.claims:
        one, other = (cells_of(protocol, claim, selection) for protocol in (quick, nightly))
        assert [cell.settings for cell in one] == [cell.settings for cell in other]


@pytest.mark.parametrize("looks", ["effect_looks", "absence_looks"])
def test_looks_beside_accumulation_are_refused(looks: str) -> None:
    message = refusal(
        TEXT.replace("[statistics.margin]", section(QUICK, looks) + "\n[statistics.margin]")
    )
    assert message == (
        "copy.toml: statistics has looks and accumulation, which would spend the error twice: keep "
        "effect_looks and absence_looks, or accumulation."
    )


@pytest.mark.parametrize("looks", ["effect_looks", "absence_looks"])
def test_a_protocol_without_either_is_refused(looks: str) -> None:
    message = (
        "copy.toml: statistics needs effect_looks and absence_looks, or accumulation: add them."
    )
    assert refusal(QUICK.replace(section(QUICK, looks), "")) == message
    assert refusal(TEXT.replace(section(TEXT, "accumulation"), "")) == message


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("seeds_per_night = 4", "seeds_per_night = 0", "seeds_per_night"),
        ("nights = 60", "nights = 0", "nights"),
        ("bets = [0.5, 0.98]", "bets = [0.5, 1.0]", "bets"),
        ("bets = [0.5, 0.98]", "bets = []", "bets"),
    ],
)
def test_numbers_of_the_accumulation_are_checked(old: str, new: str, key: str) -> None:
    assert old in TEXT
    assert f"statistics.accumulation.value.{key}" in refusal(TEXT.replace(old, new))


def test_a_cap_below_one_night_is_refused() -> None:
    capped = TEXT.replace("[datasets.digits]\n", "[datasets.digits]\nmax_seeds = 3\n")
    assert "datasets.digits.max_seeds is 3, below the first look at 4 seeds" in refusal(capped)


# --- nights ---------------------------------------------------------------------------------------


def cell_through(nights: int, text: str = TEXT) -> Cell:
    selection = Selection(dataset="digits", fingerprints=NAMES, nights=nights)
    return cells_of(parse_protocol(text, source="copy.toml"), "premise", selection)[0]


@pytest.mark.parametrize(("nights", "seeds"), [(1, [4]), (3, [4, 8, 12]), (61, range(4, 241, 4))])
def test_a_night_adds_its_seeds_up_to_the_last_night(nights: int, seeds: Sequence[int]) -> None:
    assert looks_of(cell_through(nights), RULES) == list(seeds)


def test_a_dataset_may_end_sooner() -> None:
    capped = TEXT.replace("[datasets.digits]\n", "[datasets.digits]\nmax_seeds = 10\n")
    assert looks_of(cell_through(9, capped), RULES) == [4, 8]


@dataclasses.dataclass(frozen=True)
class Scripted(Statement):
    """A statement whose p-values were written beforehand."""

    for_it: float
    against_it: float

    def support(self, rules: Rules) -> Side:
        return Side(p=self.for_it, ungated=self.for_it, absence=False)

    def refute(self, rules: Rules) -> Side:
        return Side(p=self.against_it, ungated=self.against_it, absence=True)

    def describe(self, rules: Rules) -> Finding:
        return Finding(
            label="",
            kind="scripted",
            p_support=self.for_it,
            p_refute=self.against_it,
            estimate=None,
            interval=None,
            new_images_interval=None,
        )


def judged(
    nights: Mapping[int, tuple[float, float]], *, through: int
) -> tuple[CellJudgement, Claim]:
    """The judgement of a cell whose p-values change on the given nights."""

    def assertion(evidence: object) -> Statement:
        night = len(evidence.seeds) // 4  # type: ignore[attr-defined]
        last = max((known for known in nights if known <= night), default=0)
        return Scripted(*nights.get(last, (1.0, 1.0)))

    claim = Claim(
        id="premise",
        sentence="It holds.",
        arms=(PLAIN, FINAL_BN),
        combine="primary",
        source="tests",
        assertion=assertion,
        title="Test",
        reading="",
    )
    cell = Cell(
        claim="premise",
        name="cell",
        primary=True,
        reason="for tests",
        settings={MAIN: setting_of()},
        doses={},
        max_seeds=4 * through,
    )

    def obtain(trials: Sequence[Trial]) -> Mapping[str, Record]:
        return {}

    return judge_cell(claim, cell, RULES, obtain)[0], claim


def test_a_cell_is_decided_on_the_night_its_pvalue_reaches_the_level_and_asks_for_no_more() -> None:
    for through in (7, 8, 60):
        cell, claim = judged({3: (0.01, 1.0), 7: (LEVEL, 1.0)}, through=through)
        assert (cell.verdict, cell.seeds) == (Verdict.SUPPORTED, 28)
        assert cell.reason == f"anytime p = {LEVEL:.2g} for it, at most {LEVEL:.2g}"
        assert judge_claim(claim, [cell], RULES).verdict is Verdict.SUPPORTED
    before, _ = judged({3: (0.01, 1.0), 7: (LEVEL, 1.0)}, through=6)
    assert (before.verdict, before.seeds) == (Verdict.INCONCLUSIVE, 24)
    assert before.reason == "anytime p = 0.01 for and 1 against"


def test_absence_needs_no_number_of_seeds_of_its_own() -> None:
    cell, _ = judged({3: (1.0, 0.001)}, through=5)
    assert (cell.verdict, cell.seeds) == (Verdict.REFUTED, 12)


def test_what_was_shown_once_stays_shown() -> None:
    # A gate that closes later raises the p-value of that night; Ville's inequality is about ever.
    cell, _ = judged({3: (0.01, 1.0), 4: (0.5, 1.0)}, through=5)
    assert cell.p_support == 0.01
    assert [look.support for look in cell.looks] == [1.0, 1.0, 0.01, 0.5, 0.5]


def test_one_night_cannot_decide() -> None:
    cell, _ = judged({}, through=1)
    assert cell.reason == "floor: 4 seeds cannot give anytime p below 0.062"
    assert LEVEL < 2.0**-4


# --- statements -----------------------------------------------------------------------------------


def column(percent: Sequence[int | None]) -> Column:
    """A paired difference in percent; None where it was not observed and could be -1 to 1."""
    return Column(
        seeds=tuple(range(len(percent))),
        low=tuple(Fraction(-100 if p is None else p, 100) for p in percent),
        high=tuple(Fraction(100 if p is None else p, 100) for p in percent),
        leave_out=lambda: np.zeros((2, len(percent))),
        share=Fraction(1, 10),
        bounds=(Fraction(-1), Fraction(1)),
    )


GAIN_PERCENT = [52, 61, 45, 49, 58, 60, 42, 55, 68, 57, 51, 66]
GAIN = column(GAIN_PERCENT)
SMALL = column([1, -2, 3, 0, 2, -1, 1, 4, -3, 2, 0, 1])
PLAIN_F1 = column([10] * 12)
SEEN = Gate(label="control", gain=GAIN, plain=PLAIN_F1)


def p(data: Column, shift: float, alternative: str) -> float:
    values = data.low if alternative == "greater" else data.high
    return anytime_p(
        values,
        bounds=data.bounds,
        shift=shift,
        alternative=alternative,  # type: ignore[arg-type]
        bets=HOW.bets,
    )


def test_statements_are_tested_by_e_processes_in_the_same_combinations() -> None:
    margin = RULES.margin
    effect, none = Effect("gain", GAIN), NoEffect("gain", SMALL, (SEEN,))
    assert effect.support(RULES).p == p(GAIN, RULES.smallest_effect, "greater") < 0.05
    gate = p(GAIN, margin, "greater")
    equivalence = max(p(SMALL, -margin, "greater"), p(SMALL, margin, "less"))
    assert none.support(RULES).p == max(equivalence, gate)
    assert AllOf((effect, none)).support(RULES).p == max(effect.support(RULES).p, equivalence, gate)
    against = min(1.0, 2 * min(p(SMALL, margin, "greater"), p(SMALL, -margin, "less")))
    assert none.refute(RULES).p == against


def test_the_rules_say_which_test_it_is() -> None:
    quick = load_protocol("quick").rules
    assert greater(GAIN, 0.0, quick, guard=False) == 2.0**-12
    assert greater(GAIN, 0.0, RULES) == p(GAIN, 0.0, "greater") > 2.0**-12


def test_a_loss_beyond_the_worst_counts_as_the_worst_and_so_do_the_bounds() -> None:
    """Youden's J can differ by 2, but only a network that has learnt the opposite loses more than 1."""
    wide = dataclasses.replace(GAIN, bounds=(Fraction(-2), Fraction(2)))
    assert greater(wide, 0.1, RULES) == greater(GAIN, 0.1, RULES) == p(GAIN, 0.1, "greater")
    missing = dataclasses.replace(wide, low=(Fraction(-2), *GAIN.low[1:]))
    assert greater(missing, 0.1, RULES) == p(column([-100, *GAIN_PERCENT[1:]]), 0.1, "greater")
    ranking = dataclasses.replace(GAIN, worst=Fraction(1, 2))
    assert greater(ranking, 0.1, RULES) != greater(GAIN, 0.1, RULES)


def test_a_missing_seed_counts_as_worst_for_either_side() -> None:
    gaps = [*range(40, 52), None]
    worst, best = column([*gaps[:-1], -100]), column([*gaps[:-1], 100])
    assert greater(column(gaps), 0.1, RULES) == greater(worst, 0.1, RULES)
    assert less(column(gaps), 0.1, RULES) == less(best, 0.1, RULES)
    # Also where the missing one comes first, so that the largest evidence is that with it.
    first = [None, *gaps[:-1]]
    complete = greater(column(gaps[:-1]), 0.1, RULES)
    assert greater(column(first), 0.1, RULES) == greater(column([-100, *gaps[:-1]]), 0.1, RULES)
    assert greater(column(first), 0.1, RULES) > complete
