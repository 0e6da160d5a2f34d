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
from bnclaims.audit.verdicts import (
    MissingRecord,
    decision_level,
    in_its_list,
    judge_cell,
    judge_claim,
    unjudged,
    with_holm,
)
from bnclaims.protocol.cells import MAIN, Cell
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.looks import looks_of
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.schema import FAMILY, CountsAs
from bnclaims.protocol.trial import Trial
from bnclaims.stats import holds_in_at_least
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

    def support(self, rules: Rules) -> Side:
        return self.for_it

    def refute(self, rules: Rules) -> Side:
        return self.against_it

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


class UpTo(Obtained):
    """A store that has the first seeds alone."""

    def __init__(self, seeds: int) -> None:
        super().__init__()
        self._most = seeds

    def __call__(self, trials: Sequence[Trial]) -> Mapping[str, Record]:
        super().__call__(trials)
        if self.seeds > self._most:
            raise MissingRecord(trials[-1].key)
        return {}


@pytest.mark.parametrize(("stored", "seen"), [(16, 16), (31, 16), (32, 32), (63, 32), (64, 64)])
def test_without_the_trials_of_a_later_look_it_stands_as_the_looks_before_leave_it(
    stored: int, seen: int
) -> None:
    judged, _ = judge_cell(claim_of(script(support={})), cell_of(), RULES, UpTo(stored))
    assert (judged.verdict, judged.seeds, judged.ended) == (INCONCLUSIVE, seen, seen == 64)
    assert judged.reason.endswith(f"; {seen} of 64 seeds so far") == (seen < 64)


def test_what_is_decided_has_ended_and_what_lacks_its_first_look_is_not_judged() -> None:
    sure = claim_of(script(support={16: presence(1e-9)}))
    judged, _ = judge_cell(sure, cell_of(), RULES, UpTo(16))
    assert (judged.verdict, judged.ended) == (SUPPORTED, True)
    with pytest.raises(MissingRecord):
        judge_cell(sure, cell_of(), RULES, UpTo(15))


def test_a_cell_stops_training_as_soon_as_it_is_decided() -> None:
    obtained = Obtained()
    claim = claim_of(script(support={16: presence(LEVEL / 2)}))
    judged, _ = judge_cell(claim, cell_of(), RULES, obtained)
    assert (judged.verdict, judged.seeds, obtained.seeds) == (SUPPORTED, 16, 16)
    assert judged.p_support == LEVEL


def test_the_seeds_of_a_cell_begin_where_the_protocol_says() -> None:
    obtained = Obtained()
    claim = claim_of(script(support={16: presence(0)}))
    judge_cell(claim, cell_of(), RULES, obtained)
    assert sorted({trial.seed for trial in obtained.trials}) == list(range(10000, 10016))
    elsewhere = dataclasses.replace(RULES, first_seed=20000)
    judge_cell(claim, cell_of(), elsewhere, obtained)
    assert min(trial.seed for trial in obtained.trials) == 20000


def test_a_cell_that_is_not_decided_goes_on_to_the_last_look() -> None:
    obtained = Obtained()
    claim = claim_of(script(support={16: presence(LEVEL / 2 + 1e-6)}))
    judged, _ = judge_cell(claim, cell_of(), RULES, obtained)
    assert (judged.verdict, judged.seeds, obtained.seeds) == (INCONCLUSIVE, 64, 64)
    assert [look.seeds for look in judged.looks] == [16, 32, 64]


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_a_sequential_p_value_is_the_smallest_over_its_weight(pvalues: list[float]) -> None:
    sides = {n: presence(p) for n, p in zip((16, 32, 64), pvalues, strict=True)}
    judged = judge(script(support=sides))
    spent = [p / w for p, w in zip(pvalues, (0.5, 0.25, 0.25), strict=True)]
    done = len(judged.looks)
    assert judged.p_support == pytest.approx(min(1.0, *spent[:done]))
    assert [look.support for look in judged.looks] == pvalues[:done]
    assert done == next((k for k, p in enumerate(spent, 1) if p <= LEVEL), 3)


