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
    AllOf,
    Evidence,
    NotWorse,
    Remedy,
    ReverseOf,
    between,
    claim,
    final_bn_no_worse,
    gain_of_final_bn,
    no_worse,
)

SOURCE = "this audit"


@claim(
    "alt-threshold",
    "A plain network with a threshold tuned on its validation split does no worse than final BN.",
    title="Instead of the layer: a tuned threshold",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="does no worse",
    shows=between(PLAIN, TUNED_THRESHOLD, "threshold tuned"),
    tells=Remedy("a tuned threshold"),
)
def test_tuned_threshold_matches_final_bn(evidence: Evidence) -> AllOf:
    """F1 and balanced accuracy of the plain network, threshold tuned, minus final BN's; no retraining."""
    return no_worse(evidence, "a tuned threshold", PLAIN, TUNED_THRESHOLD)


@claim(
    "alt-threshold-reverse",
    "Final BN does no worse than a plain network with a threshold tuned on its validation split.",
    title="The other way round: the layer instead of a tuned threshold",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="does no worse",
    shows=between(PLAIN, TUNED_THRESHOLD, "threshold tuned"),
    tells=ReverseOf("alt-threshold"),
)
def test_final_bn_matches_tuned_threshold(evidence: Evidence) -> AllOf:
    """F1 and balanced accuracy of final BN minus that of the plain network with its threshold tuned."""
    return final_bn_no_worse(evidence, "a tuned threshold", PLAIN, TUNED_THRESHOLD)


@claim(
    "alt-prior-shift",
    "A plain network with its outputs adjusted for the training prior does no worse than final BN.",
    title="Instead of the layer: post-hoc logit adjustment",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="does no worse",
    shows=between(PLAIN, PRIOR_SHIFTED, "prior taken off"),
    tells=Remedy("post-hoc logit adjustment"),
)
def test_adjusted_outputs_match_final_bn(evidence: Evidence) -> AllOf:
    """F1 and balanced accuracy after post-hoc logit adjustment, minus final BN's: no retraining, no tuning.

    The logarithm of each class's share of the training images is taken off its logit (tau 1).
    """
    return no_worse(evidence, "adjusted outputs", PLAIN, PRIOR_SHIFTED)


@claim(
    "alt-prior-shift-reverse",
    "Final BN does no worse than a plain network with its outputs adjusted for the training prior.",
    title="The other way round: the layer instead of post-hoc logit adjustment",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="does no worse",
    shows=between(PLAIN, PRIOR_SHIFTED, "prior taken off"),
    tells=ReverseOf("alt-prior-shift"),
)
def test_final_bn_matches_adjusted_outputs(evidence: Evidence) -> AllOf:
    """F1 and balanced accuracy of final BN minus that of plain after post-hoc logit adjustment."""
    return final_bn_no_worse(evidence, "adjusted outputs", PLAIN, PRIOR_SHIFTED)


@claim(
    "alt-weighted-loss",
    "A loss weighted by inverse class frequency does no worse than final BN.",
    title="Instead of the layer: a class-weighted loss",
    arms=(PLAIN, FINAL_BN, WEIGHTED_LOSS),
    source=SOURCE,
    wording="does no worse",
    shows=between(WEIGHTED_LOSS, KEPT, "weighted loss"),
    tells=Remedy("a class-weighted loss"),
)
def test_weighted_loss_matches_final_bn(evidence: Evidence) -> AllOf:
    """F1 and balanced accuracy of the plain network trained with class weights, minus final BN's."""
    return no_worse(evidence, "a weighted loss", WEIGHTED_LOSS)


