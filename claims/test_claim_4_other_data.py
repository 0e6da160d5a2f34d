"""Claim (iv): the effect reproduces on other datasets and with much simpler architectures."""

from bnclaims.audit import FINAL_BN, PLAIN, Effect, Evidence, Gain, claim, threshold_gain


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
    """The premise in cells with another real dataset or a simpler network.

    The verdict of the claim is about holding on enough other datasets and with enough simpler
    networks, both (partial conjunctions); the verdict of a cell is about that cell alone. Images that
    a program drew are shown and count as neither.
    """
    gain = evidence.both(FINAL_BN) - evidence.both(PLAIN)
    return Effect("gain of final BN", gain, threshold_gain(evidence))
