"""Claim (i): the gain is still there after the final BN layer is removed at inference."""

from bnclaims.audit import (
    FINAL_BN,
    KEPT,
    PLAIN,
    REMOVED,
    AllOf,
    Effect,
    Evidence,
    Gate,
    NotWorse,
    Shown,
    claim,
    threshold_gain,
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

    The gain must exist, it must exist without the layer, and the network must still rank images as
    well, having ranked them at all. It is refuted when one of the three is shown to fail. How much of
    the gain is left is an estimate beside it.
    """
    plain = evidence.both(PLAIN)
    kept = evidence.both(FINAL_BN, KEPT) - plain
    removed = evidence.both(FINAL_BN, REMOVED) - plain
    control = threshold_gain(evidence)
    ranking = evidence.auc(FINAL_BN, KEPT)
    return AllOf(
        (
            Effect("gain with the layer removed", removed, control),
            Effect("gain with the layer kept", kept, control),
            NotWorse(
                "AUC removed minus kept",
                evidence.auc(FINAL_BN, REMOVED) - ranking,
                gates=(Gate(label="AUC of final BN above .5", gain=ranking.above(0.5)),),
                margin=evidence.rules.ranking_margin,
                absence=False,
            ),
        )
    )
