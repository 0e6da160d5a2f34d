"""Anytime p-values: they hold at every stopping time, for evidence to which seeds are added without end."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bnclaims.stats._exact import (
    ONE_SIDED,
    Number,
    Numbers,
    OneSided,
    centred_integers,
    check_choice,
    exact_number,
    exact_numbers,
)

# Shares of the largest bet that cannot lose everything. Scores of networks differ by little of what
# they could differ by, so that the best bet is a large one; a half is there for the wide ones.
BETS = (0.5, 0.9)


def rank_evidence(
    differences: Numbers,
    *,
    shift: Number = 0.0,
    alternative: OneSided = "greater",
    bets: Numbers = BETS,
) -> NDArray[np.float64]:
    """Logarithm of an e-process of sequential signed ranks, after each seed.

    Null hypothesis: given the past, each difference is symmetric about ``shift`` or a smaller
    value ("less": or a larger one). With x = d - shift and r the share of the sizes |x| so far that
    are smaller than that of this seed (its own and equal ones count half),

        e = mean over the bets b of the product of 1 + b sign(x) r.

    Given the past and its size, a symmetric x has either sign with chance 1/2, so that each factor
    has mean 1; it rises with x, so that a smaller centre makes it smaller. Without symmetry the
    mean of sign(x) r tends to (P(x + x' > 0) - P(x + x' < 0)) / 2 over pairs of seeds: evidence
    grows where the pseudomedian is beyond the shift, as with the signed rank test, and not where the
    mean alone is.

    Assumption: symmetry given the past; seeds need not be alike otherwise.
    Shapes and units: ``differences`` is (n,) in order of arrival, the result (n,); ``bets`` are
    shares between 0 and 1 chosen beforehand.
    Errors: ``ValueError`` for differences as in `signed_rank`, an alternative other than "greater"
    or "less", and other bets.
    References: Reynolds (1975), A sequential signed-rank test for symmetry; Ramdas, Ruf, Larsson and
    Koolen (2020), arXiv:2009.03167, for bets on signs.
    """
    values, centre = exact_numbers(differences, "differences"), exact_number(shift, "shift")
    return _ranked(values, centre, alternative, bets)


def mean_evidence(
    differences: Numbers,
    *,
    bounds: tuple[Number, Number],
    shift: Number = 0.0,
    alternative: OneSided = "greater",
    bets: Numbers = BETS,
) -> NDArray[np.float64]:
    """Logarithm of an e-process for the mean of bounded differences, after each seed.

    Null hypothesis: given the past, each difference has a mean of at most ``shift`` ("less": of at
    least). No symmetry is assumed, only that differences lie within ``bounds``. With x = d - shift
    and r the distance from ``shift`` to the bound on the side of the null,

        e = mean over the bets b of the product of 1 + b x / r.

    No factor is negative, and each has mean at most 1.

    Assumption: ``bounds`` that were known beforehand; seeds need not be alike otherwise.
    Shapes and units: ``differences`` is (n,) in order of arrival, the result (n,); ``bets`` are
    shares between 0 and 1 chosen beforehand.
    Errors: ``ValueError`` for differences as in `signed_rank` or outside ``bounds``, a ``shift``
    that is not inside them, bounds that are not two finite numbers, and other bets.
    Reference: Waudby-Smith and Ramdas (2024), arXiv:2010.09686.
    """
    values, centre = exact_numbers(differences, "differences"), exact_number(shift, "shift")
    return _bounded(values, bounds, centre, alternative, bets)


def anytime_p(
    differences: Numbers,
    *,
    bounds: tuple[Number, Number],
    shift: Number = 0.0,
    alternative: OneSided = "greater",
    bets: Numbers = BETS,
) -> float:
    """One-sided p-value of accumulated evidence: valid whenever one looks, however often.

    Null hypothesis: theta <= ``shift`` for "greater", theta >= ``shift`` for "less". The larger of
    1 / max e for `rank_evidence` and for `mean_evidence`, the maximum being over the seeds so far.
    By Ville's inequality, P(it is ever <= a) <= a when the differences are symmetric, and also when
    theta is read as their mean: as in `judged`, symmetry that does not hold cannot pass alone.
    It never rises when seeds are added.

    Assumption: symmetry given the past, or theta as a mean within known ``bounds``.
    Shapes and units: as `mean_evidence`.
    Errors: as `rank_evidence` and `mean_evidence`.
    References: Ville (1939); Ramdas, Ruf, Larsson and Koolen (2020); Berger (1982) for the maximum.
    """
    values, centre = exact_numbers(differences, "differences"), exact_number(shift, "shift")
    ranked = _ranked(values, centre, alternative, bets)
    mean = _bounded(values, bounds, centre, alternative, bets)
    return min(1.0, math.exp(-min(ranked.max(), mean.max())))


def _ranked(
    values: Sequence[Fraction], centre: Fraction, alternative: OneSided, bets: Numbers
) -> NDArray[np.float64]:
    sign = _sign(alternative)
    numerators, _ = centred_integers(values, centre)
    sizes: list[int] = []
    shares: list[float] = []
    for number, value in enumerate(numerators, start=1):
        size = abs(value)
        first, last = bisect_left(sizes, size), bisect_right(sizes, size)
        shares.append(sign * ((value > 0) - (value < 0)) * (first + last + 1) / (2 * number))
        sizes.insert(first, size)
    return _mixed(np.log1p(np.outer(_checked(bets), shares)))


def _bounded(
    values: Sequence[Fraction],
    bounds: tuple[Number, Number],
    centre: Fraction,
    alternative: OneSided,
    bets: Numbers,
) -> NDArray[np.float64]:
    sign = _sign(alternative)
    reach = _reach(values, bounds, centre, alternative)
    top, bottom = centre.numerator, centre.denominator
    # Quotients of integers are rounded correctly: the float of the difference, without reducing it.
    beyond = [
        sign
        * ((value.numerator * bottom - top * value.denominator) / (value.denominator * bottom))
        / reach
        for value in values
    ]
    return _mixed(np.log1p(np.outer(_checked(bets), beyond)))


def _sign(alternative: OneSided) -> int:
    check_choice(alternative, "alternative", ONE_SIDED)
    return 1 if alternative == "greater" else -1


def _reach(
    values: Sequence[Fraction],
    bounds: tuple[Number, Number],
    centre: Fraction,
    alternative: OneSided,
) -> float:
    """How far a difference can lie on the side of the null."""
    if isinstance(bounds, str) or not isinstance(bounds, Sequence) or len(bounds) != 2:
        raise ValueError(f"bounds is {bounds!r}, give two numbers, the lower first")
    low, high = exact_numbers(bounds, "bounds")
    if low >= high:
        raise ValueError(f"bounds is {bounds!r}, give two numbers, the lower first")
    if not low < centre < high:
        raise ValueError(
            f"shift is {float(centre)}, give one between the bounds {float(low)} and {float(high)}"
        )
    if not low <= min(values) <= max(values) <= high:
        raise ValueError(
            f"differences reach from {float(min(values))} to {float(max(values))}, give bounds "
            f"that hold them, not {float(low)} and {float(high)}"
        )
    return float(centre - low if alternative == "greater" else high - centre)


def _checked(bets: Numbers) -> NDArray[np.float64]:
    shares = np.array([float(value) for value in exact_numbers(bets, "bets")])
    if not 0 < shares.min() <= shares.max() < 1:
        raise ValueError(f"bets is {bets!r}, give shares between 0 and 1 only")
    return shares


def _mixed(factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the mean of running products; ``factors`` is (components, n) logarithms."""
    mixed: NDArray[np.float64] = np.logaddexp.reduce(np.cumsum(factors, axis=1), axis=0)
    return mixed - math.log(len(factors))
