"""Retained share: how much of a gain is left after the layer is removed."""

from __future__ import annotations

from bnclaims import stats
from bnclaims.audit.beside.ratios import HALF, ratio_of
from bnclaims.audit.beside.results import RetainedShare, Retention
from bnclaims.audit.evidence.both_scores import Scores
from bnclaims.protocol.rules import Rules


def retained_share_of(kept: Scores, removed: Scores, rules: Rules) -> RetainedShare:
    """From the gains over the plain network in both scores, with the layer and after its removal."""
    f1, j = (ratio_of(*pair, rules) for pair in zip(removed, kept, strict=True))
    return RetainedShare(
        word=_word(f1, j), f1=f1, j=j, below_half=any(r.bounded and r.high < HALF for r in (f1, j))
    )


def _word(*shares: stats.Ratio) -> Retention:
    if not all(share.bounded for share in shares):
        return Retention.NOT_KNOWN
    if all(share.low >= HALF for share in shares):
        return Retention.MOST
    return Retention.PART if all(share.low > 0 for share in shares) else Retention.NOT_KNOWN
