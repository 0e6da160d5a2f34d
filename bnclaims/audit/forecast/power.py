"""The smallest effect, or the smallest margin, that a look can show, by the spread of differences."""

from __future__ import annotations

import math
from functools import lru_cache

from bnclaims.audit.forecast.contrasts import Contrast
from bnclaims.protocol.rules import Rules
from bnclaims.stats.mean_guard import BET
from bnclaims.stats.power import signed_rank_power, tost_power

POWER = 0.8

# Spreads above 0 by which no effect of interest could hide: a search ends there.
_LARGEST = 64.0
_STEPS = 14
# Upper points of the normal distribution that `POWER` asks for, by how many sides must be rejected.
_SIGMAS = {1: 0.8416, 2: 1.2816}


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

    For effects the smallest true value told to be above the line; for absence the smallest margin
    within which a true 0 is shown to lie. ``level`` is that of the verdict, of which the look has its
    share. None where the look has none or cannot reach it.
    """
    weights = rules.absence_looks if contrast.absence else rules.effect_looks
    if n not in weights:
        return None
    distance = standardised(n, level * weights[n] * contrast.share, contrast.sides)
    if distance is None:
        return None
    tested = distance * spread + (0.0 if contrast.within else contrast.target)
    if contrast.kind == "dose":
        return tested
    needed = -math.log(level * weights[n] * contrast.share / rules.largest_weight)
    return max(tested, _guarded(contrast, spread, n, needed))


def _guarded(contrast: Contrast, spread: float, n: int, needed: float) -> float:
    """The value, or the margin, from which on the guard of `bnclaims.stats.mean_guard` lets it pass.

    The logarithm of its evidence, a sum over seeds, must reach ``needed`` with `POWER`: that of normal
    differences by the delta method, good to a few per cent.
    """
    worst = float(contrast.column.worst)
    noise = BET * spread / worst

    def lower(gain: float) -> float:
        """Lower end of the evidence where a seed's factor is 1 + ``gain`` in mean."""
        share = noise / (1 + gain)
        return (
            n * (math.log1p(gain) - share**2 / 2) - _SIGMAS[contrast.sides] * math.sqrt(n) * share
        )

    low, high = 0.0, 1.0
    while lower(high) < needed:
        low, high = high, 2 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if lower(middle) < needed else (low, middle)
    # An effect's line is 0, which lies its own size below it; that of absence is twice the margin.
    return high * worst / (BET + high) / 2 if contrast.within else high * worst / BET
