"""Ranking: whether final BN separates the classes better at any threshold."""

from bnclaims.audit import (
    FINAL_BN,
    PLAIN,
    Column,
    Effect,
    Evidence,
    NotWorse,
    Question,
    claim,
    gain_of_final_bn,
)

SOURCE = "this audit"


def _precision(evidence: Evidence) -> Column:
    return evidence.average_precision(FINAL_BN) - evidence.average_precision(PLAIN)


@claim(
    "alt-ranking-better",
    "The network with final BN ranks images better than the plain one.",
    title="Does the layer rank images better?",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="better",
    tells=Question(
        text="Does the layer rank images better (area under the ROC curve)?",
        place=5,
        no="no better",
        weaker=("alt-ranking", "no worse", "no, worse"),
    ),
)
def test_final_bn_ranks_better(evidence: Evidence) -> Effect:
    """Area under the ROC curve, final BN minus plain: larger by what matters, not only no smaller."""
    difference = evidence.auc(FINAL_BN) - evidence.auc(PLAIN)
    smallest = evidence.rules.ranking_margin
    return Effect("AUC gained by final BN", difference, gain_of_final_bn(evidence), smallest)


@claim(
    "alt-precision",
    "The network with final BN has no lower average precision than the plain one.",
    title="Is average precision no lower with the layer?",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="no lower",
)
def test_final_bn_is_no_less_precise(evidence: Evidence) -> NotWorse:
    """Average precision for the minority on the balanced test set, final BN minus plain."""
    margin, gates = evidence.rules.ranking_margin, gain_of_final_bn(evidence)
    label = "average precision of final BN minus plain"
    return NotWorse(label, _precision(evidence), gates, margin)


@claim(
    "alt-precision-better",
    "The network with final BN has a higher average precision than the plain one.",
    title="Is average precision higher with the layer?",
    arms=(PLAIN, FINAL_BN),
    source=SOURCE,
    wording="higher",
    tells=Question(
        text="Does it rank them better (average precision)?",
        place=6,
        no="no better",
        weaker=("alt-precision", "no worse", "no, worse"),
    ),
)
def test_final_bn_is_more_precise(evidence: Evidence) -> Effect:
    """Average precision, final BN minus plain: larger by what matters; same margin as for ranking."""
    smallest, gates = evidence.rules.ranking_margin, gain_of_final_bn(evidence)
    return Effect("average precision gained by final BN", _precision(evidence), gates, smallest)
