"""Jackknife: an interval that speaks of new images, not only of new seeds."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from bnclaims.stats._exact import Number, Numbers, check_count, exact_numbers, inside_unit
from bnclaims.stats.signed_rank import pseudomedian


@dataclass(frozen=True)
class NewImages:
    """Estimate, interval for new images, and the standard errors from seeds and from images."""

    estimate: float
    low: float
    high: float
    se_seed: float
    se_image: float


def new_images_interval(
    differences: Numbers,
    replicates: Numbers | NDArray[np.float64],
    *,
    train_images: int,
    pool_images: int,
    confidence: Number = 0.95,
) -> NewImages:
    """Confidence interval for the effect on images that the pool does not hold.

    Seeds redraw ``train_images`` from one finite pool of ``pool_images``, so their spread says
    nothing about another pool, and more seeds never repair that. With n seeds and G image groups,

        SE_seed^2  = variance of the differences / n
        SE_image^2 = (G - 1) / G * sum (replicate - mean replicate)^2
        SE^2       = SE_seed^2 (1 + n train_images / pool_images) + SE_image^2

    and the interval is the Hodges-Lehmann estimate +- SE times the t quantile with n - 1 degrees
    of freedom. ``replicates[g]`` is the same estimate with the test images of group g left out of
    every seed at once. Approximate.

    Assumption: seeds are independent draws from the pool, groups of images exchangeable and of
    similar size.

    Shapes and units: ``differences`` is (n,), n >= 2; ``replicates`` is (G,), a NaN marks a group
    without images and is dropped, at least two must remain; all results have their unit.
    Errors: ``ValueError`` when that fails, when an image count is not a positive integer, when
    more images are trained on than the pool holds, and for a confidence outside (0, 1).
    References: Wolter (2007), chapter 4, for the delete-a-group jackknife.
    """
    values = exact_numbers(differences, "differences", at_least=2)
    check_count(train_images, "train_images", at_least=1)
    check_count(pool_images, "pool_images", at_least=1)
    if train_images > pool_images:
        raise ValueError(f"train_images is {train_images}, give at most the pool of {pool_images}")
    tail = float((1 + inside_unit(confidence, "confidence")) / 2)
    left_out = np.asarray(replicates)
    if left_out.ndim != 1 or left_out.dtype.kind not in "iuf":
        raise ValueError(
            f"replicates has shape {left_out.shape} of {left_out.dtype}, pass one number per group"
        )
    left_out = left_out[~np.isnan(left_out)]
    if len(left_out) < 2 or not np.isfinite(left_out).all():
        raise ValueError(
            f"replicates holds {len(left_out)} numbers besides NaN, give at least 2, all finite"
        )

    n, groups = len(values), len(left_out)
    estimate = float(pseudomedian(values))
    se_seed = math.sqrt(statistics.variance(values) / n)
    se_image = math.sqrt((groups - 1) * float(left_out.var()))
    error = math.sqrt(se_seed**2 * (1 + n * train_images / pool_images) + se_image**2)
    half = float(stdtrit(n - 1, tail)) * error
    return NewImages(estimate, estimate - half, estimate + half, se_seed, se_image)
