"""Claim (iv): the effect reproduces on other datasets and with much simpler architectures."""

from bnclaims.audit import FINAL_BN, ORACLE_THRESHOLD, PLAIN, Effect, Evidence, Gain, Gate, claim


@claim(
    "iv",
    "The impact of the final BN layer is reproducible on other datasets and with much simpler neural "
    "architectures.",
    arms=(PLAIN, FINAL_BN),
    combine="replication",
    wording="reproducible",
    tells=Gain(),
)
def test_effect_reproduces_elsewhere(evidence: Evidence) -> Effect:
    """The premise in cells with another dataset or a simpler network, its own primary cell left out.

    The word of the claim is about holding in at least the protocol's number of cells (partial
    conjunction); the word of a cell is about that cell alone.
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