def test_a_refutation_that_rests_on_absence_has_no_look_at_sixteen_seeds() -> None:
    judged = judge(script(support={}, refute={n: absence(1e-9) for n in (16, 32, 64)}))
    assert (judged.verdict, judged.seeds) == (REFUTED, 32)
    assert [look.p_refute for look in judged.looks] == [1.0, 2e-9]


def test_support_that_rests_on_absence_has_no_look_at_sixteen_seeds() -> None:
    sides = {n: absence(1e-9) for n in (16, 32, 64)}
    assert judge(script(support=sides)).seeds == 32
    early_only = judge(script(support={16: absence(1e-9), 32: absence(1), 64: absence(1)}))
    assert (early_only.verdict, early_only.p_support) == (INCONCLUSIVE, 1.0)


def test_a_cell_that_ends_at_sixteen_seeds_can_never_show_absence_and_says_so() -> None:
    judged = judge(script(support={}, refute={16: absence(1e-9)}), max_seeds=16)
    assert (judged.verdict, judged.p_refute, judged.seeds) == (INCONCLUSIVE, 1.0, 16)
    assert judged.reason == (
        "p = 1 for and 1 against; absence is judged from 32 seeds on, this cell ends at 16"
    )
    assert judge(script(support={}), max_seeds=32).reason == "p = 1 for and 1 against"


def test_absence_spends_its_own_weights() -> None:
    judged = judge(script(support={}, refute={32: absence(0.3), 64: absence(0.1)}))
    assert judged.p_refute == 0.2
    judged = judge(script(support={}, refute={32: absence(0.04), 64: absence(0.1)}))
    assert judged.p_refute == 0.08


@pytest.mark.parametrize(
    ("max_seeds", "looks"),
    [(None, [16, 32, 64]), (64, [16, 32, 64]), (63, [16, 32]), (16, [16]), (5, [16])],
)
def test_a_cap_on_seeds_drops_the_looks_above_it(max_seeds: int | None, looks: list[int]) -> None:
    assert looks_of(cell_of(max_seeds=max_seeds), RULES) == looks


@pytest.mark.parametrize(
    ("side", "word"), [("support", "support would rest"), ("refute", "refutation would rest")]
)
def test_a_word_that_only_its_gate_forbids_is_invalid(side: str, word: str) -> None:
    gated = {n: absence(1.0, ungated=1e-9) for n in (16, 32, 64)}
    judged = judge(script(**{"support": {}, side: gated}))
    assert (judged.verdict, judged.seeds) == (INVALID, 64)
    assert judged.reason.startswith(f"{word} on absence")


def test_a_closed_gate_alone_is_not_invalid() -> None:
    gated = {n: absence(1.0, ungated=0.4) for n in (16, 32, 64)}
    assert judge(script(support={}, refute=gated)).verdict is INCONCLUSIVE
    # A gate bears on absence alone: the other side still has its word.
    supported = {64: presence(1e-9)}
    closed = {n: absence(1.0, ungated=1e-9) for n in (32, 64)}
    assert judge(script(support=supported, refute=closed)).verdict is SUPPORTED


def test_too_few_seeds_for_the_level_are_named_as_the_floor() -> None:
    strict = dataclasses.replace(RULES, alpha=1e-4)
    judged = judge(script(support={16: presence(2**-16)}), max_seeds=16, rules=strict)
    assert judged.verdict is INCONCLUSIVE
    assert judged.reason == "floor: 16 seeds cannot give p below 3.1e-05"
    assert judge(script(support={16: presence(2**-16)}), max_seeds=16).verdict is SUPPORTED


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
    assert seen == [(16, 0), (32, 16), (64, 32)]
    assert measured == {(str(seed), "kept") for seed in RULES.seeds(64)}


# --- replication ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [1, 2, 3, 5])
def test_cells_of_a_list_stop_only_when_together_they_decide(cells: int) -> None:
    assert decision_level(claim_of(combine="primary"), cells, RULES) == LEVEL
    level = decision_level(claim_of(combine="replication"), cells, RULES)
    assert holds_in_at_least(1, [level, *[1.0] * (cells - 1)]) <= LEVEL
    if cells > 1:
        # At the level of a single cell they would stop too early to decide anything together.
        assert holds_in_at_least(1, [LEVEL, *[1.0] * (cells - 1)]) > LEVEL


