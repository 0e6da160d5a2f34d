"""Lasting gain: it survives longer training and other learning rates, or it does not."""

from bnclaims.audit.claim import claim
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.statements.every_dose import Lasting
from bnclaims.protocol.names import FINAL_BN, PLAIN

SOURCE = "this audit"


def _lasting(evidence: Evidence, label: str, asked: tuple[float, ...]) -> Lasting:
    plain = tuple(evidence.f1(PLAIN, setting=name) for name in evidence.settings)
    final_bn = tuple(evidence.f1(FINAL_BN, setting=name) for name in evidence.settings)
    gains = tuple(after - before for after, before in zip(final_bn, plain, strict=True))
    return Lasting(label, gains, evidence.doses, plain, asked)


@claim(
    "alt-epochs",
    "The gain is still there after the longest training.",
    title="Is the gain still there after the longest training?",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="still there",
)
def test_gain_outlasts_training(evidence: Evidence) -> Lasting:
    """F1 gain, final BN minus plain, at the largest number of epochs; the curve shows the others."""
    return _lasting(evidence, "F1 gain, epochs", (max(evidence.doses),))


@claim(
    "alt-learning-rates",
    "The gain is there at every learning rate.",
    title="Is the gain there at other learning rates?",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="there",
)
def test_gain_is_there_at_every_learning_rate(evidence: Evidence) -> Lasting:
    """F1 gain, final BN minus plain, both networks at the same rate, at each rate of the protocol.

    All of them must show it, and one that is shown to lack it refutes: the gain is then one of a
    rate that suits the plain network badly, or the layer well.
    """
    return _lasting(evidence, "F1 gain, learning rate", evidence.doses)
