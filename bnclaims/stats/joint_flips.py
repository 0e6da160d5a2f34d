"""Joint sign flips: one-sided p-values of many paired contrasts that hold together."""

from __future__ import annotations

import math

import numpy as np

from bnclaims.stats._exact import Table, check_count, exact_table
from bnclaims.stats.interaction import random_signs


def joint_max_t(contrasts: Table, *, draws: int = 99_999, seed: int = 0) -> tuple[float, ...]:
    """One-sided p-values of contrasts, adjusted for their number by the joint distribution of t.

    Null hypothesis: a contrast is symmetric about a value of at most 0. Those that are true
    are jointly symmetric: the sign of a seed, as a whole, says nothing about them. The chance that any
    p-value of a true one is at most alpha is at most alpha, whichever are true (strong control): the
    largest t of all contrasts under a flip is never below that of the true ones alone. Correlated
    contrasts cost less than Bonferroni's inequality would ask for. Assumption: independent seeds.

    Each of B = ``draws`` random patterns flips the whole row of some seeds. p = (b + 1) / (B + 1), b
    the patterns in which the largest contrast is at least the contrast's own, ties counted; sum d /
    sqrt(sum d^2) stands in for t, with which it rises (see `bnclaims.stats.max_t`). A contrast
    that is 0 in every seed has p = 1.

    Shapes: ``contrasts`` is (n seeds, m contrasts), m >= 1; m p-values. Errors: ``ValueError`` for
    ragged or non-finite contrasts, fewer than one draw, a negative seed.
    Reference: Westfall and Young (1993), section 2.3; Hoeffding (1952) for validity by invariance.
    """
    table = exact_table(contrasts, "contrasts", columns=1)
    check_count(draws, "draws", at_least=1)
    check_count(seed, "seed", at_least=0)
    values = np.array([[float(value) for value in row] for row in table])
    # By the largest entry first, so that squares neither underflow nor overflow.
    values /= np.abs(values).max(axis=0).clip(min=math.ulp(0.0))
    norms = np.sqrt((values**2).sum(axis=0))
    unit = values / np.where(norms == 0, 1.0, norms)
    largest = np.concatenate(
        [(unit.T @ signs).max(axis=0) for signs in random_signs(len(table), draws, seed)]
    )
    # Sums of n terms of at most 1 in float64 err by far less than this; a tie is as extreme.
    below = np.searchsorted(np.sort(largest), unit.sum(axis=0) - 1e-10, side="left")
    found = (draws - below + 1) / (draws + 1)
    return tuple(np.where(norms == 0, 1.0, found).tolist())
