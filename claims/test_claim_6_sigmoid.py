"""Claim (vi): with a sigmoid output the layer has almost no impact."""

from bnclaims.audit import FINAL_BN, PLAIN, Evidence, Gate, NoEffect, claim


@claim(
    "vi",
    "With sigmoid activation the final BN layer has almost no impact.",
    arms=(PLAIN, FINAL_BN),
    wording="almost no impact",
)
def test_no_gain_with_sigmoid(evidence: Evidence) -> NoEffect:
    """F1 gain with a sigmoid head; "almost no impact" means within the margin on both sides.

    Support also needs the softmax gain on the same seeds to be beyond the margin and above the sigmoid
    gain: an audit that sees no effect anywhere must not call that confirmation.
    """
    softmax = evidence.f1(FINAL_BN, setting="softmax") - evidence.f1(PLAIN, setting="softmax")
    plain = evidence.f1(PLAIN, setting="sigmoid")
    sigmoid = evidence.f1(FINAL_BN, setting="sigmoid") - plain
    return NoEffect(
        "F1 gain with sigmoid",
        sigmoid,
        gates=(
            Gate(label="F1 gain with softmax", gain=softmax, plain=plain),
            Gate(label="more gain with softmax than sigmoid", gain=softmax - sigmoid, above=0),
        ),
    )
