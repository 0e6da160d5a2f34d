"""The smallest effect, or the smallest margin, that accumulated evidence shows by a night."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from bnclaims.audit.evidence.scores import Floats
from bnclaims.audit.forecast.contrasts import Contrast
from bnclaims.audit.forecast.power import POWER
from bnclaims.protocol.rules import Accumulation

# The parts of all nights after which a forecast says what is shown.
_PARTS = (1 / 12, 1 / 4, 1 / 2, 1)
_DRAWS = 200
# Distances in standard deviations, each a fourth above the one before.
_DISTANCES = tuple(0.05 * 1.25**step for step in range(20))


def seeds_shown(how: Accumulation) -> tuple[int, ...]:
    """Numbers of seeds, each the end of a night, after which a forecast says what is shown."""
    nights = {math.ceil(part * how.nights) for part in _PARTS}
    return tuple(how.seeds_per_night * night for night in sorted(nights))


def smallest_by(
    contrast: Contrast, spread: float, level: float, how: Accumulation
) -> dict[int, float | None]:
    """What is shown with `power.POWER` by each of `seeds_shown`, in the unit of the contrast.

    As `power.smallest_at`, with the e-processes of `bnclaims.stats.anytime` in place of tests:
    their evidence is simulated for normal differences, cut off at the bounds of the contrast, and
    interpolated between `_DISTANCES`; good to a few per cent. None where no distance is enough.
    """
    seeds = seeds_shown(how)
    line = 0.0 if contrast.within else contrast.target
    worst = float(contrast.column.worst)
    low, high = ((bound - line) / spread for bound in (-worst, worst))
    needed = -math.log(level * contrast.share)
    powers = np.array(
        [
            (evidence(distance, contrast, low, high, seeds, how.bets) >= needed).mean(axis=0)
            for distance in _DISTANCES
        ]
    )
    found = {n: _crossing(powers[:, place], spread) for place, n in enumerate(seeds)}
    return {n: None if distance is None else line + distance for n, distance in found.items()}


def evidence(
    distance: float,
    contrast: Contrast,
    low: float,
    high: float,
    seeds: tuple[int, ...],
    bets: tuple[float, ...],
) -> Floats:
    """The largest logarithm of evidence so far in simulated audits, shape (audits, seeds).

    Everything is in standard deviations: the ``distance`` from what is tested to the truth, and the
    bounds ``low`` and ``high`` of a difference. Of two sides, or of ranks and mean, the lesser.
    """
    # Absence: the margin is tested and the truth is 0. An effect: the line is, which is where the
    # bounds are counted from, and the truth lies beyond.
    tested = -distance if contrast.within else 0.0
    found = _both(distance, False, tested - low, high - tested, seeds, bets)
    if contrast.sides == 2:
        other = _both(distance, True, high + tested, -low - tested, seeds, bets)
        found = np.minimum(found, other)
    return found


def _both(
    distance: float,
    mirrored: bool,
    below: float,
    above: float,
    seeds: tuple[int, ...],
    bets: tuple[float, ...],
) -> Floats:
    """The lesser evidence of ranks and mean.

    ``below`` and ``above`` are how far from what is tested a difference can lie, away from and
    towards the truth.
    """
    last = [n - 1 for n in seeds]
    if below <= 0:
        # The margin lies outside of what a difference can be.
        return np.full((_DRAWS, len(seeds)), -math.inf)
    beyond = _beyond(distance, mirrored, seeds[-1]).clip(-below, above) / below
    mean = np.maximum.accumulate(_mixed(beyond, bets), axis=1)[:, last]
    return np.minimum(mean, _ranked(distance, mirrored, seeds, bets))


# The same for all contrasts: ranks know no bounds, but where differences are cut off.
@lru_cache(maxsize=4 * len(_DISTANCES))
def _ranked(
    distance: float, mirrored: bool, seeds: tuple[int, ...], bets: tuple[float, ...]
) -> Floats:
    beyond = _beyond(distance, mirrored, seeds[-1])
    sizes = np.abs(beyond)
    smaller = [(sizes[:, :n] < sizes[:, n : n + 1]).sum(axis=1) for n in range(seeds[-1])]
    shares = (2 * np.array(smaller).T + 1) / (2 * np.arange(1, seeds[-1] + 1))
    mixed = _mixed(np.sign(beyond) * shares, bets)
    return np.maximum.accumulate(mixed, axis=1)[:, [n - 1 for n in seeds]]


def _mixed(factors: Floats, bets: tuple[float, ...]) -> Floats:
    """Logarithm of the mean over bets of the products so far of 1 + bet x factor."""
    products = np.cumsum(np.log1p(np.multiply.outer(bets, factors)), axis=2)
    mixed: Floats = np.logaddexp.reduce(products, axis=0) - math.log(len(bets))
    return mixed


def _beyond(distance: float, mirrored: bool, seeds: int) -> Floats:
    """Normal differences from what is tested, towards the truth, shape (audits, seeds)."""
    noise = np.random.default_rng(0).normal(size=(_DRAWS, seeds))
    return distance + (-noise if mirrored else noise)


def _crossing(powers: Floats, spread: float) -> float | None:
    """The distance at which power reaches `POWER`, in the unit of ``spread``."""
    enough = np.flatnonzero(powers >= POWER)
    if not len(enough):
        return None
    place = int(enough[0])
    if not place:
        return _DISTANCES[0] * spread
    before, after = powers[place - 1], powers[place]
    part = (POWER - before) / (after - before)
    return (
        float(_DISTANCES[place - 1] + part * (_DISTANCES[place] - _DISTANCES[place - 1])) * spread
    )
