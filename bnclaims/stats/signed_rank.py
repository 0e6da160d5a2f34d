"""Wilcoxon's signed rank test, exact under ties and zeros, and the interval that inverts it."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from bnclaims.stats._exact import (
    ALTERNATIVES,
    ZERO_RULES,
    Alternative,
    Number,
    Numbers,
    Zeros,
    centred_integers,
    check_choice,
    exact_number,
    exact_numbers,
    inside_unit,
    to_integers,
)
from bnclaims.stats._subset_sums import upper_tail


@dataclass(frozen=True)
class SignedRank:
    """Rank sum of the positive differences, its p-value, and the number of nonzero differences."""

    statistic: float
    pvalue: float
    n: int


@dataclass(frozen=True)
class HodgesLehmann:
    """Pseudomedian and its confidence interval, in the unit of the differences."""

    estimate: float
    low: float
    high: float


def signed_rank(
    differences: Numbers,
    *,
    shift: Number = 0.0,
    alternative: Alternative = "greater",
    zeros: Zeros = "pratt",
) -> SignedRank:
    """Exact Wilcoxon signed rank test for any n, any ties and any zeros.

    Null hypothesis: the differences are symmetric about ``shift`` (for "greater": about ``shift``
    or a smaller value). Assumption: independent differences, symmetric under the null; skewed
    differences need the guard in `bnclaims.stats.sign_flip.judged`.

    The statistic is the sum of the midranks of ``|d - shift|`` over the differences above
    ``shift``. Given the midranks, each enters the sum with probability 1/2 under the null, so
    the null distribution is the convolution of n two-point distributions. Doubled midranks are
    integers, which makes the convolution exact (in counts to n = 62, in float64 above). Zeros:
    "pratt" ranks them with the rest and then leaves their ranks out, "drop" leaves them out
    before ranking. If every difference is zero the p-value is 1. The two-sided p-value is twice
    the smaller one-sided one, at most 1.

    Shapes and units: ``differences`` is (n,), one per seed; ``shift`` has their unit.
    Errors: ``ValueError`` for empty, non-finite or not one-dimensional differences and for an
    unknown alternative or zero rule.
    References: Wilcoxon (1945); Pratt (1959); Streitberg and Roehmel (1986) for the algorithm.
    """
    exact = exact_numbers(differences, "differences")
    check_choice(alternative, "alternative", ALTERNATIVES)
    check_choice(zeros, "zeros", ZERO_RULES)
    centre = exact_number(shift, "shift")
    values, _ = centred_integers(exact, centre)

    positive, negative = _doubled_ranks(values, zeros)
    ranks = positive + negative
    greater = upper_tail(ranks, sum(positive), ranks=True) if alternative != "less" else 1.0
    less = upper_tail(ranks, sum(negative), ranks=True) if alternative != "greater" else 1.0
    pvalue = min(greater, less) if alternative != "two-sided" else min(1.0, 2 * min(greater, less))
    return SignedRank(sum(positive) / 2, pvalue, len(ranks))


def hodges_lehmann(differences: Numbers, *, confidence: Number = 0.95) -> HodgesLehmann:
    """Hodges-Lehmann estimate with the interval that inverts the exact signed rank test.

    The estimate is the median of the n (n + 1) / 2 Walsh averages ``(d_i + d_j) / 2``, i <= j.
    The interval is the closure of the shifts that the two-sided test (Pratt zeros, ties in
    midranks) does not reject at level ``1 - confidence``. With n so small that the test never
    rejects on a side, that end is infinite; where it rejects every shift, which takes many ties and
    little confidence, both ends are the point at which its two sides cross.

    Why bisection is right: the signed midrank of ``d_i - shift``, zeros ranked, never rises as
    the shift grows, so both one-sided p-values are monotone in the shift, ties included. They
    change only at Walsh averages, hence one evaluation per gap between neighbours suffices.
    Assumption: independent differences from a symmetric distribution.

    Shapes and units: ``differences`` is (n,); all three results have its unit.
    Errors: ``ValueError`` for differences as in `signed_rank` and a confidence outside (0, 1).
    Reference: Hodges and Lehmann (1963); Bauer (1972) for the interval.
    """
    exact = exact_numbers(differences, "differences")
    alpha = 1 - inside_unit(confidence, "confidence")
    values, denominator = to_integers(exact)
    sums = _walsh_sums(values)
    low = _lower_end(values, sums, float(alpha / 2))
    mirrored = _lower_end([-v for v in values], [-s for s in reversed(sums)], float(alpha / 2))
    return HodgesLehmann(
        float(_median(sums) / (2 * denominator)),
        -math.inf if low is None else float(Fraction(low, 2 * denominator)),
        math.inf if mirrored is None else float(Fraction(-mirrored, 2 * denominator)),
    )


def pseudomedian(differences: Numbers) -> Fraction:
    """Hodges-Lehmann estimate alone, as an exact rational.

    The median of the Walsh averages; no test and no interval.
    Assumption: none; under symmetry it estimates the centre.
    Shapes and units: ``differences`` is (n,); the result has their unit.
    Errors: ``ValueError`` as `hodges_lehmann`. Reference: Hodges and Lehmann (1963).
    """
    values, denominator = to_integers(exact_numbers(differences, "differences"))
    return _median(_walsh_sums(values)) / (2 * denominator)


def _doubled_ranks(values: Sequence[int], zeros: Zeros) -> tuple[list[int], list[int]]:
    """Twice the midranks of the positive and of the negative values."""
    if zeros == "drop":
        values = [value for value in values if value]
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for place, size in enumerate(sorted(map(abs, values)), start=1):
        first.setdefault(size, place)
        last[size] = place
    positive = [first[value] + last[value] for value in values if value > 0]
    negative = [first[-value] + last[-value] for value in values if value < 0]
    return positive, negative


def _walsh_sums(values: Sequence[int]) -> list[int]:
    """Twice the Walsh averages, ascending."""
    return sorted(a + b for a, b in itertools.combinations_with_replacement(values, 2))


def _median(ordered: Sequence[int]) -> Fraction:
    middle = len(ordered) // 2
    return Fraction(ordered[middle] + ordered[-1 - middle], 2)


def _lower_end(values: Sequence[int], sums: Sequence[int], tail: float) -> int | None:
    """Twice the infimum of the shifts whose upper p-value exceeds ``tail``; None if unbounded."""
    knots = sorted(set(sums))
    edges = [knots[0] - 2, *knots, knots[-1] + 2]

    def accepted(gap: int) -> bool:
        # The middle of the gap is (edges[gap] + edges[gap + 1]) / 4, an integer on this scale.
        middle = edges[gap] + edges[gap + 1]
        positive, negative = _doubled_ranks([4 * value - middle for value in values], "pratt")
        return upper_tail(positive + negative, sum(positive), ranks=True) > tail

    # Where no two values are equal, this many sums are below the end; else the search starts there.
    below = _sums_below(len(values), tail)
    guess = bisect.bisect_right(knots, sums[below - 1]) if below else 0
    gap = _first_true(accepted, guess, len(knots))
    return knots[gap - 1] if gap else None


@lru_cache(maxsize=1024)
def _sums_below(n: int, tail: float) -> int:
    """How many Walsh averages of ``n`` unequal values are at or below the lower end."""
    ranks = range(2, 2 * n + 1, 2)

    def accepted(below: int) -> bool:
        return upper_tail(ranks, sum(ranks) - 2 * below, ranks=True) > tail

    return bisect.bisect_left(range(n * (n + 1) // 2 + 1), True, key=accepted)


def _first_true(holds: Callable[[int], bool], guess: int, last: int) -> int:
    """The first place from 0 where ``holds``, sought from ``guess``; it does at ``last`` and ever after."""
    low, high, step = 0, last, 1
    if holds(guess):
        high = guess
        while high and holds(probe := max(0, high - step)):
            high, step = probe, 2 * step
        low = probe + 1 if high else 0
    else:
        low = guess + 1
        while not holds(probe := min(last, low - 1 + step)):
            low, step = probe + 1, 2 * step
        high = probe
    return bisect.bisect_left(range(high), True, lo=low, key=holds)
