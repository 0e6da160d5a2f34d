"""Claims beside the six: remedies and final BN held against each other in worlds of known truth."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from bnclaims.audit import Remedy, ReverseOf
from bnclaims.audit.advice import Advice
from bnclaims.audit.claim import Claim, discover
from bnclaims.audit.judge import audit
from bnclaims.audit.results import Verdict
from bnclaims.protocol.names import FINAL_BN, OVERSAMPLED, PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.report.advice import recommendation
from bnclaims.report.document import stated_verdicts
from bnclaims.report.model_beside import SettingAdvice
from bnclaims.run.inventory import selection_here
from bnclaims.store.record import Record
from bnclaims.training.synthetic import trainer
from fixtures.projects import with_every_claim

BESIDE = [
    claim
    for claim in discover(Path(__file__).parents[3] / "claims")
    if claim.id == "premise" or claim.id.startswith(("alt-", "part-"))
]
PROTOCOL = with_every_claim(claim.id for claim in BESIDE)
SUPPORTED, REFUTED, INVALID = Verdict.SUPPORTED, Verdict.REFUTED, Verdict.INVALID
Train = Callable[[Trial], Record]


def judged(train: Train, *ids: str) -> Mapping[str, Verdict]:
    claims = [claim for claim in BESIDE if claim.id in ids]
    result = audit(claims, PROTOCOL, selection_here("digits"), train)
    return {claim.claim.id: claim.verdict for claim in result.claims}


def advised(train: Train) -> SettingAdvice:
    result = audit(BESIDE, PROTOCOL, selection_here("digits"), train)
    (entry,) = recommendation(stated_verdicts(result), BESIDE)
    return entry


def by_arm(worlds: Mapping[str, Train], default: Train) -> Train:
    """A trainer that makes the networks of some arms in worlds of their own."""
    return lambda trial: worlds.get(trial.arm, default)(trial)


def always_minority(trial: Trial) -> Record:
    """A network that calls every image a minority: 0.667 F1 on a balanced test."""
    record = trainer("effect")(trial)
    scores = {place: np.zeros_like(given) for place, given in record.scores.items()}
    for given in scores.values():
        given[:, 0] = -1.0
    return dataclasses.replace(record, scores=scores)


BOTH = ("alt-oversampling", "alt-oversampling-reverse")
# Classes so close that 0.667 F1 is within the margin of what the best threshold reaches.
CLOSE = trainer("effect", ability=1.0)


def test_remedies_that_do_the_same_are_equivalent_in_both_directions() -> None:
    entry = advised(trainer("effect"))
    assert entry.advice == Advice.INSTEAD
    assert [remedy.standing for remedy in entry.remedies] == ["as good as final BN"] * 5


def test_remedies_that_do_nothing_are_worse_and_final_bn_is_no_worse() -> None:
    nothing = by_arm({OVERSAMPLED: trainer("null")}, trainer("effect"))
    assert judged(nothing, *BOTH) == dict(zip(BOTH, (REFUTED, SUPPORTED), strict=True))


def test_a_remedy_that_does_more_is_better() -> None:
    more = by_arm({OVERSAMPLED: trainer("effect")}, trainer("effect", ability=1.2))
    assert judged(more, *BOTH) == dict(zip(BOTH, (SUPPORTED, REFUTED), strict=True))


def test_a_layer_that_ranks_better_than_all_its_remedies_is_worth_using() -> None:
    # Only here the layer separates the classes; no threshold can make up for that.
    entry = advised(by_arm({FINAL_BN: trainer("effect")}, trainer("null", ability=0.3)))
    assert entry.advice == Advice.USE
    answers = {question.name: question.answer for question in entry.questions}
    assert answers["Does the layer rank images better (area under the ROC curve)?"] == "yes"
    assert answers["Does it rank them better (average precision)?"] == "yes"
    assert entry.limits == ()


def test_a_layer_that_does_nothing_is_not_worth_the_bother() -> None:
    entry = advised(trainer("null"))
    assert entry.advice == Advice.DO_NOT_BOTHER
    assert {remedy.standing for remedy in entry.remedies} <= {
        "undecided",
        "worse than final BN",
    }


def test_calling_everything_a_minority_is_no_remedy() -> None:
    degenerate = by_arm({OVERSAMPLED: always_minority}, CLOSE)
    found = judged(degenerate, *BOTH)
    assert found["alt-oversampling"] is REFUTED
    assert found["alt-oversampling-reverse"] is not REFUTED


def test_a_layer_that_calls_everything_a_minority_beats_no_remedy() -> None:
    degenerate = by_arm({FINAL_BN: always_minority}, trainer("null"))
    assert judged(degenerate, *BOTH)["alt-oversampling"] is INVALID


@pytest.mark.parametrize("forward", [c for c in BESIDE if isinstance(c.tells, Remedy)])
def test_every_remedy_is_a_claim_in_both_directions(forward: Claim) -> None:
    (reverse,) = (claim for claim in BESIDE if claim.tells == ReverseOf(forward.id))
    assert forward.arms == reverse.arms and {PLAIN, FINAL_BN} <= set(forward.arms)
    assert forward.sentence.endswith("final BN.") and reverse.sentence.startswith("Final BN")
    assert forward.shows == reverse.shows and len(forward.shows) == 3


def test_a_gain_on_a_balanced_test_may_not_be_one_at_natural_prevalence() -> None:
    assert judged(trainer("effect"), "alt-prevalence")["alt-prevalence"] is SUPPORTED
    # The threshold goes further than it should: false alarms that a balanced test hardly feels.
    eager = trainer("effect", ability=1.0)
    assert judged(eager, "premise", "alt-prevalence") == {
        "premise": SUPPORTED,
        "alt-prevalence": REFUTED,
    }
