"""Studentised bootstrap interval of the mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bnclaims.stats._exact import (
    Number,
    Numbers,
    check_count,
    exact_numbers,
    inside_unit,
    random_stream,
)

# Resamples at a time: small enough for a processor's cache.
_CHUNK = 1 << 10


@dataclass(frozen=True)
class BootstrapT:
    """Mean and its bootstrap-t interval, in the unit of the differences."""

    estimate: float
    low: float
    high: float


def bootstrap_t(
    differences: Numbers, *, confidence: Number = 0.95, draws: int = 9_999, seed: int = 0
) -> BootstrapT:
    """Bootstrap-t interval of the mean, which follows skewness where a rank interval does not.

    Each resample b of the n differences gives t_b = (mean_b - mean) / se_b; with the lower and
    upper quantiles t_low and t_high of the t_b (order statistics k and B + 1 - k, k the integer
    part of (B + 1) (1 - confidence) / 2) the interval is mean - t_high se to mean - t_low se.
    Assumption: independent differences with a finite variance; coverage is approximate.

    A resample that drew one value only has se_b = 0. Its t_b is taken as infinite with the sign
    of mean_b - mean (0 if they agree): the sample then cannot bound its own tail, and an end that
    rests on such a quantile is infinite. It is not redrawn, as that would shorten the interval
    exactly where the data say least. Constant differences give an interval of one point.

    Shapes and units: ``differences`` is (n,) with n >= 8; results have its unit.
    Errors: ``ValueError`` for n < 8, non-finite differences, a confidence outside (0, 1) and
    fewer draws than the quantiles need (2 / (1 - confidence)).
    Reference: Efron (1981); Hall (1988).
    """
    exact = exact_numbers(differences, "differences", at_least=8)
    alpha = 1 - inside_unit(confidence, "confidence")
    check_count(draws, "draws", at_least=math.ceil(2 / alpha))
    check_count(seed, "seed", at_least=0)
    estimate = float(sum(exact) / len(exact))
    if len(set(exact)) == 1:
        return BootstrapT(estimate, estimate, estimate)

    values = np.array([float(value) for value in exact])
    error = _standard_error(values[np.newaxis], values.mean(keepdims=True))[0]
    drawn = _places(len(values), draws, seed)
    studentised = np.concatenate(
        [
            _studentised(values[drawn[start : start + _CHUNK]], estimate)
            for start in range(0, draws, _CHUNK)
        ]
    )
    studentised.sort()
    place = int((draws + 1) * alpha / 2)
    t_low, t_high = studentised[place - 1], studentised[draws - place]
    return BootstrapT(estimate, float(estimate - t_high * error), float(estimate - t_low * error))


# A report asks for the same number of seeds and draws dozens of times; megabytes each.
@lru_cache(maxsize=4)
def _places(n: int, draws: int, seed: int) -> NDArray[np.int64]:
    """Which of n differences each resample draws, shape (draws, n)."""
    places: NDArray[np.int64] = random_stream(seed).integers(n, size=(draws, n))
    return places


def _studentised(resamples: NDArray[np.float64], estimate: float) -> NDArray[np.float64]:
    """The t of each row; infinite or 0 where the row holds one value only."""
    # Compared by value: the mean of equal floats may round, and its "spread" is then not 0.
    one_value = (resamples == resamples[:, :1]).all(axis=1)
    means = resamples.mean(axis=1)
    shifts = np.where(one_value, resamples[:, 0], means) - estimate
    studentised: NDArray[np.float64] = np.where(
        one_value,
        np.where(shifts == 0, 0.0, np.copysign(np.inf, shifts)),
        shifts / np.where(one_value, 1.0, _standard_error(resamples, means)),
    )
    return studentised


def _standard_error(
    samples: NDArray[np.float64], means: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Standard error of the mean of each row."""
    n = samples.shape[1]
    away = samples - means[:, np.newaxis]
    away *= away
    error: NDArray[np.float64] = np.sqrt(away.sum(axis=1) / (n - 1)) / math.sqrt(n)
    return error
