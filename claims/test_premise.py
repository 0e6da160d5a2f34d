"""Premise: a final BN layer raises the minority class's F1 under extreme imbalance."""

from bnclaims.claim import claim
from bnclaims.evidence import Evidence
from bnclaims.judgement import Gate
from bnclaims.statements import Effect
from bnclaims.trial import FINAL_BN, ORACLE_THRESHOLD, PLAIN


@claim(
    "premise",
    "Adding a BN layer just before the softmax output layer improves minority-class F1 in highly "
    "imbalanced image classification.",
    arms=(PLAIN, FINAL_BN),
    source="arXiv:2109.09016 and arXiv:2011.06319, abstracts",
)
def test_final_bn_raises_minority_f1(evidence: Evidence) -> Effect:
    """Minority F1 on a balanced test set, final BN minus plain, paired by seed.

    It could be refuted only where a plain network with the best possible threshold does show a gain.
    """
    plain = evidence.f1(PLAIN)
    return Effect(
        "F1 gain of final BN",
        evidence.f1(FINAL_BN) - plain,
        gates=(
            Gate(
                label="F1 gain of the best threshold",
                gain=evidence.f1(PLAIN, ORACLE_THRESHOLD) - plain,
                plain=plain,
            ),
        ),
    )
