"""Randomisation test of the mean by sign flips, and the p-value that verdicts use."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bnclaims.stats._exact import (
    ALTERNATIVES,
    ONE_SIDED,
    Alternative,
    Number,
    Numbers,
    OneSided,
    Zeros,
    centred_integers,
    check_choice,
    check_count,
    exact_number,
    exact_numbers,
    fixed_point,
    random_stream,
)
from bnclaims.stats.signed_rank import signed_rank

_LARGEST_EXACT_N = 40
_BLOCK = 8


@dataclass(frozen=True)
class SignFlip:
    """Mean beyond the shift, its p-value, number of nonzero differences, whether p is exact."""

    statistic: float
    pvalue: float
    n: int
    exact: bool


def sign_flip_mean(
    differences: Numbers,
    *,
    shift: Number = 0.0,
    alternative: Alternative = "greater",
    draws: int = 99_999,
    seed: int = 0,
) -> SignFlip:
    """Exact randomisation test of the mean under sign flips.

    Null hypothesis: the differences are symmetric about ``shift`` (for "greater": about ``shift``
    or a smaller value). Assumption: independence. Unlike the rank sum, the mean is pulled by long
    tails, so the two tests err in different directions when symmetry fails.

    The p-value is the share of the 2^n sign patterns of ``x = d - shift`` whose mean is at least
    the observed one. Flipping the set F lowers the sum by twice the sum of x over F, so for
    "greater" it is the share of subsets with sum <= 0. To n = 40 nonzero differences these are
    counted by meeting in the middle (sums of two halves, one sorted, one looked up); above, p is
    (b + 1) / (B + 1) from B = ``draws`` random patterns. Arithmetic is in integers; where the
    common denominator is too large for int64, sums within the rounding error count as ties, that
    is as at least as extreme. All zeros: p = 1. Two-sided: twice the smaller one, at most 1.

    Shapes and units: ``differences`` is (n,); ``shift`` and the statistic have its unit.
    Errors: ``ValueError`` for empty, non-finite or not one-dimensional differences, an unknown
    alternative, fewer than one draw or a negative seed.
    References: Fisher (1935), section 21; Horowitz and Sahni (1974) for the two halves; Phipson
    and Smyth (2010) for the Monte Carlo p-value.
    """
    values = exact_numbers(differences, "differences")
    check_choice(alternative, "alternative", ALTERNATIVES)
    check_count(draws, "draws", at_least=1)
    check_count(seed, "seed", at_least=0)
    centre = exact_number(shift, "shift")
    centred, denominator = centred_integers(values, centre)
    statistic = float(Fraction(sum(centred), denominator * len(centred)))

    numerators = [value for value in centred if value]
    # Without a common factor more tables fit in int64 as they are.
    step = math.gcd(*numerators) or 1
    numerators = [value // step for value in numerators]
    flips, bits = fixed_point(numerators, largest_sum=sum(map(abs, numerators)))
    # Half a unit of rounding per difference.
    tolerance = (len(flips) + 1) // 2 if bits else 0

    exact = len(flips) <= _LARGEST_EXACT_N

    def share(sign: int) -> float:
        if exact:
            return _share_at_most(sign * flips, tolerance)
        sums = _random_sums(flips, draws, random_stream(seed))
        return (int(np.count_nonzero(sign * sums <= tolerance)) + 1) / (draws + 1)

    greater = share(1) if alternative != "less" else 1.0
    less = share(-1) if alternative != "greater" else 1.0
    pvalue = min(greater, less) if alternative != "two-sided" else min(1.0, 2 * min(greater, less))
    return SignFlip(statistic, pvalue, len(flips), exact)


def judged(
    differences: Numbers,
    *,
    shift: Number = 0.0,
    alternative: OneSided = "greater",
    zeros: Zeros = "pratt",
) -> float:
    """One-sided p-value of the verdicts: the larger of signed rank and sign-flip mean.

    Null hypothesis: theta <= ``shift`` for "greater", theta >= ``shift`` for "less". Each part
    alone is exact only under symmetry; the maximum is valid whenever either is, so that skewed
    differences do not pass on their ranks alone. The cost in power is small.

    Shapes, units and errors as `signed_rank` and `sign_flip_mean` (whose default draws and seed
    hold above 40 differences); "two-sided" is refused, since it would hide which side was tested.
    Reference: Berger (1982), intersection-union test.
    """
    check_choice(alternative, "alternative", ONE_SIDED)
    exact = exact_numbers(differences, "differences")
    ranked = signed_rank(exact, shift=shift, alternative=alternative, zeros=zeros)
    flipped = sign_flip_mean(exact, shift=shift, alternative=alternative)
    return max(ranked.pvalue, flipped.pvalue)


def _subset_sums(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sums of all 2^n subsets."""
    sums = np.zeros(1, dtype=np.int64)
    for value in values:
        sums = np.concatenate((sums, sums + value))
    return sums


def _share_at_most(values: NDArray[np.int64], limit: int) -> float:
    """Share of all subsets whose sum is at most ``limit``."""
    middle = len(values) // 2
    # searchsorted is several times faster when its queries are sorted too.
    left = np.sort(limit - _subset_sums(values[:middle]))
    right = np.sort(_subset_sums(values[middle:]))
    return int(np.searchsorted(right, left, side="right").sum()) / (1 << len(values))


def _random_sums(
    values: NDArray[np.int64], draws: int, stream: np.random.Generator
) -> NDArray[np.int64]:
    """Sums of ``draws`` random subsets: one random entry from the table of each block of values."""
    sums = np.zeros(draws, dtype=np.int64)
    for start in range(0, len(values), _BLOCK):
        table = _subset_sums(values[start : start + _BLOCK])
        sums += table[stream.integers(len(table), size=draws)]
    return sums
