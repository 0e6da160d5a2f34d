"""Claim (vi): with a sigmoid output the layer has almost no impact."""

from bnclaims.audit import (
    FINAL_BN,
    PLAIN,
    AllOf,
    Evidence,
    Gate,
    NoEffect,
    claim,
    layer_gain,
)

READINGS = {"sigmoid": "one logit", "sigmoid_k": "one logit per class"}


@claim(
    "vi",
    "With sigmoid activation the final BN layer has almost no impact.",
    arms=(PLAIN, FINAL_BN),
    wording="almost no impact",
)
def test_no_gain_with_sigmoid(evidence: Evidence) -> AllOf:
    """Gain with both readings of a sigmoid output; "almost no impact" means within the margin.

    One logit for the minority, and one logit per class, each with its own cross-entropy. Support also
    needs a gain of the softmax on the same seeds and sigmoid networks that tell the classes apart: an
    audit that sees no effect anywhere must not call that confirmation.
    """
    softmax = layer_gain(evidence, "softmax")
    return AllOf(tuple(_no_gain(evidence, setting, softmax) for setting in READINGS))


def _no_gain(evidence: Evidence, setting: str, softmax: tuple[Gate, ...]) -> NoEffect:
    plain = evidence.both(PLAIN, setting=setting)
    gain = evidence.both(FINAL_BN, setting=setting) - plain
    auc = evidence.auc(FINAL_BN, setting=setting)
    alive = Gate(label="AUC of final BN above .5", gain=auc.above(0.5), plain=plain.j)
    return NoEffect(f"gain with a sigmoid, {READINGS[setting]}", gain, (*softmax, alive))
