"""Verdicts: looks spend the level once, absence waits, and a claim's word follows from its cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnclaims import stats
from bnclaims.audit.claim import Claim
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.results import CellJudgement, CellState, ClaimJudgement, Verdict
from bnclaims.audit.statements.statement import Finding, Side, Statement
from bnclaims.audit.verdicts import decision_level, judge_cell, judge_claim, unjudged, with_holm
from bnclaims.protocol.cells import MAIN, Cell
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.looks import looks_of
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.schema import FAMILY
from bnclaims.protocol.trial import Trial
from bnclaims.stats import fails_in_more_than, holds_in_at_least
from bnclaims.store.record import Record
from fixtures.trials import setting_of

RULES = load_protocol("quick").rules
LEVEL = RULES.level
SUPPORTED, REFUTED = Verdict.SUPPORTED, Verdict.REFUTED
INCONCLUSIVE, INVALID = Verdict.INCONCLUSIVE, Verdict.INVALID


def presence(p: float) -> Side:
    return Side(p=p, ungated=p, absence=False)


def absence(p: float, *, ungated: float | None = None) -> Side:
    return Side(p=p, ungated=p if ungated is None else ungated, absence=True)


@dataclasses.dataclass(frozen=True)
class Scripted(Statement):
    """A statement whose p-values were written beforehand."""

    for_it: Side
    against_it: Side
    large: bool = True

    def support(self, rules: Rules) -> Side:
        return self.for_it

    def refute(self, rules: Rules) -> Side:
        return self.against_it

    def large_enough(self, rules: Rules) -> bool:
        return self.large

    def describe(self, rules: Rules) -> Finding:
        return Finding(
            label="",
            kind="scripted",
            p_support=self.for_it.p,
            p_refute=self.against_it.p,
            estimate=None,
            interval=None,
            new_images_interval=None,
        )


NOTHING = presence(1.0)


def script(*, support: Mapping[int, Side], refute: Mapping[int, Side] = {}) -> Any:
    """An assertion that gives these sides after that many seeds, and nothing after others."""
    return lambda evidence: Scripted(
        support.get(len(evidence.seeds), NOTHING), refute.get(len(evidence.seeds), absence(1.0))
    )


def claim_of(assertion: Any = None, *, id: str = "premise", combine: str = "primary") -> Claim:
    return Claim(
        id=id,
        sentence="It holds.",
        arms=(PLAIN, FINAL_BN),
        combine=combine,
        source="tests",
        assertion=assertion,
        title="Test",
        reading="",
    )


def cell_of(*, max_seeds: int | None = None, unavailable: str | None = None) -> Cell:
    return Cell(
        claim="premise",
        name="cell",
        primary=True,
        reason="for tests",
        settings={} if unavailable else {MAIN: setting_of()},
        doses={},
        max_seeds=max_seeds,
        unavailable=unavailable,
    )


class Obtained:
    """Stands for the runner and remembers what was asked for."""

    def __init__(self) -> None:
        self.trials: list[Trial] = []

    def __call__(self, trials: Sequence[Trial]) -> Mapping[str, Record]:
        self.trials = list(trials)
        return {}

    @property
    def seeds(self) -> int:
        return len({trial.seed for trial in self.trials})


def judge(
    assertion: Any, *, max_seeds: int | None = None, rules: Rules = RULES, **options: Any
) -> CellJudgement:
    combine, cells = options.get("combine", "primary"), options.get("cells", 1)
    claim = claim_of(assertion, combine=combine)
    judged, _ = judge_cell(claim, cell_of(max_seeds=max_seeds), rules, Obtained(), cells=cells)
    return judged


# --- looks ----------------------------------------------------------------------------------------


def test_a_cell_stops_training_as_soon_as_it_is_decided() -> None:
    obtained = Obtained()
    claim = claim_of(script(support={8: presence(LEVEL / 2)}))
    judged, _ = judge_cell(claim, cell_of(), RULES, obtained)
    assert (judged.verdict, judged.seeds, obtained.seeds) == (SUPPORTED, 8, 8)
    assert judged.p_support == LEVEL


def test_a_cell_that_is_not_decided_goes_on_to_the_last_look() -> None:
    obtained = Obtained()
    claim = claim_of(script(support={8: presence(LEVEL / 2 + 1e-6)}))
    judged, _ = judge_cell(claim, cell_of(), RULES, obtained)
    assert (judged.verdict, judged.seeds, obtained.seeds) == (INCONCLUSIVE, 32, 32)
    assert [look.seeds for look in judged.looks] == [8, 16, 32]


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_a_sequential_p_value_is_the_smallest_over_its_weight(pvalues: list[float]) -> None:
    sides = {n: presence(p) for n, p in zip((8, 16, 32), pvalues, strict=True)}
    judged = judge(script(support=sides))
    spent = [p / w for p, w in zip(pvalues, (0.5, 0.25, 0.25), strict=True)]
    done = len(judged.looks)
    assert judged.p_support == pytest.approx(min(1.0, *spent[:done]))
    assert [look.support for look in judged.looks] == pvalues[:done]
    assert done == next((k for k, p in enumerate(spent, 1) if p <= LEVEL), 3)


def test_a_refutation_that_rests_on_absence_has_no_look_at_eight_seeds() -> None:
    judged = judge(script(support={}, refute={n: absence(1e-9) for n in (8, 16, 32)}))
    assert (judged.verdict, judged.seeds) == (REFUTED, 16)
    assert [look.p_refute for look in judged.looks] == [1.0, 2e-9]


def test_support_that_rests_on_absence_has_no_look_at_eight_seeds() -> None:
    sides = {n: absence(1e-9) for n in (8, 16, 32)}
    assert judge(script(support=sides)).seeds == 16
    at_eight_only = judge(script(support={8: absence(1e-9), 16: absence(1), 32: absence(1)}))
    assert (at_eight_only.verdict, at_eight_only.p_support) == (INCONCLUSIVE, 1.0)


def test_a_dataset_that_ends_at_eight_seeds_can_never_show_absence() -> None:
    judged = judge(script(support={}, refute={8: absence(1e-9)}), max_seeds=8)
    assert (judged.verdict, judged.p_refute, judged.seeds) == (INCONCLUSIVE, 1.0, 8)


def test_absence_spends_its_own_weights() -> None:
    judged = judge(script(support={}, refute={16: absence(0.3), 32: absence(0.1)}))
    assert judged.p_refute == 0.2
    judged = judge(script(support={}, refute={16: absence(0.04), 32: absence(0.1)}))
    assert judged.p_refute == 0.08


@pytest.mark.parametrize(
    ("max_seeds", "looks"),
    [(None, [8, 16, 32]), (32, [8, 16, 32]), (31, [8, 16]), (8, [8]), (5, [8])],
)
def test_a_cap_on_seeds_drops_the_looks_above_it(max_seeds: int | None, looks: list[int]) -> None:
    assert looks_of(cell_of(max_seeds=max_seeds), RULES) == looks


def test_an_effect_that_is_shown_but_may_be_small_draws_more_seeds() -> None:
    claim = claim_of(lambda evidence: Scripted(presence(1e-9), absence(1.0), large=False))
    judged, _ = judge_cell(claim, cell_of(), RULES, Obtained())
    assert (judged.verdict, judged.seeds) == (INCONCLUSIVE, 32)
    assert judged.reason == "beyond 0, but the estimate is too small to matter"


def test_an_effect_that_turns_out_large_is_supported_by_its_early_p_value() -> None:
    claim = claim_of(
        lambda evidence: Scripted(presence(1e-9), absence(1.0), large=len(evidence.seeds) > 8)
    )
    judged, _ = judge_cell(claim, cell_of(), RULES, Obtained())
    assert (judged.verdict, judged.seeds) == (SUPPORTED, 16)


def test_an_effect_that_is_shown_to_be_small_is_refuted() -> None:
    sides = {n: presence(1e-9) for n in (8, 16, 32)}
    claim = claim_of(
        lambda evidence: Scripted(sides[len(evidence.seeds)], absence(1e-9), large=False)
    )
    judged, _ = judge_cell(claim, cell_of(), RULES, Obtained())
    assert (judged.verdict, judged.seeds) == (REFUTED, 16)


@pytest.mark.parametrize(
    ("side", "word"), [("support", "support would rest"), ("refute", "refutation would rest")]
)
def test_a_word_that_only_its_gate_forbids_is_invalid(side: str, word: str) -> None:
    gated = {n: absence(1.0, ungated=1e-9) for n in (8, 16, 32)}
    judged = judge(script(**{"support": {}, side: gated}))
    assert (judged.verdict, judged.seeds) == (INVALID, 32)
    assert judged.reason.startswith(f"{word} on absence")


def test_a_closed_gate_alone_is_not_invalid() -> None:
    gated = {n: absence(1.0, ungated=0.4) for n in (8, 16, 32)}
    assert judge(script(support={}, refute=gated)).verdict is INCONCLUSIVE
    # A gate bears on absence alone: the other side still has its word.
    supported = {32: presence(1e-9)}
    closed = {n: absence(1.0, ungated=1e-9) for n in (16, 32)}
    assert judge(script(support=supported, refute=closed)).verdict is SUPPORTED


def test_too_few_seeds_for_the_level_are_named_as_the_floor() -> None:
    strict = dataclasses.replace(RULES, alpha=0.01)
    judged = judge(script(support={8: presence(2**-8)}), max_seeds=8, rules=strict)
    assert judged.verdict is INCONCLUSIVE
    assert judged.reason == "floor: 8 seeds cannot give p below 0.0078"
    assert judge(script(support={8: presence(2**-8)}), max_seeds=8).verdict is SUPPORTED
    assert judge(script(support={}), max_seeds=8).reason == "p = 1 for and 1 against"


def test_a_cell_that_cannot_run_says_why_and_asks_for_nothing() -> None:
    obtained = Obtained()
    cell = cell_of(unavailable="no such task")
    judged, measured = judge_cell(claim_of(), cell, RULES, obtained)
    assert (judged.verdict, judged.reason) == (INCONCLUSIVE, "not run: no such task")
    assert (judged.p_support, judged.p_refute, judged.seeds) == (1.0, 1.0, 0)
    assert not obtained.trials and not measured


def test_a_look_measures_again_only_what_is_new() -> None:
    seen = []

    def assertion(evidence: Evidence) -> Statement:
        seen.append((len(evidence.seeds), len(evidence.measured)))
        for seed in evidence.seeds:
            evidence.measured[f"{seed}", "kept", "_f1"] = (None, None)  # type: ignore[assignment]
        return Scripted(NOTHING, absence(1.0))

    _, measured = judge_cell(claim_of(assertion), cell_of(), RULES, Obtained())
    assert seen == [(8, 0), (16, 8), (32, 16)]
    assert measured == {(str(seed), "kept") for seed in range(32)}


# --- replication ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [2, 3, 4, 5])
def test_cells_of_a_replication_stop_only_when_together_they_decide(cells: int) -> None:
    assert decision_level(claim_of(combine="primary"), cells, RULES) == LEVEL
    level = decision_level(claim_of(combine="replication"), cells, RULES)
    needed = min(RULES.replications, cells)
    assert holds_in_at_least(needed, [level] * cells) <= LEVEL
    assert fails_in_more_than(needed, [level] * cells) <= LEVEL
    # At the level of a single cell they would stop too early to decide anything together.
    assert holds_in_at_least(needed, [LEVEL] * cells) > LEVEL


def test_a_cell_of_a_replication_goes_on_until_it_is_clear_enough() -> None:
    sides = script(support={8: presence(LEVEL / 2), 16: presence(LEVEL / 16)})
    judged = judge(sides, combine="replication", cells=4)
    assert (judged.verdict, judged.seeds, judged.p_support) == (SUPPORTED, 16, LEVEL / 4)
    assert judge(sides).seeds == 8


def cell_judgement(
    verdict: Verdict = INCONCLUSIVE,
    *,
    support: float = 1.0,
    refute: float = 1.0,
    primary: bool = False,
    large: bool = True,
    reason: str = "",
    state: CellState = CellState.JUDGED,
) -> CellJudgement:
    return CellJudgement(
        claim="iv",
        cell=f"{verdict} {support} {refute}",
        label="",
        primary=primary,
        state=state,
        verdict=verdict,
        reason=reason,
        p_support=support,
        p_refute=refute,
        decision_p=LEVEL,
        large_enough=large,
        looks=(),
        finding=None,
    )


YES = cell_judgement(SUPPORTED, support=1e-5)
NO = cell_judgement(REFUTED, refute=1e-5)
MAYBE = cell_judgement(INCONCLUSIVE, support=0.2, refute=0.3)
BROKEN = cell_judgement(INVALID, reason="assay")
ABSENT = cell_judgement(INCONCLUSIVE, reason="not run: no such task", state=CellState.NOT_RUN)
REPLICATION = claim_of(id="iv", combine="replication")


@pytest.mark.parametrize(
    ("cells", "verdict", "holds_in"),
    [
        ([YES, YES, YES, YES], SUPPORTED, 4),
        ([YES, YES, YES, NO], SUPPORTED, 3),
        ([YES, YES, NO, NO], REFUTED, 2),
        ([NO, NO, NO, NO], REFUTED, 0),
        ([YES, YES, MAYBE, NO], INCONCLUSIVE, 2),
        ([YES, YES, MAYBE, BROKEN], INVALID, 2),
        ([YES, YES, YES, BROKEN], SUPPORTED, 3),
        ([NO, NO, BROKEN, BROKEN], REFUTED, 0),
    ],
)
def test_replication_holds_in_three_of_four_cells_or_fails_in_two(
    cells: list[CellJudgement], verdict: Verdict, holds_in: int
) -> None:
    judged = judge_claim(REPLICATION, cells, 4, RULES)
    assert (judged.verdict, judged.holds_in) == (verdict, holds_in)
    assert judge_claim(REPLICATION, cells[::-1], 4, RULES).verdict is verdict


def test_the_p_values_of_a_replication_are_partial_conjunctions() -> None:
    support, refute = [0.001, 0.003, 0.004, 0.5], [0.9, 0.02, 0.03, 0.8]
    cells = [cell_judgement(support=s, refute=r) for s, r in zip(support, refute, strict=True)]
    judged = judge_claim(REPLICATION, cells, 4, RULES)
    assert judged.p_support == max(4 * 0.001, 3 * 0.003, 2 * 0.004)
    assert judged.p_refute == max(4 * 0.02, 3 * 0.03) == stats.fails_in_more_than(3, refute)


def test_cells_whose_effect_may_be_small_do_not_count_as_replications() -> None:
    small = cell_judgement(INCONCLUSIVE, support=1e-5, large=False)
    assert judge_claim(REPLICATION, [YES, YES, small, YES], 4, RULES).verdict is SUPPORTED
    assert judge_claim(REPLICATION, [YES, YES, small, small], 4, RULES).verdict is INCONCLUSIVE


def test_a_cell_that_cannot_run_is_neither_for_nor_against() -> None:
    assert judge_claim(REPLICATION, [YES, YES, YES, ABSENT], 3, RULES).verdict is SUPPORTED
    assert judge_claim(REPLICATION, [YES, YES, ABSENT, ABSENT], 2, RULES).verdict is SUPPORTED
    # Three cells are left, of which it was to hold in three.
    assert judge_claim(REPLICATION, [YES, YES, NO, ABSENT], 3, RULES).verdict is REFUTED
    lonely = judge_claim(REPLICATION, [YES, ABSENT, ABSENT, ABSENT], 1, RULES)
    assert (lonely.verdict, lonely.p_support) == (INCONCLUSIVE, 1.0)
    assert lonely.reason == "fewer than two cells could be run"


def test_a_cell_that_was_not_judged_is_not_for_it() -> None:
    skipped = unjudged(REPLICATION, cell_of(), RULES, CellState.DESELECTED)
    assert (skipped.verdict, skipped.reason) == (INCONCLUSIVE, "not judged: deselected")
    judged = judge_claim(REPLICATION, [YES, YES, skipped, skipped], 4, RULES)
    assert (judged.verdict, judged.p_support) == (INCONCLUSIVE, 1.0)


# --- claims of other kinds and the family ---------------------------------------------------------


@pytest.mark.parametrize("primary", [YES, NO, MAYBE, BROKEN])
def test_the_primary_cell_alone_gives_the_claim_its_word(primary: CellJudgement) -> None:
    primary = dataclasses.replace(primary, primary=True)
    judged = judge_claim(claim_of(), [NO, primary, YES], 3, RULES)
    assert judged.verdict is primary.verdict
    assert (judged.p_support, judged.p_refute) == (primary.p_support, primary.p_refute)


@pytest.mark.parametrize(
    ("cells", "verdict"),
    [
        ([YES, YES], SUPPORTED),
        ([YES, BROKEN], INVALID),
        ([BROKEN, MAYBE], INCONCLUSIVE),
        ([MAYBE, NO], REFUTED),
    ],
)
def test_without_a_primary_cell_the_least_certain_cell_speaks(
    cells: list[CellJudgement], verdict: Verdict
) -> None:
    claim = claim_of(combine="each")
    assert judge_claim(claim, cells, 2, RULES).verdict is verdict
    assert judge_claim(claim, cells[::-1], 2, RULES).verdict is verdict


def claim_judgement(id: str, support: float, refute: float = 1.0) -> ClaimJudgement:
    cell = cell_judgement(support=support, refute=refute, primary=True)
    return judge_claim(claim_of(id=id), [cell], 1, RULES)


def test_holm_stands_beside_the_verdicts_of_the_family_alone() -> None:
    supports = [0.001, 0.02, 0.5, 0.004, 0.03, 0.9]
    refutes = [1.0, 0.3, 0.001, 1.0, 0.002, 0.2]
    family = [claim_judgement(*row) for row in zip(FAMILY, supports, refutes, strict=True)]
    premise, *adjusted = with_holm([claim_judgement("premise", 1e-9), *family])
    assert (premise.holm_support, premise.holm_refute) == (None, None)
    assert [judged.holm_support for judged in adjusted] == stats.holm(supports)
    assert [judged.holm_refute for judged in adjusted] == stats.holm(refutes)
    assert [judged.verdict for judged in adjusted] == [judged.verdict for judged in family]


def test_claims_that_were_not_run_count_in_holm_as_p_of_one() -> None:
    two = [claim_judgement("ii", 0.003), claim_judgement("vi", 0.004)]
    alone = with_holm(two)
    assert [judged.holm_support for judged in alone] == [6 * 0.003, 5 * 0.004]
    with_all = with_holm([*two, *(claim_judgement(id, 1.0) for id in ("i", "iii", "iv", "v"))])
    assert [judged.holm_support for judged in with_all[:2]] == [6 * 0.003, 5 * 0.004]


def test_without_a_claim_of_the_family_nothing_is_adjusted() -> None:
    outside = [claim_judgement("premise", 0.01), claim_judgement("uncertainty", 0.02)]
    assert with_holm(outside) == outside
