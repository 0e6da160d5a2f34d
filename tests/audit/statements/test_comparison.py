"""Comparison: three answers that exclude each other, and their place in a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.audit.claim import claim, claim_of
from bnclaims.audit.evidence.both_scores import Scores
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.results import CellJudgement
from bnclaims.audit.statements.comparison import Comparison
from bnclaims.audit.statements.statement import Gate
from bnclaims.audit.verdict import Answer, Verdict
from bnclaims.audit.verdicts import judge_cell
from bnclaims.protocol.cells import cells_of
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.run.inventory import selection_here
from fixtures.columns import column, scores

PROTOCOL = load_protocol("quick")
RULES = PROTOCOL.rules
CELL = cells_of(PROTOCOL, "premise", selection_here("digits"))[0]
MOST = max(RULES.effect_looks)


def near(value: float, spread: float = 0.02) -> list[float]:
    """Values around one in an order that has no trend."""
    return [round(value + spread * ((at * 37 % 64) / 31.5 - 1), 6) for at in range(MOST)]


def judged(
    f1: Sequence[float], j: Sequence[float] | None = None, gain: float = 0.8
) -> CellJudgement:
    """The judgement of a comparison whose differences are given by seed."""

    def assertion(evidence: Evidence) -> Comparison:
        n = len(evidence.seeds)
        difference = scores(f1[:n], None if j is None else j[:n])
        gate = Gate(label="gain", gain=scores(near(gain)[:n]))
        return Comparison("remedy minus final BN", difference, (gate,))

    claim("compared", "It does as well.", arms=(PLAIN, FINAL_BN))(assertion)
    declared = claim_of(assertion)
    assert declared is not None
    found, _ = judge_cell(declared, CELL, RULES, lambda trials: {})
    return found


@pytest.mark.parametrize(
    ("at", "verdict", "answer"),
    [
        (0.3, Verdict.SUPPORTED, Answer.BETTER),
        (0.0, Verdict.SUPPORTED, Answer.AS_GOOD),
        (-0.3, Verdict.REFUTED, Answer.WORSE),
        (0.1, Verdict.INCONCLUSIVE, Answer.NOT_KNOWN),
        (-0.1, Verdict.INCONCLUSIVE, Answer.NOT_KNOWN),
    ],
)
def test_each_answer_has_its_verdict(at: float, verdict: Verdict, answer: Answer) -> None:
    found = judged(near(at))
    assert (found.verdict, found.answer) == (verdict, answer)


def test_better_is_told_at_the_first_look_and_as_good_never_before_absence_is_judged() -> None:
    assert judged(near(0.5)).seeds == min(RULES.effect_looks)
    assert judged(near(0.0)).seeds >= min(RULES.absence_looks) > min(RULES.effect_looks)


def test_scores_on_different_sides_give_no_answer() -> None:
    found = judged(near(0.3), near(-0.3))
    assert (found.verdict, found.answer) == (Verdict.INCONCLUSIVE, Answer.NOT_KNOWN)
    # F1 alone would call it better: an all-minority predictor against a moderate one.
    assert judged(near(0.3), near(0.0)).answer is Answer.NOT_KNOWN


def test_two_networks_that_learnt_nothing_are_not_as_good_as_each_other() -> None:
    found = judged(near(0.0), gain=0.0)
    assert (found.verdict, found.answer) == (Verdict.INVALID, Answer.NOT_KNOWN)


def test_worse_and_better_need_no_gain_of_the_layer() -> None:
    assert judged(near(0.5), gain=0.0).answer is Answer.BETTER
    assert judged(near(-0.5), gain=0.0).answer is Answer.WORSE


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(-100, 100), min_size=16, max_size=16),
    st.lists(st.integers(-100, 100), min_size=16, max_size=16),
)
def test_the_other_way_round_better_is_worse(f1: list[int], j: list[int]) -> None:
    difference = scores([v / 100 for v in f1], [v / 100 for v in j])
    gate = (Gate(label="gain", gain=scores(near(0.8)[:16])),)
    one, other = Comparison("", difference, gate), Comparison("", -difference, gate)
    better, as_good = one.cases(RULES)
    assert better.side.p == pytest.approx(other.refute(RULES).p)
    assert as_good.side.p == pytest.approx(other.cases(RULES)[1].side.p)
    # No two of the three reject for the same seeds.
    level = RULES.level
    shown = [side.p <= level for side in (better.side, as_good.side, one.refute(RULES))]
    assert sum(shown) <= 1


def test_a_comparison_of_one_score_has_a_margin_of_its_own() -> None:
    gate = (Gate(label="gain", gain=scores(near(0.8))),)
    close = column(near(0.07, 0.005), "auc")
    wide = Comparison("", close, gate).describe(RULES)
    narrow = Comparison("", close, gate, margin=0.05).describe(RULES)
    assert wide.support_lines == (-0.1, 0.1) and narrow.support_lines == (-0.05, 0.05)
    assert wide.p_support < 0.01 and narrow.p_support < 0.01
    assert "no worse" in wide.notes


def test_at_the_training_prevalence_it_is_the_same_comparison() -> None:
    there: Any = Scores(column(near(0.4), "natural_f1"), column(near(0.4)))
    made = Comparison("", scores(near(0.0)), (), at_training_prevalence=there)
    found = made.there()
    assert found is not None and found.difference is there
    assert Comparison("", scores(near(0.0)), ()).there() is None
