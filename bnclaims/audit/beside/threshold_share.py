"""Threshold share: how much of a gain in Youden's J any moved threshold would give."""

from __future__ import annotations

from bnclaims import stats
from bnclaims.audit.beside.ratios import HALF, ratio_of
from bnclaims.audit.beside.results import Mostly, Size, ThresholdShare
from bnclaims.audit.beside.sizes import size_of
from bnclaims.audit.evidence.per_seed import Column
from bnclaims.protocol.rules import Rules


def threshold_share_of(gain: Column, ranking: Column, rules: Rules) -> ThresholdShare:
    """From the gain in J, and that in J at thresholds chosen on the other half of the test.

    Both are final BN minus plain. What is no gain of the second is the threshold's.
    """
    threshold = gain - ranking
    known = [at for at, there in enumerate(threshold.known) if there]
    share, size = ratio_of(threshold, gain, rules), size_of(gain, rules)
    return ThresholdShare(
        word=_word(share, size),
        share=share,
        gain=size,
        ranking=size_of(ranking, rules),
        threshold=size_of(threshold, rules),
        by_seed={gain.seeds[at]: (gain.low[at], threshold.low[at]) for at in known},
    )


def _word(share: stats.Ratio, gain: Size) -> Mostly:
    # The interval is bounded exactly where the test shows that the gain is not 0; a loss is no gain.
    if not share.bounded or (gain.estimate or 0) <= 0:
        return Mostly.NO_GAIN
    if share.low >= HALF:
        return Mostly.THRESHOLD
    return Mostly.RANKING if share.high < HALF else Mostly.NOT_KNOWN
