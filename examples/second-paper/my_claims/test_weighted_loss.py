"""Claim: a class-weighted loss raises minority F1."""

from bnclaims.audit import ORACLE_THRESHOLD, PLAIN, WEIGHTED_LOSS, Effect, Evidence, Gate, claim


@claim(
    "weighted-loss",
    "Weighting the loss by inverse class frequency improves minority-class F1.",
    arms=(PLAIN, WEIGHTED_LOSS),
    source="a rule of thumb, stated for this example",
    wording="improves",
)
def test_weighted_loss_raises_minority_f1(evidence: Evidence) -> Effect:
    """Minority F1 on a balanced test set, weighted loss minus plain, paired by seed."""
    plain = evidence.f1(PLAIN)
    threshold = evidence.balanced_accuracy(PLAIN, ORACLE_THRESHOLD)
    assay = Gate(
        label="accuracy gain of the best threshold",
        gain=threshold - evidence.balanced_accuracy(PLAIN),
        plain=plain,
    )
    return Effect("F1 gain of a weighted loss", evidence.f1(WEIGHTED_LOSS) - plain, (assay,))
