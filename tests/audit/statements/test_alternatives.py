"""Claims beside the six: remedies and final BN held against each other in worlds of known truth."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from bnclaims.audit import Remedy
from bnclaims.audit.advice import Advice, Standing, standing
from bnclaims.audit.beside.audit import with_beside
from bnclaims.audit.claim import Claim, discover
from bnclaims.audit.judge import audit
from bnclaims.audit.verdict import Answer, Verdict
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
INCONCLUSIVE = Verdict.INCONCLUSIVE
Train = Callable[[Trial], Record]


def judged(train: Train, *ids: str) -> Mapping[str, Verdict]:
    claims = [claim for claim in BESIDE if claim.id in ids]
    result = audit(claims, PROTOCOL, selection_here("digits"), train)
    return {claim.claim.id: claim.verdict for claim in result.claims}


def answered(train: Train, id: str) -> Answer | None:
    (claim,) = (claim for claim in BESIDE if claim.id == id)
    result = audit([claim], PROTOCOL, selection_here("digits"), train)
    return result.claims[0].cells[0].answer


def advised(train: Train) -> SettingAdvice:
    result = with_beside(audit(BESIDE, PROTOCOL, selection_here("digits"), train))
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


OVERSAMPLING = "alt-oversampling"
# Classes so close that 0.667 F1 is within the margin of what the best threshold reaches.
CLOSE = trainer("effect", ability=1.0)


def test_remedies_that_do_the_same_are_as_good_where_the_classes_are_balanced() -> None:
    entry = advised(trainer("effect"))
    assert entry.balanced == Advice.INSTEAD
    found = {remedy.name: remedy.standing for remedy in entry.remedies}
    assert found["oversampling"] == found["a class-weighted loss"] == "as good as final BN"


def test_remedies_that_do_nothing_are_worse() -> None:
    nothing = by_arm({OVERSAMPLED: trainer("null")}, trainer("effect"))
    assert answered(nothing, OVERSAMPLING) is Answer.WORSE
    assert judged(nothing, OVERSAMPLING) == {OVERSAMPLING: REFUTED}


def test_a_remedy_that_does_more_is_better() -> None:
    more = by_arm({OVERSAMPLED: trainer("effect")}, trainer("effect", ability=1.2))
    assert answered(more, OVERSAMPLING) is Answer.BETTER
    assert judged(more, OVERSAMPLING) == {OVERSAMPLING: SUPPORTED}


def test_a_layer_that_ranks_better_than_all_its_remedies_is_worth_using() -> None:
    # Only here the layer separates the classes; no threshold can make up for that.
    strong = by_arm({FINAL_BN: trainer("effect", ability=5.0)}, trainer("null", ability=0.3))
    entry = advised(strong)
    assert (entry.balanced, entry.training, entry.advice) == (Advice.USE,) * 3
    answers = {question.name: question.answer for question in entry.questions}
    assert answers["How does the layer rank images (area under the ROC curve)?"] == "better"
    assert answers["How does it rank them (average precision)?"] == "better"


def test_a_layer_that_does_nothing_is_not_worth_the_bother() -> None:
    entry = advised(trainer("null"))
    assert entry.balanced == Advice.DO_NOT_BOTHER
    # A tuned threshold is better than the layer there: nothing has to be matched for that.
    assert {remedy.standing for remedy in entry.remedies} <= {
        "undecided",
        "worse than final BN",
        "better than final BN",
    }


def test_calling_everything_a_minority_is_no_remedy() -> None:
    degenerate = by_arm({OVERSAMPLED: always_minority}, CLOSE)
    assert answered(degenerate, OVERSAMPLING) not in (Answer.BETTER, Answer.AS_GOOD)
    lost = by_arm({OVERSAMPLED: always_minority}, trainer("effect"))
    assert answered(lost, OVERSAMPLING) is Answer.WORSE


def test_a_layer_that_calls_everything_a_minority_is_matched_by_no_dead_remedy() -> None:
    degenerate = by_arm({FINAL_BN: always_minority}, always_minority)
    assert judged(degenerate, OVERSAMPLING)[OVERSAMPLING] is INVALID
    assert answered(degenerate, OVERSAMPLING) is Answer.NOT_KNOWN


def test_who_tunes_a_threshold_may_tune_that_of_the_layer() -> None:
    # The layer ranks better, and its threshold is far off: tuned, plain beats it as it comes.
    def train(trial: Trial) -> Record:
        better = trainer("effect", ability=3.0, plain=-9.0)
        return (better if trial.arm == FINAL_BN else trainer("null", ability=1.2))(trial)

    assert answered(train, "alt-threshold") is Answer.BETTER
    assert answered(train, "alt-threshold-both") is Answer.WORSE
    assert standing([Answer.BETTER, Answer.WORSE]) is Standing.WORSE


@pytest.mark.parametrize("remedy", [c for c in BESIDE if isinstance(c.tells, Remedy)])
def test_every_remedy_is_one_comparison_with_final_bn(remedy: Claim) -> None:
    assert {PLAIN, FINAL_BN} <= set(remedy.arms)
    assert remedy.sentence.endswith("final BN.") and remedy.wording == "does as well"


def test_a_gain_on_a_balanced_test_may_not_be_one_at_natural_prevalence() -> None:
    assert judged(trainer("effect"), "alt-prevalence")["alt-prevalence"] is SUPPORTED
    # The threshold goes further than it should: false alarms that a balanced test hardly feels.
    eager = trainer("effect", ability=1.0)
    assert judged(eager, "premise", "alt-prevalence") == {
        "premise": SUPPORTED,
        # In Youden's J, which is the same at any prevalence, there is a gain.
        "alt-prevalence": INCONCLUSIVE,
    }