def test_a_cell_of_a_replication_goes_on_until_it_is_clear_enough() -> None:
    sides = script(support={16: presence(LEVEL / 2), 32: presence(LEVEL / 16)})
    judged = judge(sides, combine="replication", cells=4)
    assert (judged.verdict, judged.seeds, judged.p_support) == (SUPPORTED, 32, LEVEL / 4)
    assert judge(sides).seeds == 16


def test_a_list_has_the_available_cells_that_count_as_one_does() -> None:
    kinds: list[CountsAs | None] = ["dataset", "dataset", "network", None]
    cells = [dataclasses.replace(cell_of(), counts_as=kind) for kind in kinds]
    cells.append(dataclasses.replace(cell_of(unavailable="no images"), counts_as="dataset"))
    assert [in_its_list(cell, cells) for cell in cells[:4]] == [2, 2, 1, 1]


def cell_judgement(
    verdict: Verdict = INCONCLUSIVE,
    *,
    support: float = 1.0,
    refute: float = 1.0,
    primary: bool = False,
    counts_as: CountsAs | None = "dataset",
    reason: str = "",
    state: CellState = CellState.JUDGED,
) -> CellJudgement:
    return CellJudgement(
        claim="iv",
        cell=f"{verdict} {support} {refute} {counts_as}",
        label="",
        primary=primary,
        state=state,
        verdict=verdict,
        reason=reason,
        p_support=support,
        p_refute=refute,
        decision_p=LEVEL,
        counts_as=counts_as,
        looks=(),
        finding=None,
    )


YES = cell_judgement(SUPPORTED, support=1e-5)
NO = cell_judgement(REFUTED, refute=1e-5)
MAYBE = cell_judgement(INCONCLUSIVE, support=0.2, refute=0.3)
BROKEN = cell_judgement(INVALID, reason="assay")
ABSENT = cell_judgement(INCONCLUSIVE, reason="not run: no such task", state=CellState.NOT_RUN)
REPLICATION = claim_of(id="iv", combine="replication")


def as_network(judged: CellJudgement) -> CellJudgement:
    return dataclasses.replace(judged, counts_as="network")


def shown_only(judged: CellJudgement) -> CellJudgement:
    return dataclasses.replace(judged, counts_as=None)


NET = as_network(YES)


@pytest.mark.parametrize(
    ("cells", "verdict"),
    [
        ([YES, NET], SUPPORTED),
        ([YES, NO, NET], SUPPORTED),
        ([YES, as_network(NO)], REFUTED),
        ([NO, NET], REFUTED),
        ([NO, NO, NET], REFUTED),
        ([NO, MAYBE, NET], INCONCLUSIVE),
        ([MAYBE, NET], INCONCLUSIVE),
        ([BROKEN, NET], INVALID),
        ([YES, BROKEN, NET], SUPPORTED),
        # Images that a program drew count for nothing, whatever they show.
        ([shown_only(YES), NO, NET], REFUTED),
        ([shown_only(NO), shown_only(BROKEN), YES, NET], SUPPORTED),
    ],
)
def test_replication_asks_for_another_dataset_and_a_simpler_network(
    cells: list[CellJudgement], verdict: Verdict
) -> None:
    judged = judge_claim(REPLICATION, cells, RULES)
    assert judged.verdict is verdict
    assert judge_claim(REPLICATION, cells[::-1], RULES).verdict is verdict


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([YES, YES], "0 of 1 simpler networks could be run"),
        ([NET, shown_only(YES)], "0 of 1 other real datasets could be run"),
        ([ABSENT, NET], "0 of 1 other real datasets could be run"),
    ],
)
def test_a_list_without_enough_cells_decides_nothing(
    cells: list[CellJudgement], reason: str
) -> None:
    judged = judge_claim(REPLICATION, cells, RULES)
    assert (judged.verdict, judged.reason, judged.p_support) == (INCONCLUSIVE, reason, 1.0)


