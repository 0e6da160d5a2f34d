"""The peak test on curves whose shape is known."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bnclaims.stats.peak import peak, peak_interval

CURVES = {
    "peak": [0.0, 0.1, 0.3, 0.4, 0.2, 0.05],
    "plateau": [0.2, 0.2, 0.2, 0.2, 0.2, 0.2],
    "monotone increasing": [0.0, 0.1, 0.2, 0.3, 0.35, 0.36],
    "monotone decreasing": [0.5, 0.4, 0.2, 0.1, 0.0, 0.0],
    "trough": [0.4, 0.2, 0.0, 0.0, 0.2, 0.4],
}


def table(shape: str, *, seeds: int = 16, noise: float = 0.03) -> NDArray[np.float64]:
    spread = np.random.default_rng(7).normal(0, noise, size=(seeds, 6))
    return (np.array(CURVES[shape]) + spread).round(3)


def test_a_peak_is_supported_and_not_refuted() -> None:
    result = peak(table("peak"), margin=0.1)
    assert result.p_support < 0.01
    assert result.p_refute == 1.0


@pytest.mark.parametrize(
    "shape", ["plateau", "monotone increasing", "monotone decreasing", "trough"]
)
def test_the_other_shapes_refute_a_peak_and_do_not_support_it(shape: str) -> None:
    result = peak(table(shape), margin=0.1)
    assert result.p_refute < 0.01
    assert result.p_support > 0.05


def test_a_dose_must_beat_both_ends() -> None:
    seeds = range(1, 9)
    assert peak([[0, k, k, 0] for k in seeds], margin=1).p_support == 2 * 2**-8
    assert peak([[0, k, k, 2 * k] for k in seeds], margin=1).p_support == 1.0
    assert peak([[2 * k, k, k, 0] for k in seeds], margin=1).p_support == 1.0


def test_the_choice_of_the_interior_dose_is_paid_for() -> None:
    alone = [[0, k, 0] for k in range(1, 9)]
    among_three = [[0, 0, k, 0, 0] for k in range(1, 9)]
    assert peak(alone, margin=0.5).p_support == 2**-8
    assert peak(among_three, margin=0.5).p_support == 3 * 2**-8


def test_every_interior_dose_must_fall_short_of_one_end_plus_margin() -> None:
    # Dose 1 lies below the first end, dose 2 rises above both by three margins.
    gains = [[k, 0, k + 3, k] for k in range(1, 9)]
    assert peak(gains, margin=1).p_refute == 1.0
    without = [[k, 0, 0, k] for k in range(1, 9)]
    assert peak(without, margin=1).p_refute == 2 * 2**-8


def test_a_real_peak_below_the_margin_is_both_a_peak_and_none_that_matters() -> None:
    result = peak([[0, Fraction(k, 100), 0] for k in range(1, 9)], margin=0.1)
    assert result.p_support == 2**-8
    assert result.p_refute == 2 * 2**-8


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=1, max_size=9),
    st.integers(1, 3),
)
def test_a_larger_margin_makes_refutation_easier_and_leaves_support_alone(
    gains: list[list[int]], margin: int
) -> None:
    narrow, wide = peak(gains, margin=margin), peak(gains, margin=margin + 1)
    assert wide.p_refute <= narrow.p_refute
    assert wide.p_support == narrow.p_support


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=1, max_size=9))
def test_reading_the_doses_backwards_changes_nothing(gains: list[list[int]]) -> None:
    forwards, backwards = peak(gains, margin=1), peak([row[::-1] for row in gains], margin=1)
    assert (forwards.p_support, forwards.p_refute) == (backwards.p_support, backwards.p_refute)


def test_a_missing_gain_is_the_worst_for_either_side() -> None:
    def at(gain: int) -> list[list[int]]:
        return [[0, gain, 0], *([0, k, 0] for k in range(2, 9))]

    known, partly = peak(at(1), margin=1), peak(at(-9), highest=at(9), margin=1)
    # Support takes the least, -9, and refutation the most, 9.
    assert partly.p_support == peak(at(-9), margin=1).p_support > known.p_support
    assert partly.p_refute == peak(at(9), margin=1).p_refute
    ends = [[-9, 1, 0], *([0, k, 0] for k in range(2, 9))]
    most = [[9, 1, 0], *ends[1:]]
    # At an end it is the other way round: what is most there is worst for support.
    assert peak(ends, highest=most, margin=1).p_support == peak(most, margin=1).p_support


def test_the_interval_of_the_best_dose_is_tight_for_a_clear_peak_and_wide_for_none() -> None:
    assert peak_interval(table("peak")) == (3, 3)
    low, high = peak_interval(table("plateau", noise=0.1), confidence=0.99)
    assert low < high
    assert peak_interval(table("plateau")) == peak_interval(table("plateau"))


def test_tied_doses_count_for_the_first() -> None:
    gains = [[0.1, 0.3, 0.3], [0.2, 0.3, 0.3], [0.1, 0.7, 0.7]]
    assert peak_interval(gains) == (1, 1)


def test_two_doses_have_no_interior() -> None:
    with pytest.raises(ValueError, match="gains has 2 doses, give at least 3"):
        peak([[0, 1]], margin=0.1)
