"""Slopes, the joint max-|t| test and all-pairs equivalence."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from bnclaims.stats import tost
from bnclaims.stats.equivalence import inequivalence
from bnclaims.stats.interaction import all_pairs_equivalent, max_t, slope_weights, some_pair_differs


def slopes(gains: Any, doses: Sequence[float]) -> list[Any]:
    weights = slope_weights(doses)
    return [sum(w * g for w, g in zip(weights, row, strict=True)) for row in gains]


def test_slopes_are_exact_for_points_on_a_line() -> None:
    doses = [5, 6, 7, 9]
    gains = [[Fraction(k, 10) + Fraction(k, 3) * dose for dose in doses] for k in (1, 2)]
    assert slopes(gains, doses) == [Fraction(1, 3), Fraction(2, 3)]


def test_slopes_equal_numpys_least_squares() -> None:
    gains = np.random.default_rng(0).normal(size=(5, 6))
    doses = [3.0, 4.0, 5.5, 7.0, 8.0, 10.0]
    expected = np.polynomial.polynomial.polyfit(doses, gains.T, 1)[1]
    assert slopes(gains, doses) == pytest.approx(expected.tolist())


def test_slopes_need_two_doses_that_differ() -> None:
    with pytest.raises(ValueError, match="doses are all equal"):
        slope_weights([4, 4, 4])


def test_max_t_comes_near_the_enumeration_of_all_joint_flips() -> None:
    gains = np.random.default_rng(11).normal([0.0, 0.1, 0.5], 0.5, size=(9, 3)).round(2)
    pairs = list(itertools.combinations(range(3), 2))
    contrasts = np.array([gains[:, b] - gains[:, a] for a, b in pairs]).T

    def largest_t(signs: tuple[int, ...]) -> float:
        flipped = contrasts * np.array(signs)[:, None]
        error = flipped.std(axis=0, ddof=1) / np.sqrt(len(flipped))
        return float(np.abs(flipped.mean(axis=0) / error).max())

    observed = largest_t((1,) * 9)
    null = [largest_t(signs) for signs in itertools.product((1, -1), repeat=9)]
    exact = np.mean([t >= observed - 1e-9 for t in null])
    result = max_t(gains)
    assert 0.01 < exact < 0.9
    assert result.pvalue == pytest.approx(exact, abs=0.006)
    assert result.contrast == (0, 2)
    assert result == max_t(gains)


def test_max_t_sees_the_u_shape_that_a_slope_misses() -> None:
    noise = np.random.default_rng(4).normal(0, 0.05, size=(16, 5))
    gains = np.array([0.3, 0.1, 0.0, 0.1, 0.3]) + noise
    assert max_t(gains, draws=9_999).pvalue < 0.001
    assert np.mean([float(s) for s in slopes(gains, range(5))]) == pytest.approx(0, abs=0.01)


def test_max_t_of_equal_gains_is_no_evidence() -> None:
    assert max_t([[0.1, 0.1], [0.4, 0.4]], draws=99).pvalue == 1.0


def test_max_t_does_not_depend_on_the_scale() -> None:
    gains = np.random.default_rng(8).normal(size=(8, 3)).round(2)
    tiny, huge = (
        max_t([[scale * g for g in row] for row in gains], draws=999) for scale in (1e-200, 1e200)
    )
    assert tiny == huge == max_t(gains, draws=999)


def test_all_pairs_must_be_equivalent() -> None:
    close = np.random.default_rng(3).normal(0.2, 0.03, size=(16, 3)).round(3)
    apart = close + np.array([0, 0, 0.3])
    assert all_pairs_equivalent(close, margin=0.1) < 0.01
    assert all_pairs_equivalent(apart, margin=0.1) > 0.99
    worst = max(
        tost(close[:, b] - close[:, a], margin=0.1).pvalue for a, b in [(0, 1), (0, 2), (1, 2)]
    )
    assert all_pairs_equivalent(close, margin=0.1) == pytest.approx(worst)


def test_a_difference_between_two_doses_is_paid_for_over_all_pairs() -> None:
    gains = np.random.default_rng(3).normal([0.0, 0.0, 0.3], 0.03, size=(16, 3)).round(3)
    best = min(
        inequivalence(gains[:, b] - gains[:, a], margin=0.1) for a, b in [(0, 1), (0, 2), (1, 2)]
    )
    assert some_pair_differs(gains, margin=0.1) == pytest.approx(3 * best)
    assert some_pair_differs(gains[:, :2], margin=0.1) == 1.0
