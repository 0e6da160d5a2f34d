"""Premise: a final BN layer raises the minority class's F1 under extreme imbalance."""

from bnclaims.audit import (
    FINAL_BN,
    KEPT,
    ORACLE_THRESHOLD,
    PLAIN,
    REMOVED,
    Effect,
    Evidence,
    Gain,
    Gate,
    Shown,
    claim,
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
    """Minority F1 on a balanced test set, final BN minus plain, paired by seed.

    It could be refuted only where a plain network with the best possible threshold does show a gain,
    in balanced accuracy: calling everything a minority already scores 0.667 F1 on a balanced test.
    """
    plain = evidence.f1(PLAIN)
    accuracy = evidence.balanced_accuracy(PLAIN)
    threshold = evidence.balanced_accuracy(PLAIN, ORACLE_THRESHOLD) - accuracy
    return Effect(
        "F1 gain of final BN",
        evidence.f1(FINAL_BN) - plain,
        gates=(Gate(label="accuracy gain of the best threshold", gain=threshold, plain=plain),),
        beside=(("balanced accuracy gain", evidence.balanced_accuracy(FINAL_BN) - accuracy),),
    )
