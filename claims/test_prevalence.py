"""Prevalence: the gain on a test as imbalanced as the training."""

from bnclaims.audit import FINAL_BN, PLAIN, Effect, Evidence, Question, Scores, claim, layer_gain


@claim(
    "alt-prevalence",
    "Final BN raises minority F1 where the minority is as rare in the test as in training.",
    title="Is the gain there where the test is as imbalanced as the training?",
    arms=(PLAIN, FINAL_BN),
    source="this audit",
    wording="raises",
    tells=Question(
        text="Is it there at the prevalence of the training images?",
        place=4,
        bounds="the prevalence of the training images",
        free="yes",
    ),
)
def test_final_bn_raises_f1_at_natural_prevalence(evidence: Evidence) -> Effect:
    """Minority F1 at the prevalence of the training images, final BN minus plain.

    The balanced test is reweighted, not drawn anew: F1 follows exactly from the confusion rates.
    Few false alarms on the balanced test are many where the majority is a hundred times larger.
    Youden's J is the same at any prevalence, and must gain too.
    """
    plain, final_bn = evidence.natural_f1(PLAIN), evidence.natural_f1(FINAL_BN)
    return Effect(
        "gain at natural prevalence",
        Scores(final_bn - plain, evidence.j(FINAL_BN) - evidence.j(PLAIN)),
        layer_gain(evidence),
        beside=(
            ("F1 of final BN there", final_bn),
            ("precision of final BN there", evidence.natural_precision(FINAL_BN)),
        ),
    )
