"""Evidence that may be looked at after every seed, by e-processes; instead of looks, never with them."""

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
    exact_number,
    exact_numbers,
    inside_unit,
    positive_margin,
)

# Rates for differences of a score in [-1, 1]: the best rate is effect / mean square difference,
# about 1 for a small noisy effect and 30 for a tight one. Fixed, as it may not depend on the data.
GRID = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


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

    Assumption: symmetry given the past; seeds need not be alike otherwise.
    Shapes and units: ``differences`` is (n,) in order of arrival; the result is (n,), the
    e-value after each; ``grid`` holds positive rates in 1 / unit of the differences, chosen
    beforehand.
    Errors: ``ValueError`` for differences as in `signed_rank`, an alternative other
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

    Assumption: as `e_process`. Shapes and units: as `e_process`; ``margin`` is in the unit of the
    differences. Errors: as `e_process`, and ``ValueError`` for margin <= 0.
    References: Schuirmann (1987) for the two sides, Ramdas et al. (2020) for the processes.
    """
    bound = positive_margin(margin)
    above = e_process(differences, shift=-bound, alternative="greater", grid=grid)
    below = e_process(differences, shift=bound, alternative="less", grid=grid)
    return np.minimum(above, below)


def e_holm(evalues: Sequence[float], *, alpha: Number) -> list[bool]:
    """Rejections among K e-values at family level ``alpha``, in input order.

    Closed testing with the mean as the test of an intersection: hypothesis i is rejected when
    every set that contains it has a mean of at least 1 / alpha. The hardest sets join i with the
    smallest other e-values, so K means decide. Never fewer rejections than Holm on 1 / e.

    Assumption: each e-value has a mean of at most 1 under its null; any dependence between them.

    Shapes: ``evalues`` is (K,), each >= 0, infinity allowed. Errors: ``ValueError`` for an empty
    list, a negative value or NaN, and alpha outside (0, 1).
    Reference: Vovk and Wang (2021), algorithm 1; Hartog and Lei (2025).
    """
    bar = float(1 / inside_unit(alpha, "alpha"))
    # Infinity is a legitimate e-value, hence not `exact_numbers`.
    values = np.asarray(evalues)
    numeric = values.ndim == 1 and values.dtype.kind in "biuf"
    if not (numeric and values.size and (values >= 0).all()):
        given = " ".join(repr(evalues).split())
        raise ValueError(f"evalues is {given}, give at least one number, none below 0 or NaN")
    rejected: list[bool] = []
    for place in range(len(values)):
        others = np.sort(np.delete(values, place))
        means = (values[place] + np.cumsum([0.0, *others])) / np.arange(1, len(values) + 1)
        rejected.append(bool(means.min() >= bar))
    return rejected