def test_two_other_datasets_can_be_asked_for() -> None:
    two = dataclasses.replace(RULES, replications=2)
    assert judge_claim(REPLICATION, [YES, YES, NO, NET], two).verdict is SUPPORTED
    assert judge_claim(REPLICATION, [YES, NO, NO, NET], two).verdict is REFUTED
    assert judge_claim(REPLICATION, [YES, MAYBE, NO, NET], two).verdict is INCONCLUSIVE
    assert "1 of 2 other real datasets" in judge_claim(REPLICATION, [YES, NET], two).reason


def test_the_p_values_of_a_replication_are_partial_conjunctions_of_two_lists() -> None:
    support, refute = [0.001, 0.003, 0.5], [0.9, 0.02, 0.8]
    cells = [cell_judgement(support=s, refute=r) for s, r in zip(support, refute, strict=True)]
    nets = [as_network(cell_judgement(support=0.004, refute=0.01))]
    judged = judge_claim(REPLICATION, cells + nets, RULES)
    assert judged.p_support == max(3 * 0.001, 0.004)
    assert judged.p_refute == 2 * min(stats.fails_in_more_than(1, refute), 0.01)


def test_a_cell_that_was_not_judged_is_not_for_it() -> None:
    listed = dataclasses.replace(cell_of(), counts_as="dataset")
    skipped = unjudged(REPLICATION, listed, RULES, CellState.DESELECTED)
    assert (skipped.verdict, skipped.reason) == (INCONCLUSIVE, "not judged: deselected")
    judged = judge_claim(REPLICATION, [skipped, NET], RULES)
    assert (judged.verdict, judged.p_support) == (INCONCLUSIVE, 1.0)


# --- claims of other kinds and the family ---------------------------------------------------------


@pytest.mark.parametrize("primary", [YES, NO, MAYBE, BROKEN])
def test_the_primary_cell_alone_gives_the_claim_its_word(primary: CellJudgement) -> None:
    primary = dataclasses.replace(primary, primary=True)
    judged = judge_claim(claim_of(), [NO, primary, YES], RULES)
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
    assert judge_claim(claim, cells, RULES).verdict is verdict
    assert judge_claim(claim, cells[::-1], RULES).verdict is verdict


def claim_judgement(id: str, support: float, refute: float = 1.0) -> ClaimJudgement:
    cell = cell_judgement(support=support, refute=refute, primary=True)
    return judge_claim(claim_of(id=id), [cell], RULES)


def test_holm_stands_beside_the_verdicts_of_the_family_alone() -> None:
    supports = [0.001, 0.02, 0.5, 0.004, 0.03, 0.9, 0.6, 0.0001]
    refutes = [1.0, 0.3, 0.001, 1.0, 0.002, 0.2, 0.7, 1.0]
    family = [claim_judgement(*row) for row in zip(FAMILY, supports, refutes, strict=True)]
    beside, *adjusted = with_holm([claim_judgement("alt-ranking", 1e-9), *family])
    assert (beside.holm_support, beside.holm_refute) == (None, None)
    assert [judged.holm_support for judged in adjusted] == stats.holm(supports)
    assert [judged.holm_refute for judged in adjusted] == stats.holm(refutes)
    assert [judged.verdict for judged in adjusted] == [judged.verdict for judged in family]


def test_claims_that_were_not_run_count_in_holm_as_p_of_one() -> None:
    two = [claim_judgement("ii", 0.003), claim_judgement("vi", 0.004)]
    alone = with_holm(two)
    assert [judged.holm_support for judged in alone] == [8 * 0.003, 7 * 0.004]
    others = (id for id in FAMILY if id not in ("ii", "vi"))
    with_all = with_holm([*two, *(claim_judgement(id, 1.0) for id in others)])
    assert [judged.holm_support for judged in with_all[:2]] == [8 * 0.003, 7 * 0.004]


def test_without_a_claim_of_the_family_nothing_is_adjusted() -> None:
    outside = [claim_judgement("alt-a", 0.01), claim_judgement("alt-b", 0.02)]
    assert with_holm(outside) == outside
