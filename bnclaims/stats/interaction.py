"""Tests of whether a gain depends on a dose such as the batch size, as claim (iii) needs them."""

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
    Table,
    Zeros,
    check_count,
    exact_numbers,
    exact_table,
    positive_margin,
    random_stream,
)
from bnclaims.stats.equivalence import inequivalence, tost

# Small enough for a processor's cache.
_CHUNK = 1 << 10


@dataclass(frozen=True)
class MaxT:
    """P-value of the largest contrast, and its two dose indices (earlier, later)."""

    pvalue: float
    contrast: tuple[int, int]


def slopes(gains: Table, doses: Numbers) -> list[Fraction]:
    """Least-squares slope of the gain on the dose, one per seed, exact.

    slope = sum (x - mean x) g / sum (x - mean x)^2. The slopes are the differences that a signed
    rank test then judges; seeds stay independent however the doses of a seed are related.

    Assumption: none for the slopes themselves; a straight line is their summary, not a model.
    Shapes and units: ``gains`` is (n seeds, k doses), k >= 2; ``doses`` is (k,), for instance
    log2 of the batch size; a slope is in gain per unit of dose.
    Errors: ``ValueError`` for ragged or non-finite gains, a number of doses that is not the
    number of columns, and doses that are all equal.
    Reference: Matthews, Altman, Campbell and Royston (1990), one summary measure per subject.
    """
    table = exact_table(gains, "gains", columns=2)
    x = exact_numbers(doses, "doses")
    if len(x) != len(table[0]):
        raise ValueError(f"doses holds {len(x)} numbers, give one per column ({len(table[0])})")
    centre = Fraction(sum(x), len(x))
    weights = [value - centre for value in x]
    scale = sum(weight * weight for weight in weights)
    if not scale:
        raise ValueError("doses are all equal, give at least two different ones")
    per_seed = [sum(w * g for w, g in zip(weights, row, strict=True)) for row in table]
    return [Fraction(total, scale) for total in per_seed]


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
        for signs in _signs(len(table), draws, seed)
    )
    return MaxT((extreme + 1) / (draws + 1), pairs[int(observed.argmax())])


# The same for every table of as many seeds; a byte for each sign.
@lru_cache(maxsize=4)
def _drawn_signs(n: int, draws: int, seed: int) -> tuple[NDArray[np.int8], ...]:
    """Zeros and ones of shape (n, draws), in chunks of the draws."""
    stream = random_stream(seed)
    sizes = [(min(_CHUNK, draws - start), n) for start in range(0, draws, _CHUNK)]
    return tuple(stream.integers(2, size=size, dtype=np.int8).T.copy() for size in sizes)


def _signs(n: int, draws: int, seed: int) -> Iterator[NDArray[np.float64]]:
    for drawn in _drawn_signs(n, draws, seed):
        yield 2 * drawn.astype(np.float64) - 1


def all_pairs_equivalent(gains: Table, *, margin: Number, zeros: Zeros = "pratt") -> float:
    """P-value that the gains at all doses agree within ``margin``.

    Null hypothesis: some pair of doses differs by ``margin`` or more. Every pair must be shown
    equivalent (intersection-union), so this is the largest of the pairwise `tost` p-values.

    Assumption: as `tost`, for every pair.
    Shapes and units: ``gains`` is (n seeds, k doses), k >= 2; ``margin`` is positive and in the
    unit of the gains. Errors: ``ValueError`` for ragged or non-finite gains and margin <= 0.
    Reference: Berger (1982).
    """
    positive_margin(margin)
    return max(tost(pair, margin=margin, zeros=zeros).pvalue for pair in _pairs(gains))


def some_pair_differs(gains: Table, *, margin: Number, zeros: Zeros = "pratt") -> float:
    """P-value that some two doses differ by more than ``margin``; descriptive.

    Null hypothesis: all pairs are within ``margin``. Bonferroni over the k (k - 1) / 2 pairs of
    `inequivalence`, hence conservative; `max_t` is the sharper look at a zero margin.

    Assumption: as `inequivalence`, for every pair. Shapes and units: as `all_pairs_equivalent`.
    Errors: as `all_pairs_equivalent`. Reference: Dunn (1961).
    """
    positive_margin(margin)
    pvalues = [inequivalence(pair, margin=margin, zeros=zeros) for pair in _pairs(gains)]
    return min(1.0, len(pvalues) * min(pvalues))


def _pairs(gains: Table) -> list[list[Fraction]]:
    """Paired differences, one list per pair of doses."""
    table = exact_table(gains, "gains", columns=2)
    return [[row[b] - row[a] for row in table] for a, b in combinations(range(len(table[0])), 2)]
