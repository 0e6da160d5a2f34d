"""Uncertainty: the final BN layer undermines softmax outputs as an uncertainty measure."""

from bnclaims.audit import (
    FINAL_BN,
    PLAIN,
    PRIOR_RESTORED,
    Column,
    Effect,
    Evidence,
    Question,
    claim,
    layer_gain,
)

SOURCE = "this audit"
SENTENCE = "The final BN layer undermines the softmax outputs as an uncertainty measure"


def _added(evidence: Evidence, label: str, error: Column) -> Effect:
    return Effect(label, error, layer_gain(evidence), evidence.rules.calibration_margin)


@claim(
    "uncertainty",
    f"{SENTENCE}: confidence matches accuracy less well.",
    title="Uncertainty: does confidence match accuracy less?",
    arms=(PLAIN, FINAL_BN),
    wording="less well",
    tells=Question(text="Does confidence match accuracy less well with it?", place=7),
)
def test_confidence_is_less_calibrated(evidence: Evidence) -> Effect:
    """Expected calibration error at the training prevalence, final BN minus plain, as they come.

    The balanced test is reweighted to the classes' shares in training, where the network would be
    used: a plain network that calls nearly everything the majority is sure and, there, nearly always
    right.
    """
    error = evidence.natural_ece(FINAL_BN) - evidence.natural_ece(PLAIN)
    return _added(evidence, "calibration error added by final BN", error)


@claim(
    "uncertainty-balanced",
    f"{SENTENCE}: confidence matches accuracy less well where the classes are balanced.",
    title="Uncertainty: and where the classes are balanced?",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="less well",
    tells=Question(text="And where the classes are balanced?", place=8),
)
def test_confidence_is_less_calibrated_in_balance(evidence: Evidence) -> Effect:
    """The same on the balanced test, where the plain network is sure and wrong half of the time."""
    error = evidence.ece(FINAL_BN) - evidence.ece(PLAIN)
    return _added(evidence, "calibration error added, balanced", error)


@claim(
    "uncertainty-scaled",
    f"{SENTENCE}: confidence matches accuracy less well even after temperature scaling.",
    title="Uncertainty: and after temperature scaling?",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="less well",
    tells=Question(text="And after temperature scaling?", place=9),
)
def test_confidence_is_less_calibrated_after_scaling(evidence: Evidence) -> Effect:
    """At the training prevalence after one temperature per network, fitted on its validation split."""
    scaled = evidence.natural_ece_scaled(FINAL_BN)
    error = scaled - evidence.natural_ece_scaled(PLAIN)
    return _added(evidence, "calibration error added, after scaling", error)


@claim(
    "uncertainty-prior",
    f"{SENTENCE}: confidence matches accuracy less well even with the training prior put back.",
    title="Uncertainty: and with the training prior put back?",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="less well",
    tells=Question(text="And with the training prior put back?", place=10),
)
def test_confidence_is_less_calibrated_with_the_prior(evidence: Evidence) -> Effect:
    """At the training prevalence, the log of that added to the logits of final BN, minus plain.

    Centred logits know nothing of how rare a class is; this tells them again.
    """
    error = evidence.natural_ece(FINAL_BN, PRIOR_RESTORED) - evidence.natural_ece(PLAIN)
    return _added(evidence, "calibration error added, prior put back", error)


@claim(
    "uncertainty-ranking",
    f"{SENTENCE}: confidence tells right from wrong less well.",
    title="Uncertainty: does confidence tell right from wrong less well?",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="less well",
    tells=Question(text="Does confidence tell right from wrong less well with it?", place=11),
)
def test_confidence_ranks_errors_worse(evidence: Evidence) -> Effect:
    """AUROC of the confidence for being right on the balanced test, plain minus final BN."""
    lost = evidence.confidence_auroc(PLAIN) - evidence.confidence_auroc(FINAL_BN)
    smallest = evidence.rules.ranking_margin
    return Effect("AUROC of confidence lost to final BN", lost, layer_gain(evidence), smallest)
