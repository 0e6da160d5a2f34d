"""The share of a gain that is left: an interval for a ratio of paired differences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, combinations_with_replacement, pairwise

import numpy as np
from numpy.typing import NDArray

from bnclaims.stats._exact import Number, Numbers, exact_numbers, inside_unit, to_integers
from bnclaims.stats._subset_sums import null_weights
from bnclaims.stats.signed_rank import _doubled_ranks


@dataclass(frozen=True)
class Ratio:
    """A ratio with its interval; without a shown denominator the interval is the whole line."""

    estimate: float
    low: float
    high: float

    @property
    def bounded(self) -> bool:
        """Whether the data say anything at all about the ratio."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def ratio_interval(
    numerators: Numbers, denominators: Numbers, *, confidence: Number = 0.95
) -> Ratio:
    """Ratio of two paired gains, by inverting the exact signed rank test over the ratio.

    A ratio rho is in the confidence set where the two-sided test that numerator - rho denominator is
    symmetric about 0 does not reject at 1 - ``confidence`` (Pratt zeros, ties in midranks). The
    interval reaches from the lowest to the highest such rho. As rho grows without bound the test
    becomes that of the denominators against 0: where it does not reject, no ratio is excluded for
    being too large, and the interval is the whole line, as in Fieller's theorem for means. Where it
    does, the interval is bounded. The set itself may have holes; its hull only covers more.

    The estimate is the middle of the ratios of the largest p-value.

    The test changes only where two seeds' n - rho d add up to 0 or are equal, so that one
    evaluation at each such rho and one between neighbours find the set exactly. If no ratio is
    accepted, the interval is the estimate alone.

    Assumption: independent pairs; at the true ratio numerator - rho denominator is symmetric.
    Shapes and units: both are (n,), one pair per seed, in one unit; results are pure numbers. With
    so few seeds that the test never rejects the interval is the whole line; the estimate is NaN
    where all denominators are 0.
    Errors: ``ValueError`` for other than finite, equally many numbers and a confidence outside (0, 1).
    References: Fieller (1954); Bennett (1965), Confidence limits for a ratio using Wilcoxon's
    signed rank test, Biometrics 21:231-234.
    """
    tops, bottoms = (
        exact_numbers(numerators, "numerators"),
        exact_numbers(denominators, "denominators"),
    )
    if len(tops) != len(bottoms):
        raise ValueError(
            f"denominators holds {len(bottoms)} numbers, give one per numerator ({len(tops)})"
        )
    tail = float((1 - inside_unit(confidence, "confidence")) / 2)
    scaled, _ = to_integers([*tops, *bottoms])
    pairs = list(zip(scaled[: len(tops)], scaled[len(tops) :], strict=True))
    knots = sorted(_knots(pairs))
    if not knots:
        return Ratio(math.nan, -math.inf, math.inf)
    places = _places(knots)
    pvalues = [_smaller_tail(pairs, rho) for rho in places]
    best = max(pvalues)
    top = [rho for rho, p in zip(places, pvalues, strict=True) if p == best]
    # The outermost places stand for rays, whose middle is nowhere.
    inner = [min(max(rho, knots[0]), knots[-1]) for rho in (top[0], top[-1])]
    estimate = float(sum(inner) / 2)
    accepted = [index for index, p in enumerate(pvalues) if p > tail]
    if not accepted:
        return Ratio(estimate, estimate, estimate)
    return Ratio(estimate, _end(accepted[0], knots, -1), _end(accepted[-1], knots, 1))


def _knots(pairs: Sequence[tuple[int, int]]) -> set[Fraction]:
    """Ratios at which the order of the sizes |n - rho d| or a sign changes."""
    sums = ((a + c, b + d) for (a, b), (c, d) in combinations_with_replacement(pairs, 2))
    gaps = ((a - c, b - d) for (a, b), (c, d) in combinations(pairs, 2))
    return {Fraction(top, bottom) for both in (sums, gaps) for top, bottom in both if bottom}


def _places(knots: Sequence[Fraction]) -> list[Fraction]:
    """Every knot, a point between neighbours and one beyond either end."""
    between = [(a + b) / 2 for a, b in pairwise(knots)]
    return sorted([knots[0] - 1, *knots, *between, knots[-1] + 1])


def _end(index: int, knots: Sequence[Fraction], side: int) -> float:
    """The outer end of the place at ``index``, which is a knot where odd and open where even."""
    if index % 2:
        return float(knots[index // 2])
    knot = index // 2 - (side < 0)
    return float(knots[knot]) if 0 <= knot < len(knots) else side * math.inf


def _smaller_tail(pairs: Iterable[tuple[int, int]], rho: Fraction) -> float:
    """The smaller of the two one-sided p-values of the signed rank test at one ratio."""
    up, down = rho.numerator, rho.denominator
    positive, negative = _doubled_ranks([a * down - b * up for a, b in pairs], "pratt")
    ranks = tuple(sorted(positive + negative))
    if not ranks:
        return 1.0
    return float(_cumulated(ranks)[min(sum(positive), sum(negative))])


# Without ties the ranks are the same at every ratio.
@lru_cache(maxsize=256)
def _cumulated(ranks: tuple[int, ...]) -> NDArray[np.float64]:
    """P(sum of a random subset <= c) for every c up to the half of the largest sum."""
    weights, total = null_weights(ranks, sum(ranks) // 2)
    summed: NDArray[np.float64] = np.cumsum(weights) / float(total)
    return summed
