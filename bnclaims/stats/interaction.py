"""Interaction: tests of whether a gain depends on a dose such as the batch size, for claim (iii)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bnclaims.stats._exact import (
    Number,
    Numbers,
    OneSidedTest,
    Table,
    check_count,
    exact_numbers,
    exact_table,
    exact_tables,
    minus,
    positive_margin,
    random_stream,
)
from bnclaims.stats.equivalence import inequivalence, tost
from bnclaims.stats.multiplicity import bonferroni
from bnclaims.stats.sign_flip import judged

# Small enough for a processor's cache.
_CHUNK = 1 << 10


@dataclass(frozen=True)
class MaxT:
    """P-value of the largest contrast, and its two dose indices (earlier, later)."""

    pvalue: float
    contrast: tuple[int, int]


def slope_weights(doses: Numbers) -> list[Fraction]:
    """Weights of the gains in the least-squares slope of the gain on the dose, exact.

    weight = (x - mean x) / sum (x - mean x)^2, and a seed's slope is the weighted sum of its gains:
    the difference that a signed rank test then judges. Seeds stay independent however the doses of
    a seed are related. As a sum of gains a slope follows whatever is known of these: their bounds
    where a seed is missing, their values without some images.

    Assumption: none for the slopes themselves; a straight line is their summary, not a model.
    Shapes and units: ``doses`` is (k,), for instance log2 of the batch size, and so are the weights,
    per unit of dose.
    Errors: ``ValueError`` for doses that are not finite or all equal.
    Reference: Matthews, Altman, Campbell and Royston (1990), one summary measure per subject.
    """
    x = exact_numbers(doses, "doses")
    centre = sum(x, Fraction(0)) / len(x)
    spread = sum(((value - centre) ** 2 for value in x), Fraction(0))
    if not spread:
        raise ValueError("doses are all equal, give at least two different ones")
    return [(value - centre) / spread for value in x]


def max_t(gains: Table, *, draws: int = 99_999, seed: int = 0) -> MaxT:
    """Largest paired |t| over all pairs of doses, judged by joint sign flips.

    Null hypothesis: the vector of differences between doses is jointly symmetric about zero
    within a seed (its sign as a whole carries no information); in particular no two doses
    differ. This sees a U shape that a slope misses, and unlike a permutation within seeds it
    does not take the doses to have equal spread. Assumption: independent seeds.

    Each of B = ``draws`` random patterns flips the whole vector of some seeds; t is studentised
    anew within each pattern. p = (b + 1) / (B + 1), ties counted. Flips leave sum d^2 as it is,
    and t^2 = (n - 1) r^2 / (1 - r^2) with r^2 = (sum d)^2 / (n sum d^2) rises with r^2, so r
    stands in for t. A contrast that is 0 in every seed has r = 0.

    Shapes: ``gains`` is (n seeds, k doses), k >= 2. Errors: ``ValueError`` for ragged or
    non-finite gains, fewer than one draw, a negative seed.
    References: Westfall and Young (1993); Hoeffding (1952) for validity by invariance.
    """
    table = exact_table(gains, "gains", columns=2)
    check_count(draws, "draws", at_least=1)
    check_count(seed, "seed", at_least=0)

    pairs = list(combinations(range(len(table[0])), 2))
    contrasts = np.array([[float(row[b] - row[a]) for a, b in pairs] for row in table])
    # By the largest entry first, so that squares neither underflow nor overflow.
    contrasts /= np.abs(contrasts).max(axis=0).clip(min=math.ulp(0.0))
    norms = np.sqrt((contrasts**2).sum(axis=0))
    unit = contrasts / np.where(norms == 0, 1.0, norms)
    observed = np.abs(unit.sum(axis=0))

    # Sums of n terms of at most 1 in float64 err by far less than this; a tie is as extreme.
    threshold = observed.max() - 1e-10
    extreme = sum(
        int(np.count_nonzero(np.abs(unit.T @ signs).max(axis=0) >= threshold))
        for signs in random_signs(len(table), draws, seed)
    )
    return MaxT((extreme + 1) / (draws + 1), pairs[int(observed.argmax())])


# The same for every table of as many seeds; a byte for each sign.
@lru_cache(maxsize=4)
def _drawn_signs(n: int, draws: int, seed: int) -> tuple[NDArray[np.int8], ...]:
    """Zeros and ones of shape (n, draws), in chunks of the draws."""
    stream = random_stream(seed)
    sizes = [(min(_CHUNK, draws - start), n) for start in range(0, draws, _CHUNK)]
    return tuple(stream.integers(2, size=size, dtype=np.int8).T.copy() for size in sizes)


def random_signs(n: int, draws: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Random signs of shape (n, some of the draws), +1 or -1, until all draws are made."""
    for drawn in _drawn_signs(n, draws, seed):
        yield 2 * drawn.astype(np.float64) - 1


def all_pairs_equivalent(
    gains: Table, *, margin: Number, highest: Table | None = None, test: OneSidedTest = judged
) -> float:
    """P-value that the gains at all doses agree within ``margin``.

    Null hypothesis: some pair of doses differs by ``margin`` or more. Every pair must be shown
    equivalent (intersection-union), so this is the largest of the pairwise `tost` p-values.

    Assumption: as `tost`, for every pair.
    Shapes and units: ``gains`` is (n seeds, k doses), k >= 2, as is ``highest``, the most that gains
    of missing seeds could have been; ``margin`` is positive and in the unit of the gains.
    Errors: ``ValueError`` for ragged or non-finite gains, margin <= 0, and a ``highest`` of another
    shape or below the gains.
    Reference: Berger (1982).
    """
    positive_margin(margin)
    return max(
        tost(least, margin=margin, highest=most, test=test).pvalue
        for least, most in _pairs(gains, highest)
    )


def some_pair_differs(
    gains: Table, *, margin: Number, highest: Table | None = None, test: OneSidedTest = judged
) -> float:
    """P-value that some two doses differ by more than ``margin``.

    Null hypothesis: all pairs are within ``margin``. Bonferroni over the k (k - 1) / 2 pairs of
    `inequivalence`, hence conservative; `max_t` is the sharper look at a zero margin.

    Assumption: as `inequivalence`, for every pair. Shapes and units: as `all_pairs_equivalent`.
    Errors: as `all_pairs_equivalent`. Reference: Dunn (1961).
    """
    positive_margin(margin)
    return bonferroni(
        [
            inequivalence(least, margin=margin, highest=most, test=test)
            for least, most in _pairs(gains, highest)
        ]
    )


def _pairs(gains: Table, highest: Table | None) -> Iterator[tuple[list[Fraction], list[Fraction]]]:
    """Paired differences of every two doses, earlier minus later, the least and the most."""
    lowest, most = exact_tables(gains, highest, columns=2)
    for a, b in combinations(range(len(lowest)), 2):
        yield minus(lowest[a], most[b]), minus(most[a], lowest[b])
