"""Alternatives: what else explains the gain, and what else achieves it."""

from bnclaims.claim import claim
from bnclaims.evidence import Evidence
from bnclaims.judgement import Gate
from bnclaims.statements import Effect, NotWorse
from bnclaims.trial import FINAL_BN, KEPT, PLAIN, TUNED_THRESHOLD, WEIGHTED_LOSS

SOURCE = "this audit"


def _assay(evidence: Evidence, setting: str = "main") -> tuple[Gate, ...]:
    """That there is a gain to be matched here at all."""
    plain = evidence.f1(PLAIN, setting=setting)
    gain = evidence.f1(FINAL_BN, setting=setting) - plain
    return (Gate(label="F1 gain of final BN", gain=gain, plain=plain),)


@claim(
    "alt-threshold",
    "A plain network with a threshold tuned on its validation split does no worse than final BN.",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="does no worse",
)
def test_tuned_threshold_matches_final_bn(evidence: Evidence) -> NotWorse:
    """Minority F1 of the plain network, threshold tuned, minus final BN's: no retraining at all."""
    difference = evidence.f1(PLAIN, TUNED_THRESHOLD) - evidence.f1(FINAL_BN, KEPT)
    return NotWorse("F1 of a tuned threshold minus final BN", difference, _assay(evidence))


@claim(
    "alt-ranking",
    "The network with final BN ranks images no worse than the plain one.",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="no worse",
)
def test_final_bn_ranks_no_worse(evidence: Evidence) -> NotWorse:
    """Area under the ROC curve, final BN minus plain: what no threshold can change."""
    difference = evidence.auc(FINAL_BN) - evidence.auc(PLAIN)
    margin = evidence.rules.ranking_margin
    return NotWorse("AUC of final BN minus plain", difference, _assay(evidence), margin)


@claim(
    "alt-weighted-loss",
    "A loss weighted by inverse class frequency does no worse than final BN.",
    arms=(PLAIN, FINAL_BN, WEIGHTED_LOSS),
    source=SOURCE,
    wording="does no worse",
)
def test_weighted_loss_matches_final_bn(evidence: Evidence) -> NotWorse:
    """Minority F1 of the plain network trained with class weights, minus final BN's."""
    difference = evidence.f1(WEIGHTED_LOSS) - evidence.f1(FINAL_BN)
    return NotWorse("F1 of a weighted loss minus final BN", difference, _assay(evidence))


@claim(
    "alt-longer-training",
    "The gain fades when both networks are trained longer.",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="fades",
)
def test_gain_fades_with_longer_training(evidence: Evidence) -> Effect:
    """F1 gain at the default number of epochs minus the gain after several times as many."""
    short = evidence.f1(FINAL_BN, setting="short") - evidence.f1(PLAIN, setting="short")
    long = evidence.f1(FINAL_BN, setting="long") - evidence.f1(PLAIN, setting="long")
    return Effect("F1 gain lost to longer training", short - long, _assay(evidence, "short"))
