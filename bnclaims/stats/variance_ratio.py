"""Variance ratio: that of two variances that were measured on the same seeds, with an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from bnclaims.stats._exact import Number, Numbers, exact_numbers, inside_unit


@dataclass(frozen=True)
class VarianceRatio:
    """Variance of the first values over that of the second, and the ends of its interval."""

    ratio: float
    low: float
    high: float


def variance_ratio(
    sample: Numbers, reference: Numbers, *, confidence: Number = 0.9
) -> VarianceRatio:
    """Jackknife interval for the ratio of two variances, paired by seed.

    The logarithm of the ratio is taken again without each seed in turn; the pseudo-values have a
    t interval. Leaving out a seed leaves out both of its values, so what the two have in common
    narrows the interval, as it does in the test of Pitman and Morgan. Unlike theirs, the interval
    does not rest on a normal distribution, which scores between 0 and 1 do not have.

    Two sequences without any spread have the ratio 1. Where one has none, or owes all of it to a
    single seed, the interval is (0, inf): nothing is known.

    Assumption: independent seeds. Shapes and units: ``sample`` and ``reference`` are (n,), n >= 3, in
    one unit. Errors: ``ValueError`` for fewer than three, different numbers of or non-finite values
    and a confidence outside (0, 1).
    References: Miller (1968), Jackknifing variances; Pitman (1939) for pairs.
    """
    tail = float(1 - inside_unit(confidence, "confidence")) / 2
    columns = [
        [float(value) for value in exact_numbers(values, name, at_least=3)]
        for values, name in ((sample, "sample"), (reference, "reference"))
    ]
    if len(columns[0]) != len(columns[1]):
        raise ValueError(
            f"reference holds {len(columns[1])} numbers, give {len(columns[0])}, one per seed"
        )
    rows = np.array(columns)
    whole = _variances(rows)
    if columns[0] == columns[1] or not whole.any():
        return VarianceRatio(1.0, 1.0, 1.0)
    ratio = float(whole[0] / whole[1]) if whole[1] else math.inf
    n = rows.shape[1]
    places = np.arange(n)
    without = _variances(rows[:, [places[places != left_out] for left_out in places]])
    if not (whole.all() and without.all()):
        return VarianceRatio(ratio, 0.0, math.inf)
    log = math.log(ratio)
    pseudo = n * log - (n - 1) * np.log(without[0] / without[1])
    centre = float(pseudo.mean())
    reach = float(stdtrit(n - 1, 1 - tail)) * float(pseudo.std(ddof=1)) / math.sqrt(n)
    return VarianceRatio(ratio, math.exp(centre - reach), math.exp(centre + reach))


def _variances(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variances over the last axis, exactly 0 where nothing varies."""
    found: NDArray[np.float64] = values.var(axis=-1, ddof=1)
    return np.where(np.ptp(values, axis=-1) == 0, 0.0, found)
