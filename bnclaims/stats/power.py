"""Power: how many seeds a verdict needs, by simulation of normal differences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bnclaims.stats._exact import Number, check_count, exact_number, inside_unit, random_stream
from bnclaims.stats._subset_sums import null_weights


def signed_rank_power(
    effect_size: Number, n: int, level: Number, *, draws: int = 2_000, seed: int = 0
) -> float:
    """Power of the one-sided exact signed rank test against normal differences.

    The share of ``draws`` samples of n differences from Normal(``effect_size``, 1) that reject
    theta <= 0 at ``level``, by the exact critical value without ties. Approximation: the
    sign-flip guard of `judged` is left out, which for normal differences costs one or two points.

    Assumption: normal differences. The default ``draws`` leave a standard error of at most .011.
    Units: ``effect_size`` is the mean over the standard deviation of the paired differences.
    Errors: ``ValueError`` for n < 1, a level outside (0, 1), a non-finite effect size, fewer than
    one draw and a negative seed. Reference: Noether (1987) for the question.
    """
    samples = _normal(effect_size, n, draws, seed)
    return float(np.mean(_negative_rank_sum(samples) <= _critical_value(n, level)))


def tost_power(
    margin: Number,
    n: int,
    level: Number,
    *,
    effect_size: Number = 0.0,
    draws: int = 2_000,
    seed: int = 0,
) -> float:
    """Power of the equivalence test when the differences are Normal(``effect_size``, 1).

    Both one-sided signed rank tests, at -margin and at margin, must reject at ``level``. The same
    approximation as `signed_rank_power`.

    Assumption: as `signed_rank_power`.
    Units: ``margin`` and ``effect_size`` are in standard deviations of the paired differences.
    Errors: as `signed_rank_power`, and ``ValueError`` for margin <= 0.
    Reference: Schuirmann (1987).
    """
    if exact_number(margin, "margin") <= 0:
        raise ValueError(f"margin is {margin}, give a positive number of standard deviations")
    samples = _normal(effect_size, n, draws, seed)
    critical = _critical_value(n, level)
    above = _negative_rank_sum(samples + float(margin)) <= critical
    below = _negative_rank_sum(float(margin) - samples) <= critical
    return float(np.mean(above & below))


def _normal(effect_size: Number, n: int, draws: int, seed: int) -> NDArray[np.float64]:
    check_count(n, "n", at_least=1)
    check_count(draws, "draws", at_least=1)
    centre = float(exact_number(effect_size, "effect_size"))
    return random_stream(seed).normal(centre, 1.0, size=(draws, n))


def _critical_value(n: int, level: Number) -> int:
    """Largest c with P(rank sum of the negatives <= c) <= level under the null; -1 if none."""
    bound = float(inside_unit(level, "level"))
    weights, total = null_weights(range(1, n + 1), n * (n + 1) // 2)
    return int(np.searchsorted(np.cumsum(weights) / total, bound, side="right")) - 1


def _negative_rank_sum(samples: NDArray[np.float64]) -> NDArray[np.int64]:
    """Sum of the ranks of |x| over the negative x, per row; continuous data have no ties."""
    ranks = np.abs(samples).argsort(axis=1).argsort(axis=1) + 1
    negative: NDArray[np.int64] = (ranks * (samples < 0)).sum(axis=1)
    return negative
