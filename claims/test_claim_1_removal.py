"""Claim (i): the gain is still there after the final BN layer is removed at inference."""

from bnclaims.audit import (
    FINAL_BN,
    KEPT,
    ORACLE_THRESHOLD,
    PLAIN,
    REMOVED,
    AllOf,
    Effect,
    Evidence,
    Gate,
    Positive,
    Shown,
    claim,
)


@claim(
    "i",
    "The performance gain is still there after removing the final BN layer at inference.",
    arms=(PLAIN, FINAL_BN),
    wording="still there",
    shows=(
        Shown(PLAIN, KEPT, "plain"),
        Shown(FINAL_BN, KEPT, "final BN"),
        Shown(FINAL_BN, REMOVED, "BN removed"),
    ),
)
def test_gain_survives_removal(evidence: Evidence) -> AllOf:
    """One trained network, read with the layer and without it: raw logits before the BN.

    The gain must exist, must exist without the layer, and at least the protocol's share of it must be
    left. It is refuted when one of the three is shown to fail.
    """
    plain = evidence.f1(PLAIN)
    kept = evidence.f1(FINAL_BN, KEPT) - plain
    removed = evidence.f1(FINAL_BN, REMOVED) - plain
    threshold = evidence.balanced_accuracy(PLAIN, ORACLE_THRESHOLD)
    assay = Gate(
        label="accuracy gain of the best threshold",
        gain=threshold - evidence.balanced_accuracy(PLAIN),
        plain=plain,
    )
    share = evidence.rules.retention
    return AllOf(
        (
            Effect("F1 gain with the layer removed", removed, gates=(assay,)),
            Effect("F1 gain with the layer kept", kept, gates=(assay,)),
            Positive(f"gain removed minus {share:g} x gain kept", removed - share * kept),
        )
    )
