"""Ratios of gains: the exact interval of `bnclaims.stats.ratio_interval` over the observed seeds."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

from bnclaims import stats
from bnclaims.audit.evidence.per_seed import Column
from bnclaims.protocol.rules import Rules

HALF = 0.5


def ratio_of(numerator: Column, denominator: Column, rules: Rules) -> stats.Ratio:
    """The ratio over the seeds in which both were observed; the whole line where there is none.

    Descriptive: nominal confidence at the look where the cell stopped.
    """
    pairs = [
        (numerator.low[place], denominator.low[place])
        for place, known in enumerate(numerator.known & denominator.known)
        if known
    ]
    if not pairs:
        return stats.Ratio(math.nan, -math.inf, math.inf)
    return _ratio(tuple(pairs), rules.confidence)


# Claims share networks: the same share stands beside several of them.
@lru_cache(maxsize=256)
def _ratio(pairs: tuple[tuple[Fraction, Fraction], ...], confidence: float) -> stats.Ratio:
    tops, bottoms = zip(*pairs, strict=True)
    return stats.ratio_interval(tops, bottoms, confidence=confidence)
