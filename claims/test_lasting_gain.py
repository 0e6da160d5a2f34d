"""Lasting gain: it survives longer training and other learning rates, or it does not."""

from bnclaims.audit import (
    FINAL_BN,
    MAIN,
    PLAIN,
    Effect,
    Evidence,
    Lasting,
    Question,
    StillThere,
    claim,
    layer_gain,
    threshold_gain,
)

SOURCE = "this audit"


@claim(
    "lasting",
    "The gain is there once the plain network is trained until it finds its training minority.",
    title="Is the gain still there once the plain network finds its training minority?",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="is there",
    tells=StillThere(),
)
def test_gain_is_there_in_trained_networks(evidence: Evidence) -> Effect:
    """Minority F1 and Youden's J, final BN minus plain, after the steps that the protocol names.

    They are the fewest tried at which the plain networks of a pilot found nine tenths of the minority
    they were trained on. Each arm has the learning rate that suited it there: a setting that bears
    the name of an arm is trained with that arm alone.
    """
    by_arm = evidence.settings != (MAIN,)
    gain = evidence.both(FINAL_BN, setting=FINAL_BN if by_arm else MAIN)
    gain -= evidence.both(PLAIN, setting=PLAIN if by_arm else MAIN)
    gates = threshold_gain(evidence, PLAIN if by_arm else MAIN)
    return Effect("gain of final BN in trained networks", gain, gates)


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
    """Gain at the default number of epochs minus the gain after several times as many, both scores."""
    short, long = (
        evidence.both(FINAL_BN, setting=name) - evidence.both(PLAIN, setting=name)
        for name in ("short", "long")
    )
    return Effect("gain lost to longer training", short - long, layer_gain(evidence, "short"))


def _lasting(evidence: Evidence, label: str, asked: tuple[float, ...]) -> Lasting:
    plain = [evidence.both(PLAIN, setting=name) for name in evidence.settings]
    final_bn = [evidence.both(FINAL_BN, setting=name) for name in evidence.settings]
    gains = tuple(after - before for after, before in zip(final_bn, plain, strict=True))
    return Lasting(label, gains, evidence.doses, tuple(scores.j for scores in plain), asked)


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
    """Gain in both scores, final BN minus plain, at the most epochs; the curve shows the others."""
    return _lasting(evidence, "gain, epochs", (max(evidence.doses),))


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
    """Gain in both scores, final BN minus plain, both at the same rate, at each rate of the protocol.

    All of them must show it, and one that is shown to lack it refutes: the gain is then one of a
    rate that suits the plain network badly, or the layer well.
    """
    return _lasting(evidence, "gain, learning rate", evidence.doses)
