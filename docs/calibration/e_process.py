"""The e-process of sub-Gaussian sums, which peeking.py and nightly.py hold against those that judge."""

from __future__ import annotations

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
