"""Lasting gain: it survives longer training and other learning rates, or it does not."""

from bnclaims.audit import (
    FINAL_BN,
    PLAIN,
    Effect,
    Evidence,
    Lasting,
    Question,
    claim,
    gain_of_final_bn,
)

SOURCE = "this audit"


@claim(
    "alt-longer-training",
    "The gain fades when both networks are trained longer.",
    title="Does the gain fade in longer training?",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="fades",
    tells=Question(
        text="Does it stay as large in longer training?",
        place=2,
        yes="no, it fades",
        no="yes, it does not fade by what matters",
        bounds="as large a gain in longer training",
        free="yes, it does not fade by what matters",
    ),
)
def test_gain_fades_with_longer_training(evidence: Evidence) -> Effect:
    """F1 gain at the default number of epochs minus the gain after several times as many."""
    short = evidence.f1(FINAL_BN, setting="short") - evidence.f1(PLAIN, setting="short")
    long = evidence.f1(FINAL_BN, setting="long") - evidence.f1(PLAIN, setting="long")
    gates = gain_of_final_bn(evidence, "short")
    return Effect("F1 gain lost to longer training", short - long, gates)


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
    tells=Question(
        text="Is the gain still there after longer training?",
        place=1,
        yes="yes, after the longest training tried",
        no="no, not after the longest training tried",
        bounds="longer training",
        free="yes, after the longest training tried",
    ),
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
    tells=Question(
        text="Is it there at other learning rates?",
        place=3,
        yes="yes, at every rate tried",
        no="no, not at every rate tried",
        bounds="other learning rates",
        free="yes, at every rate tried",
    ),
)
def test_gain_is_there_at_every_learning_rate(evidence: Evidence) -> Lasting:
    """F1 gain, final BN minus plain, both networks at the same rate, at each rate of the protocol.

    All of them must show it, and one that is shown to lack it refutes: the gain is then one of a
    rate that suits the plain network badly, or the layer well.
    """
    return _lasting(evidence, "F1 gain, learning rate", evidence.doses)
