"""Ranking: whether final BN separates the classes better at any threshold."""

from bnclaims.audit import (
    FINAL_BN,
    PLAIN,
    Comparison,
    Evidence,
    Question,
    claim,
    layer_gain,
)

SOURCE = "this audit"


@claim(
    "alt-ranking",
    "The network with final BN ranks images as well as the plain one.",
    title="Does the layer rank images as well?",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="as well",
    tells=Question(text="How does the layer rank images (area under the ROC curve)?", place=5),
)
def test_final_bn_ranks_as_well(evidence: Evidence) -> Comparison:
    """Area under the ROC curve, final BN minus plain: what no threshold can change."""
    return Comparison(
        "AUC of final BN minus plain",
        evidence.auc(FINAL_BN) - evidence.auc(PLAIN),
        layer_gain(evidence),
        margin=evidence.rules.ranking_margin,
    )


@claim(
    "alt-precision",
    "The network with final BN has as high an average precision as the plain one.",
    title="Is average precision as high with the layer?",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="as high",
    tells=Question(text="How does it rank them (average precision)?", place=6),
)
def test_final_bn_is_as_precise(evidence: Evidence) -> Comparison:
    """Average precision for the minority on the balanced test, final BN minus plain; margin as above."""
    return Comparison(
        "average precision of final BN minus plain",
        evidence.average_precision(FINAL_BN) - evidence.average_precision(PLAIN),
        layer_gain(evidence),
        margin=evidence.rules.ranking_margin,
    )
