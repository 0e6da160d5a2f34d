"""Alternatives: what else explains the gain, and what else achieves it."""

from bnclaims.audit import (
    FINAL_BN,
    KEPT,
    LOGIT_ADJUSTED,
    OVERSAMPLED,
    PLAIN,
    PRIOR_SHIFTED,
    TUNED_THRESHOLD,
    WEIGHTED_LOSS,
    Comparison,
    Evidence,
    Remedy,
    Shown,
    between,
    claim,
    compared,
)

SOURCE = "this audit"


@claim(
    "alt-threshold",
    "A plain network with a threshold tuned on its validation split does as well as final BN.",
    title="Instead of the layer: a tuned threshold",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="does as well",
    shows=between(PLAIN, TUNED_THRESHOLD, "threshold tuned"),
    tells=Remedy("a tuned threshold"),
)
def test_tuned_threshold_matches_final_bn(evidence: Evidence) -> Comparison:
    """Both scores of the plain network, threshold tuned, minus final BN's; no retraining."""
    return compared(evidence, "a tuned threshold", PLAIN, TUNED_THRESHOLD)


@claim(
    "alt-threshold-both",
    "With thresholds tuned on the validation split for both, a plain network does as well as final BN.",
    title="Instead of the layer: a tuned threshold, where the layer has one too",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="does as well",
    shows=(
        Shown(PLAIN, TUNED_THRESHOLD, "threshold tuned"),
        Shown(FINAL_BN, TUNED_THRESHOLD, "both"),
    ),
    tells=Remedy("a tuned threshold"),
)
def test_thresholds_tuned_for_both_match(evidence: Evidence) -> Comparison:
    """Both scores of the plain network minus final BN's, each with its threshold tuned.

    Who can tune a threshold can tune that of final BN, too: what the layer then adds is ranking.
    """
    return compared(evidence, "a tuned threshold", PLAIN, TUNED_THRESHOLD, against=TUNED_THRESHOLD)


@claim(
    "alt-prior-shift",
    "A plain network with its outputs adjusted for the training prior does as well as final BN.",
    title="Instead of the layer: post-hoc logit adjustment",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="does as well",
    shows=between(PLAIN, PRIOR_SHIFTED, "prior taken off"),
    tells=Remedy("post-hoc logit adjustment"),
)
def test_adjusted_outputs_match_final_bn(evidence: Evidence) -> Comparison:
    """Both scores after post-hoc logit adjustment, minus final BN's: no retraining, no tuning.

    The logarithm of each class's share of the training images is taken off its logit (tau 1).
    """
    return compared(evidence, "adjusted outputs", PLAIN, PRIOR_SHIFTED)


@claim(
    "alt-weighted-loss",
    "A loss weighted by inverse class frequency does as well as final BN.",
    title="Instead of the layer: a class-weighted loss",
    arms=(PLAIN, FINAL_BN, WEIGHTED_LOSS),
    source=SOURCE,
    wording="does as well",
    shows=between(WEIGHTED_LOSS, KEPT, "weighted loss"),
    tells=Remedy("a class-weighted loss"),
)
def test_weighted_loss_matches_final_bn(evidence: Evidence) -> Comparison:
    """Both scores of the plain network trained with class weights, minus final BN's."""
    return compared(evidence, "a weighted loss", WEIGHTED_LOSS)


@claim(
    "alt-logit-adjusted",
    "A logit-adjusted loss, for softmax the same as balanced softmax, does as well as final BN.",
    title="Instead of the layer: a logit-adjusted loss",
    arms=(PLAIN, FINAL_BN, LOGIT_ADJUSTED),
    source=SOURCE,
    wording="does as well",
    shows=between(LOGIT_ADJUSTED, KEPT, "logit-adjusted"),
    tells=Remedy("a logit-adjusted loss (balanced softmax)"),
)
def test_logit_adjusted_loss_matches_final_bn(evidence: Evidence) -> Comparison:
    """Both scores of the plain network with log priors in its loss, minus final BN's.

    With tau 1 and a softmax output this loss and balanced softmax are one formula, so that one arm
    stands for both.
    """
    return compared(evidence, "a logit-adjusted loss", LOGIT_ADJUSTED)


@claim(
    "alt-oversampling",
    "Drawing every class equally often in training does as well as final BN.",
    title="Instead of the layer: oversampling",
    arms=(PLAIN, FINAL_BN, OVERSAMPLED),
    source=SOURCE,
    wording="does as well",
    shows=between(OVERSAMPLED, KEPT, "oversampled"),
    tells=Remedy("oversampling"),
)
def test_oversampling_matches_final_bn(evidence: Evidence) -> Comparison:
    """Both scores of the plain network on balanced draws, minus final BN's; as many steps."""
    return compared(evidence, "oversampling", OVERSAMPLED)
