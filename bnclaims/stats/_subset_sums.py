"""The sum of a random subset, exactly: the null distribution of every sign-flip test.

Under a null of symmetry each size enters the sum of the positive ones with probability 1/2, be the
sizes midranks (signed rank) or the differences themselves (mean).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Up to here all 2**n subsets can be counted in int64.
_LARGEST_COUNTED_N = 62
# Below this part of the largest sum, most sums of the halves are too large to matter.
_FEW = 4


def null_weights(sizes: Sequence[int], limit: int) -> tuple[NDArray[Any], int]:
    """Distribution of the sum of a random subset, up to ``limit``, by convolution.

    Entry s of the array, divided by the integer beside it, is the probability that a random
    subset of ``sizes`` (positive integers, each in with probability 1/2) sums to s. Counts are
    exact to n = 62; above, they are float64 and positive throughout, so that a probability errs by
    about n units in its last place. Time n * limit, memory ``limit``.
    Reference: Streitberg and Roehmel (1986).
    """
    counted = len(sizes) <= _LARGEST_COUNTED_N
    # Beyond n = 62 counts leave int64. Halved at every step they are probabilities, which floats hold.
    weights: NDArray[Any] = np.zeros(limit + 1, dtype=np.int64 if counted else np.float64)
    weights[0] = 1
    reach = 0
    for size in sorted(sizes):  # ascending, so that the occupied part grows as late as possible
        if size <= limit:
            reach = min(limit, reach + size)
            weights[size : reach + 1] += weights[: reach + 1 - size]
        if not counted:
            weights[: reach + 1] *= 0.5
    return weights, 2 ** len(sizes) if counted else 1


def upper_tail(sizes: Sequence[int], total: int, *, ranks: bool = False) -> float:
    """Probability that a random subset of ``sizes`` (positive integers) sums to ``total`` or more.

    Of ``ranks`` the distribution is kept: an audit sees the same ranks again and again.
    """
    step = math.gcd(*sizes) or 1  # without ties all doubled midranks are even
    reduced = [size // step for size in sizes]
    above, below = (sum(sizes) - total) // step, -(-total // step) - 1

    def at_most(limit: int) -> float:
        weights, patterns = _kept(tuple(sorted(reduced))) if ranks else null_weights(reduced, limit)
        return float(weights[: limit + 1].sum().item() / patterns)

    # The distribution is symmetric: sum the shorter side, so that a small p loses no digits.
    if above <= below:
        return at_most(above)
    return 1.0 - at_most(below) if below >= 0 else 1.0


@lru_cache(maxsize=512)
def _kept(sizes: tuple[int, ...]) -> tuple[NDArray[Any], int]:
    """`null_weights` up to half of the largest sum, the end of the shorter side."""
    return null_weights(sizes, sum(sizes) // 2)


def subset_sums(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sums of all 2**n subsets, in no order."""
    sums = np.empty(1 << len(values), dtype=np.int64)
    _fill(sums, 0, values)
    return sums


def _fill(sums: NDArray[np.int64], start: int, values: NDArray[np.int64]) -> None:
    """``start`` plus the sum of every subset."""
    sums[0] = start
    for place, value in enumerate(values):
        np.add(sums[: 1 << place], value, out=sums[1 << place : 2 << place])


def share_at_most(values: NDArray[np.int64], limit: int) -> float:
    """Share of all subsets whose sum is at most ``limit``, by meeting in the middle.

    Sums and limit are below 2**61 in size. Time n 2**(n / 2), less for shares near 0 and 1.
    Reference: Horowitz and Sahni (1974).
    """
    sizes, patterns = np.abs(values), 1 << len(values)
    # With its sign turned, a value is in where it was out: sums move by what was negative.
    below = limit - int(values[values < 0].sum())
    above = int(sizes.sum()) - below - 1
    # The distribution is symmetric, and the shorter side has fewer sums.
    count = _count(sizes, below) if below <= above else patterns - _count(sizes, above)
    return count / patterns


def _count(sizes: NDArray[np.int64], limit: int) -> int:
    """Number of subsets of sizes >= 0 whose sum is at most ``limit``."""
    first, second = sizes[: len(sizes) // 2], sizes[len(sizes) // 2 :]
    # A pair of halves counts where first + second <= limit, that is where a sum of the one lies
    # within the room that the other leaves: sorted together, one pass counts them all.
    # Twice the sums of the one half, even, and twice what those of the other have room for, made
    # odd. The pairs wanted are those of an odd number and an even one below it. In one array, since
    # fresh memory costs as much as the arithmetic in it.
    both = np.empty((1 << len(first)) + (1 << len(second)), dtype=np.int64)
    _fill(both[: 1 << len(first)], 0, 2 * first)
    _fill(both[1 << len(first) :], 2 * limit + 1, -2 * second)
    if _FEW * limit < int(sizes.sum()):
        both = both[(both >= 0) & (both <= 2 * limit + 1)]
    both.sort()
    both &= 1
    rooms = int(both.sum())
    # In order, a room counts the sums before it: its place less the rooms before it.
    # Now at every place how many rooms there are so far: their total says where they are.
    np.cumsum(both, out=both)
    return rooms * len(both) - int(both.sum()) - rooms * (rooms - 1) // 2