@claim(
    "alt-weighted-loss-reverse",
    "Final BN does no worse than a loss weighted by inverse class frequency.",
    title="The other way round: the layer instead of a class-weighted loss",
    arms=(PLAIN, FINAL_BN, WEIGHTED_LOSS),
    source=SOURCE,
    wording="does no worse",
    shows=between(WEIGHTED_LOSS, KEPT, "weighted loss"),
    tells=ReverseOf("alt-weighted-loss"),
)
def test_final_bn_matches_weighted_loss(evidence: Evidence) -> AllOf:
    """F1 and balanced accuracy of final BN minus that of the plain network trained with class weights."""
    return final_bn_no_worse(evidence, "a weighted loss", WEIGHTED_LOSS)


@claim(
    "alt-logit-adjusted",
    "A logit-adjusted loss, for softmax the same as balanced softmax, does no worse than final BN.",
    title="Instead of the layer: a logit-adjusted loss",
    arms=(PLAIN, FINAL_BN, LOGIT_ADJUSTED),
    source=SOURCE,
    wording="does no worse",
    shows=between(LOGIT_ADJUSTED, KEPT, "logit-adjusted"),
    tells=Remedy("a logit-adjusted loss (balanced softmax)"),
)
def test_logit_adjusted_loss_matches_final_bn(evidence: Evidence) -> AllOf:
    """F1 and balanced accuracy of the plain network with log priors in its loss, minus final BN's.

    With tau 1 and a softmax output this loss and balanced softmax are one formula, so that one arm
    stands for both.
    """
    return no_worse(evidence, "a logit-adjusted loss", LOGIT_ADJUSTED)


@claim(
    "alt-logit-adjusted-reverse",
    "Final BN does no worse than a logit-adjusted loss, for softmax the same as balanced softmax.",
    title="The other way round: the layer instead of a logit-adjusted loss",
    arms=(PLAIN, FINAL_BN, LOGIT_ADJUSTED),
    source=SOURCE,
    wording="does no worse",
    shows=between(LOGIT_ADJUSTED, KEPT, "logit-adjusted"),
    tells=ReverseOf("alt-logit-adjusted"),
)
def test_final_bn_matches_logit_adjusted_loss(evidence: Evidence) -> AllOf:
    """F1 and balanced accuracy of final BN minus that of the plain network with log priors in its loss."""
    return final_bn_no_worse(evidence, "a logit-adjusted loss", LOGIT_ADJUSTED)


@claim(
    "alt-oversampling",
    "Drawing every class equally often in training does no worse than final BN.",
    title="Instead of the layer: oversampling",
    arms=(PLAIN, FINAL_BN, OVERSAMPLED),
    source=SOURCE,
    wording="does no worse",
    shows=between(OVERSAMPLED, KEPT, "oversampled"),
    tells=Remedy("oversampling"),
)
def test_oversampling_matches_final_bn(evidence: Evidence) -> AllOf:
    """F1 and balanced accuracy of the plain network on balanced draws, minus final BN's; as many steps."""
    return no_worse(evidence, "oversampling", OVERSAMPLED)


@claim(
    "alt-oversampling-reverse",
    "Final BN does no worse than drawing every class equally often in training.",
    title="The other way round: the layer instead of oversampling",
    arms=(PLAIN, FINAL_BN, OVERSAMPLED),
    source=SOURCE,
    wording="does no worse",
    shows=between(OVERSAMPLED, KEPT, "oversampled"),
    tells=ReverseOf("alt-oversampling"),
)
def test_final_bn_matches_oversampling(evidence: Evidence) -> AllOf:
    """F1 and balanced accuracy of final BN minus that of the plain network trained on balanced draws."""
    return final_bn_no_worse(evidence, "oversampling", OVERSAMPLED)


@claim(
    "alt-ranking",
    "The network with final BN ranks images no worse than the plain one.",
    title="Does the layer rank images no worse?",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="no worse",
)
def test_final_bn_ranks_no_worse(evidence: Evidence) -> NotWorse:
    """Area under the ROC curve, final BN minus plain: what no threshold can change."""
    difference = evidence.auc(FINAL_BN) - evidence.auc(PLAIN)
    margin = evidence.rules.ranking_margin
    return NotWorse("AUC of final BN minus plain", difference, gain_of_final_bn(evidence), margin)
