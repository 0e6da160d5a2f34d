"""Sign test, and the exact interval of a proportion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from scipy.special import betaincinv

from bnclaims.stats._exact import (
    ALTERNATIVES,
    Alternative,
    Number,
    Numbers,
    check_choice,
    check_count,
    exact_number,
    exact_numbers,
    inside_unit,
)


@dataclass(frozen=True)
class SignTest:
    """Number of differences above the shift, its p-value, and the number of nonzero differences."""

    statistic: int
    pvalue: float
    n: int


def sign_test(
    differences: Numbers, *, shift: Number = 0.0, alternative: Alternative = "greater"
) -> SignTest:
    """Exact sign test of the median, zeros dropped.

    Null hypothesis: a difference is above ``shift`` as often as below it (for "greater": at most
    as often). Assumption: independence only, no symmetry. The statistic is Binomial(n, 1/2) under
    the null, n counting the differences that are not equal to ``shift``; with none, p is 1. The
    two-sided p-value is twice the smaller one-sided one, at most 1.

    Shapes and units: ``differences`` is (n,); ``shift`` has its unit.
    Errors: ``ValueError`` for empty, non-finite or not one-dimensional differences and for an
    unknown alternative.
    Reference: Dixon and Mood (1946).
    """
    values = exact_numbers(differences, "differences")
    check_choice(alternative, "alternative", ALTERNATIVES)
    centre = exact_number(shift, "shift")

    above = sum(value > centre for value in values)
    below = sum(value < centre for value in values)
    n = above + below
    greater = sum(math.comb(n, count) for count in range(above, n + 1))
    less = sum(math.comb(n, count) for count in range(below, n + 1))
    ways = {"greater": greater, "less": less, "two-sided": 2 * min(greater, less)}[alternative]
    return SignTest(above, float(min(Fraction(1), Fraction(ways, 2**n))), n)


def clopper_pearson(
    successes: int, trials: int, *, confidence: Number = 0.95
) -> tuple[float, float]:
    """Exact two-sided interval of a proportion from ``successes`` out of ``trials``.

    Inverts the two one-sided binomial tests, each at ``(1 - confidence) / 2``; the ends are
    quantiles of beta distributions.

    Assumption: independent trials with one probability. Units: counts in, proportions out.
    Errors: ``ValueError`` when 0 <= successes <= trials, trials >= 1 fails or the confidence is
    outside (0, 1).
    Reference: Clopper and Pearson (1934).
    """
    check_count(trials, "trials", at_least=1)
    check_count(successes, "successes", at_least=0)
    if successes > trials:
        raise ValueError(f"successes is {successes}, give at most the {trials} trials")
    tail = float((1 - inside_unit(confidence, "confidence")) / 2)
    failures = trials - successes
    low = float(betaincinv(successes, failures + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, failures, 1 - tail)) if failures else 1.0
    return low, high
