"""Sign flips: the randomisation test of the mean, and the p-value that verdicts use."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

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
from bnclaims.stats._subset_sums import share_at_most, subset_sums, upper_tail
from bnclaims.stats.signed_rank import signed_rank

# Up to here two tables of half of the sign patterns fit in a processor's cache or nearly so.
_LARGEST_HALVED_N = 40
# The largest sum of sizes for which a convolution takes milliseconds at any n.
_LARGEST_SUM = 1 << 20
_BLOCK = 8
# So many sums and their tables stay in a processor's cache, which halves the time.
_CACHED = 8192


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
    the observed one, that is the chance that a random subset of the sizes |x| sums to at least the
    sum of the positive x. It is exact by convolution, for any n, where the sizes are small
    multiples of a common step (recalls on 150 images, ranks), and to n = 40 nonzero differences by
    meeting in the middle where they are not (F1, whose denominators differ). Only beyond both is
    p = (b + 1) / (B + 1) from B = ``draws`` random patterns, and ``exact`` is False. Arithmetic is
    in integers; where the common denominator is too large for int64, sums within the rounding
    error count as ties, that is as at least as extreme. All zeros: p = 1. Two-sided: twice the
    smaller one, at most 1.

    Shapes and units: ``differences`` is (n,); ``shift`` and the statistic have its unit.
    Errors: ``ValueError`` for empty, non-finite or not one-dimensional differences, an unknown
    alternative, fewer than one draw or a negative seed.
    References: Fisher (1935), section 21; Streitberg and Roehmel (1986) and Horowitz and Sahni
    (1974) for the algorithms; Phipson and Smyth (2010) for the Monte Carlo p-value.
    """
    values = exact_numbers(differences, "differences")
    check_choice(alternative, "alternative", ALTERNATIVES)
    check_count(draws, "draws", at_least=1)
    check_count(seed, "seed", at_least=0)
    centre = exact_number(shift, "shift")
    centred, denominator = centred_integers(values, centre)
    statistic = float(Fraction(sum(centred), denominator * len(centred)))

    numerators = [value for value in centred if value]
    # Without a common factor sums are smaller, and more of them fit in int64 as they are.
    step = math.gcd(*numerators) or 1
    numerators = [value // step for value in numerators]
    sizes = [abs(value) for value in numerators]
    n, largest_sum = len(sizes), sum(sizes)
    # Never by floats: two patterns with the same mean could round apart, and a tie with the observed
    # one, which must count, would be lost.
    # Below this many cells the convolution is also the faster one of the two.
    convolved = largest_sum <= min(_LARGEST_SUM, 16 << (n // 2))
    flips, bits = fixed_point(numerators, largest_sum=largest_sum)
    # Half a unit of rounding per difference.
    tolerance = (n + 1) // 2 if bits else 0
    exact = convolved or n <= _LARGEST_HALVED_N

    def share(sign: int) -> float:
        # "less" is "greater" with all signs turned.
        if convolved:
            # A pattern is the subset of sizes that count as positive: its sum ranks as the mean does.
            return upper_tail(sizes, sum(size for size in numerators if sign * size > 0) * sign)
        # A pattern is the subset of differences that are turned: twice its sum is taken off the total,
        # so that the mean is at least the observed one where that sum is at most 0.
        if exact:
            return share_at_most(sign * flips, tolerance)
        sums = _random_sums(flips, draws, seed)
        return (int(np.count_nonzero(sign * sums <= tolerance)) + 1) / (draws + 1)

    greater = share(1) if alternative != "less" else 1.0
    less = share(-1) if alternative != "greater" else 1.0
    pvalue = min(greater, less) if alternative != "two-sided" else min(1.0, 2 * min(greater, less))
    return SignFlip(statistic, pvalue, n, exact)


def sign_flip_bound(
    differences: Numbers, *, shift: Number = 0.0, alternative: OneSided = "greater"
) -> float:
    """Hoeffding's bound on the p-value of the sign-flip test, in a time that n alone decides.

    With x = d - shift ("less": shift - d) and random signs s, for a sum of x above 0,

        p = P(sum of s |x| >= sum of x) <= exp(-(sum of x)^2 / (2 sum of x^2)),

    and 1 otherwise. It says that a p-value is small, never that it is large. To rounding, some
    1e-13 of itself.

    Null hypothesis and assumption: as `sign_flip_mean`. Shapes and units: ``differences`` is (n,);
    ``shift`` has its unit. Errors: ``ValueError`` for differences as in `sign_flip_mean` and an
    alternative other than "greater" or "less".
    Reference: Hoeffding (1963), Journal of the American Statistical Association 58:13-30, theorem 2.
    """
    check_choice(alternative, "alternative", ONE_SIDED)
    values, centre = exact_numbers(differences, "differences"), exact_number(shift, "shift")
    # Floats after the subtraction: nothing hangs on ties here.
    numerators, denominator = centred_integers(values, centre)
    sign = 1 if alternative == "greater" else -1
    beyond = [sign * numerator / denominator for numerator in numerators]
    total, squares = math.fsum(beyond), math.fsum(x * x for x in beyond)
    return math.exp(-(total**2) / (2 * squares)) if total > 0 else 1.0


def judged(
    differences: Numbers,
    *,
    shift: Number = 0.0,
    alternative: OneSided = "greater",
    zeros: Zeros = "pratt",
    draws: int = 99_999,
    seed: int = 0,
) -> float:
    """One-sided p-value of the verdicts: the larger of signed rank and sign-flip mean.

    Null hypothesis: theta <= ``shift`` for "greater", theta >= ``shift`` for "less". Each part
    alone is exact only under symmetry; the maximum is valid whenever either is, so that skewed
    differences do not pass on their ranks alone. The cost in power is small.

    Assumption: independent differences. Shapes and units: ``differences`` is (n,); ``shift`` has
    its unit; ``draws`` and ``seed`` matter only where `sign_flip_mean` is not exact.
    Errors: as `signed_rank` and `sign_flip_mean`; "two-sided" is refused, since it would hide
    which side was tested.
    Reference: Berger (1982), intersection-union test.
    """
    check_choice(alternative, "alternative", ONE_SIDED)
    exact = exact_numbers(differences, "differences")
    ranked = signed_rank(exact, shift=shift, alternative=alternative, zeros=zeros)
    flipped = sign_flip_mean(exact, shift=shift, alternative=alternative, draws=draws, seed=seed)
    return max(ranked.pvalue, flipped.pvalue)


def _random_sums(values: NDArray[np.int64], draws: int, seed: int) -> NDArray[np.int64]:
    """Sums of ``draws`` random subsets: one random entry from the table of each block of values."""
    sums = np.zeros(draws, dtype=np.int64)
    tables = [subset_sums(values[at : at + _BLOCK]) for at in range(0, len(values), _BLOCK)]
    places = _random_places(len(values), draws, seed)
    for start in range(0, draws, _CACHED):
        some = slice(start, start + _CACHED)
        for table, places_of_block in zip(tables, places, strict=True):
            sums[some] += table.take(places_of_block[some])
    return sums


# The same for all differences of a length; an audit judges several at a time.
@lru_cache(maxsize=8)
def _random_places(n: int, draws: int, seed: int) -> tuple[NDArray[np.uint8], ...]:
    """Which subset of each block of ``n`` values a draw has."""
    stream = random_stream(seed)
    sizes = [1 << min(_BLOCK, n - start) for start in range(0, n, _BLOCK)]
    return tuple(stream.integers(size, size=draws).astype(np.uint8) for size in sizes)
