"""Premise: a final BN layer raises the minority class's scores under extreme imbalance."""

from bnclaims.audit import (
    FINAL_BN,
    KEPT,
    PLAIN,
    REMOVED,
    Effect,
    Evidence,
    Gain,
    Shown,
    claim,
    threshold_gain,
)


@claim(
    "premise",
    "Adding a BN layer just before the softmax output layer improves minority-class F1 in highly "
    "imbalanced image classification.",
    arms=(PLAIN, FINAL_BN),
    source="arXiv:2109.09016 and arXiv:2011.06319, abstracts",
    wording="improves",
    shows=(
        Shown(PLAIN, KEPT, "plain"),
        Shown(FINAL_BN, KEPT, "final BN"),
        Shown(FINAL_BN, REMOVED, "BN removed"),
    ),
    tells=Gain(),
)
def test_final_bn_raises_minority_f1(evidence: Evidence) -> Effect:
    """Minority F1 and Youden's J on a balanced test set, final BN minus plain, paired by seed.

    Both must gain: calling everything a minority already scores 0.667 F1 on a balanced test, and
    nothing in J. It could be refuted only where the plain network does gain J by a threshold that was
    chosen on the other half of the test.
    """
    gain = evidence.both(FINAL_BN) - evidence.both(PLAIN)
    return Effect("gain of final BN", gain, threshold_gain(evidence))
