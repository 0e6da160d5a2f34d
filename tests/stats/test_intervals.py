"""The bootstrap-t interval and the interval for new images."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from bnclaims.stats import hodges_lehmann
from bnclaims.stats.bootstrap_t import bootstrap_t
from bnclaims.stats.jackknife import new_images_interval

SAMPLE = np.random.default_rng(9).normal(0.2, 0.1, size=32).round(3)


def test_bootstrap_t_comes_near_students_interval_on_normal_data() -> None:
    interval = bootstrap_t(SAMPLE)
    student = scipy_stats.t.interval(0.95, 31, SAMPLE.mean(), scipy_stats.sem(SAMPLE))
    assert interval.estimate == pytest.approx(SAMPLE.mean())
    assert (interval.low, interval.high) == pytest.approx(student, abs=0.01)


def test_bootstrap_t_follows_skewness() -> None:
    skewed = [round(float(value), 4) for value in np.random.default_rng(2).exponential(size=40)]
    interval = bootstrap_t(skewed)
    assert interval.high - interval.estimate > 1.2 * (interval.estimate - interval.low)


def test_bootstrap_t_covers_a_skewed_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(21)
    covered = 0
    for seed in range(200):
        interval = bootstrap_t(rng.exponential(size=20), confidence=0.9, draws=499, seed=seed)
        covered += interval.low <= 1.0 <= interval.high
    assert 0.84 <= covered / 200 <= 0.96


def test_bootstrap_t_repeats_for_a_seed_and_widens_with_confidence() -> None:
    assert bootstrap_t(SAMPLE, seed=4) == bootstrap_t(SAMPLE, seed=4)
    assert bootstrap_t(SAMPLE, seed=4) != bootstrap_t(SAMPLE, seed=5)
    narrow, wide = bootstrap_t(SAMPLE, confidence=0.8), bootstrap_t(SAMPLE, confidence=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_constant_differences_give_one_point() -> None:
    interval = bootstrap_t([0.1] * 9)
    assert interval.low == interval.estimate == interval.high == 0.1


def test_a_tail_that_resamples_miss_leaves_that_end_open() -> None:
    # A third of all resamples miss the one large value and are constant at zero.
    interval = bootstrap_t([0.0] * 7 + [0.8])
    assert interval.high == math.inf
    assert -math.inf < interval.low < interval.estimate == pytest.approx(0.1)


def test_bootstrap_t_needs_eight_differences() -> None:
    with pytest.raises(ValueError, match="differences holds 7 numbers, give at least 8"):
        bootstrap_t([0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.4])


def test_the_interval_for_new_images_matches_a_case_worked_by_hand() -> None:
    # Variance of 1..4 is 5/3; replicates have mean 3 and sum of squares 2, times (3 - 1) / 3.
    result = new_images_interval(
        [1, 2, 3, 4], [2, 3, 4], train_images=10, pool_images=80, confidence=0.9
    )
    assert result.estimate == 2.5
    assert result.se_seed == pytest.approx(math.sqrt(5 / 12))
    assert result.se_image == pytest.approx(math.sqrt(4 / 3))
    half = scipy_stats.t.ppf(0.95, 3) * math.sqrt(5 / 12 * (1 + 4 * 10 / 80) + 4 / 3)
    assert (result.low, result.high) == pytest.approx((2.5 - half, 2.5 + half))


def test_empty_image_groups_are_left_out() -> None:
    with_gap = new_images_interval(SAMPLE, [0.19, math.nan, 0.22], train_images=1, pool_images=9)
    assert with_gap == new_images_interval(SAMPLE, [0.19, 0.22], train_images=1, pool_images=9)


def test_a_smaller_pool_widens_the_interval_and_seeds_do_not_repair_it() -> None:
    same = [0.2, 0.2]
    small = new_images_interval(SAMPLE, same, train_images=10, pool_images=20)
    large = new_images_interval(SAMPLE, same, train_images=10, pool_images=20_000)
    assert small.high - small.low > 2 * (large.high - large.low)
    assert small.estimate == large.estimate == hodges_lehmann(SAMPLE).estimate
    many = new_images_interval(np.tile(SAMPLE, 8), same, train_images=10, pool_images=20)
    assert many.high - many.low > 0.8 * (small.high - small.low)


@pytest.mark.parametrize(
    ("replicates", "train", "pool", "says"),
    [
        ([0.1, math.nan], 1, 9, "replicates holds 1 numbers besides NaN, give at least 2"),
        ([0.1, math.inf], 1, 9, "replicates"),
        ([0.1, 0.2], 0, 9, "train_images is 0"),
        ([0.1, 0.2], 10, 9, "train_images is 10, give at most the pool of 9"),
        ([0.1, 0.2], 1, 1.5, "pool_images is 1.5"),
    ],
)
def test_impossible_pools_and_replicates_are_refused(
    replicates: list[float], train: int, pool: int, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        new_images_interval(SAMPLE, replicates, train_images=train, pool_images=pool)
