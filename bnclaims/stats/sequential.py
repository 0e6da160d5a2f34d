"""Evidence that may be looked at more than once: weighted looks, or an e-process, never both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bnclaims.stats._exact import (
    ONE_SIDED,
    Number,
    Numbers,
    OneSided,
    check_choice,
    check_pvalues,
    exact_number,
    exact_numbers,
    inside_unit,
    positive_margin,
)

# Rates for differences of a score in [-1, 1]: the best rate is effect / mean square difference,
# about 1 for a small noisy effect and 30 for a tight one. Fixed, as it may not depend on the data.
GRID = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


def sequential_p(pvalues: Numbers, weights: Numbers) -> float:
    """P-value over several looks: min over the looks done of p_k / w_k, capped at 1.

    Look k spends the share w_k of the level, and the union bound over looks makes the result
    valid under any stopping rule between them. This value, not the raw p-value of the look at
    which one stopped, enters corrections for multiplicity.

    Shapes: ``pvalues`` is (looks done,), ``weights`` is (looks planned,), at least as long,
    positive, with a sum of at most 1.
    Errors: ``ValueError`` when either is otherwise or a p-value is outside [0, 1].
    Reference: Armitage, McPherson and Rowe (1969) for the problem; Bonferroni for the remedy.
    """
    looks = check_pvalues(pvalues)
    shares = exact_numbers(weights, "weights")
    if len(looks) > len(shares):
        raise ValueError(f"pvalues holds {len(looks)} looks, plan at most {len(shares)} by weights")
    # Shares such as 5/6 and 1/6 may exceed 1 by a rounding error once they are floats.
    if min(shares) <= 0 or sum(shares) > 1 + 1e-12:
        raise ValueError(
            f"weights are {[float(share) for share in shares]}, give positive shares whose sum "
            f"is at most 1"
        )
    return min(1.0, *(float(p / share) for p, share in zip(looks, shares, strict=False)))


def e_process(
    differences: Numbers,
    *,
    shift: Number = 0.0,
    alternative: OneSided = "greater",
    grid: Numbers = GRID,
) -> NDArray[np.float64]:
    """E-process for symmetric differences: evidence after each seed, valid at any stopping time.

    Null hypothesis: given the past, each difference is symmetric about ``shift`` or a smaller
    value ("less": or a larger one). With x = d - shift, S and V the running sums of x and x^2,

        e = mean over the grid of exp(l S - l^2 V / 2).

    Every factor has mean at most 1 because cosh z <= exp(z^2 / 2), and moving the centre of
    symmetry below ``shift`` lowers it further. So P(e ever reaches 1 / alpha) <= alpha under the
    null (Ville), and one may add seeds for as long as one likes.

    Shapes and units: ``differences`` is (n,) in order of arrival; the result is (n,), the
    e-value after each; ``grid`` holds positive rates in 1 / unit of the differences, chosen
    beforehand. Errors: ``ValueError`` for differences as in `signed_rank`, an alternative other
    than "greater" or "less", and rates <= 0.
    References: de la Pena (1999); Ramdas, Ruf, Larsson and Koolen (2020).
    """
    values = exact_numbers(differences, "differences")
    check_choice(alternative, "alternative", ONE_SIDED)
    centre = exact_number(shift, "shift")
    rates = np.array([float(rate) for rate in exact_numbers(grid, "grid")])
    if rates.min() <= 0:
        raise ValueError(f"grid holds {rates.min()}, give positive rates only")

    sign = 1 if alternative == "greater" else -1
    centred = np.array([sign * float(value - centre) for value in values])
    sums, squares = np.cumsum(centred), np.cumsum(centred**2)
    logs = np.outer(rates, sums) - np.outer(rates**2, squares) / 2
    with np.errstate(over="ignore"):  # beyond 1e308 the evidence may as well be infinite
        running: NDArray[np.float64] = np.exp(logs).mean(axis=0)
    return running


def e_equivalence(
    differences: Numbers, *, margin: Number, grid: Numbers = GRID
) -> NDArray[np.float64]:
    """E-process for equivalence: the smaller of the two that start from the margins.

    Null hypothesis: the centre of symmetry is at or beyond -margin or margin. One of the two
    shifted processes is then an e-process, and the smaller is below it.

    Shapes, units and errors as `e_process`; ``margin`` is positive. Reference: Schuirmann (1987)
    for the two sides, Ramdas et al. (2020) for the processes.
    """
    bound = positive_margin(margin)
    above = e_process(differences, shift=-bound, alternative="greater", grid=grid)
    below = e_process(differences, shift=bound, alternative="less", grid=grid)
    return np.minimum(above, below)


def e_holm(evalues: Sequence[float], *, alpha: Number) -> list[bool]:
    """Rejections among K e-values at family level ``alpha``, in input order.

    Closed testing with the mean as the test of an intersection: hypothesis i is rejected when
    every set that contains it has a mean of at least 1 / alpha. The hardest sets join i with the
    smallest other e-values, so K means decide. Valid under any dependence, and never fewer
    rejections than Holm on 1 / e.

    Shapes: ``evalues`` is (K,), each >= 0, infinity allowed. Errors: ``ValueError`` for an empty
    list, a negative value or NaN, and alpha outside (0, 1).
    Reference: Vovk and Wang (2021), algorithm 1; Hartog and Lei (2025).
    """
    bar = float(1 / inside_unit(alpha, "alpha"))
    values = np.asarray(evalues, dtype=np.float64)
    if values.ndim != 1 or not values.size or not (values >= 0).all():
        raise ValueError(f"evalues is {evalues!r}, give at least one number, none below 0 or NaN")
    rejected: list[bool] = []
    for place in range(len(values)):
        others = np.sort(np.delete(values, place))
        means = (values[place] + np.cumsum([0.0, *others])) / np.arange(1, len(values) + 1)
        rejected.append(bool(means.min() >= bar))
    return rejected
