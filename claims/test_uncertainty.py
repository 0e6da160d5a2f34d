"""Uncertainty: the final BN layer undermines softmax outputs as an uncertainty measure."""

from bnclaims.audit import FINAL_BN, PLAIN, Effect, Evidence, Question, claim, gain_of_final_bn

SENTENCE = "The final BN layer undermines the softmax outputs as an uncertainty measure"


@claim(
    "uncertainty",
    f"{SENTENCE}: confidence matches accuracy less well.",
    title="Uncertainty: does confidence match accuracy less?",
    arms=(PLAIN, FINAL_BN),
    wording="less well",
    tells=Question(text="Does confidence match accuracy less well with it?", place=7),
)
def test_confidence_is_less_calibrated(evidence: Evidence) -> Effect:
    """Expected calibration error on the balanced test set, final BN minus plain, as the networks come.

    Where the plain network calls nearly everything the majority it is sure and, on a balanced test,
    wrong half of the time. At the prevalence of the training images it would be right more often:
    what confidence is worth there was not measured.
    """
    error = evidence.ece(FINAL_BN) - evidence.ece(PLAIN)
    smallest = evidence.rules.calibration_margin
    return Effect(
        "calibration error added by final BN", error, gain_of_final_bn(evidence), smallest
    )


@claim(
    "uncertainty-scaled",
    f"{SENTENCE}: confidence matches accuracy less well even after temperature scaling.",
    title="Uncertainty: and after temperature scaling?",
    arms=(PLAIN, FINAL_BN),
    wording="less well",
    tells=Question(text="And after temperature scaling?", place=8),
)
def test_confidence_is_less_calibrated_after_scaling(evidence: Evidence) -> Effect:
    """The same after one temperature per network, fitted on its validation split."""
    scaled = evidence.ece_scaled(FINAL_BN)
    error = scaled - evidence.ece_scaled(PLAIN)
    smallest = evidence.rules.calibration_margin
    return Effect(
        "calibration error added, after scaling", error, gain_of_final_bn(evidence), smallest
    )


@claim(
    "uncertainty-ranking",
    f"{SENTENCE}: confidence tells right from wrong less well.",
    title="Uncertainty: does confidence tell right from wrong less well?",
    arms=(PLAIN, FINAL_BN),
    wording="less well",
    tells=Question(text="Does confidence tell right from wrong less well with it?", place=9),
)
def test_confidence_ranks_errors_worse(evidence: Evidence) -> Effect:
    """AUROC of the confidence for being right, plain minus final BN."""
    lost = evidence.confidence_auroc(PLAIN) - evidence.confidence_auroc(FINAL_BN)
    smallest = evidence.rules.ranking_margin
    return Effect(
        "AUROC of confidence lost to final BN", lost, gain_of_final_bn(evidence), smallest
    )
