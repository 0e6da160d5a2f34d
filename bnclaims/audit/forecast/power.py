"""The smallest effect, or the smallest margin, that a look can show, by the spread of differences."""

from __future__ import annotations

import math
from functools import lru_cache

from bnclaims.audit.forecast.contrasts import Contrast
from bnclaims.protocol.rules import Rules
from bnclaims.stats.power import signed_rank_power, tost_power

POWER = 0.8

# Spreads above 0 by which no effect of interest could hide: a search ends there.
_LARGEST = 64.0
_STEPS = 14
# Upper 80 % point of the normal distribution, times the standard error of the pseudomedian of n
# normal values in units of SD / sqrt(n), sqrt(pi / 3) (Hodges and Lehmann 1963).
_ESTIMATE = 0.8416 * math.sqrt(math.pi / 3)


@lru_cache(maxsize=256)
def standardised(n: int, level: float, sides: int) -> float | None:
    """The distance, in standard deviations, at which normal differences give `POWER` at one look.

    One side: from the tested value to the true one. Two sides: from a true 0 to either margin.
    None when n seeds cannot reach the level at all. Simulated (`stats.power`), good to about 1 %.
    """
    if 2.0**-n > level:
        return None

    def power(distance: float) -> float:
        if sides == 1:
            return signed_rank_power(distance, n, level)
        return tost_power(distance, n, level)

    low, high = 0.0, 1.0
    while power(high) < POWER:
        low, high = high, 2 * high
        if high > _LARGEST:
            return None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if power(middle) < POWER else (low, middle)
    return high


def smallest_at(
    contrast: Contrast, spread: float, n: int, level: float, rules: Rules
) -> float | None:
    """What the look at ``n`` seeds shows by itself with `POWER`, in the unit of the contrast.

    For effects the smallest true value told from 0; for absence the smallest margin within which a
    true 0 is shown to lie. ``level`` is that of the verdict, of which the look has its share. None
    where the look has none or cannot reach it.
    """
    weights = rules.absence_looks if contrast.absence else rules.effect_looks
    if n not in weights:
        return None
    distance = standardised(n, level * weights[n] * contrast.share, contrast.sides)
    return None if distance is None else distance * spread


def supported_from(contrast: Contrast, smallest: float, spread: float, n: int) -> float:
    """The smallest true effect that is called SUPPORTED with `POWER`: the estimate must reach a line too."""
    if contrast.target is None or contrast.absence:
        return smallest
    return max(smallest, contrast.target + _ESTIMATE * spread / math.sqrt(n))
