"""The randomisation test of the mean against enumeration, and the guard built on it."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.stats import signed_rank
from bnclaims.stats._exact import Alternative, OneSided, Zeros
from bnclaims.stats._subset_sums import share_at_most, upper_tail
from bnclaims.stats.sign_flip import (
    _random_places,
    _random_sums,
    judged,
    sign_flip_bound,
    sign_flip_mean,
)
from bnclaims.stats.sign_test import sign_test

tenths = st.integers(-4, 6).map(lambda value: Fraction(value, 10))
alternatives = st.sampled_from(["greater", "less", "two-sided"])


def enumerated(differences: list[Fraction], shift: Fraction, alternative: Alternative) -> float:
    """P-value from the sums of all 2^n sign patterns, in rationals."""
    sums = [Fraction(0)]
    for value in differences:
        sums = [total + sign * (value - shift) for total in sums for sign in (1, -1)]
    observed = sum(value - shift for value in differences)
    greater = sum(total >= observed for total in sums) / len(sums)
    less = sum(total <= observed for total in sums) / len(sums)
    two_sided = min(1.0, 2 * min(greater, less))
    return {"greater": greater, "less": less, "two-sided": two_sided}[alternative]


@settings(max_examples=80, deadline=None)
@given(st.lists(tenths, min_size=1, max_size=10), tenths, alternatives)
def test_meeting_in_the_middle_counts_all_sign_patterns(
    differences: list[Fraction], shift: Fraction, alternative: Alternative
) -> None:
    result = sign_flip_mean(differences, shift=shift, alternative=alternative)
    assert result.pvalue == enumerated(differences, shift, alternative)
    assert result.exact
    assert result.n == sum(value != shift for value in differences)
    assert result.statistic == pytest.approx(
        float(sum(differences) / len(differences) - shift), abs=1e-15
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fractions(-1, 1, max_denominator=10**9), min_size=6, max_size=9), alternatives)
def test_ties_count_when_the_common_denominator_exceeds_64_bits(
    differences: list[Fraction], alternative: Alternative
) -> None:
    # The last value makes a subset sum to exactly zero, which rounding must not lose.
    tied = [*differences, -sum(differences, Fraction())]
    result = sign_flip_mean(tied, alternative=alternative)
    assert result.pvalue == enumerated(tied, Fraction(0), alternative)


def test_thirty_two_equal_differences_are_one_pattern_in_two_to_the_32() -> None:
    assert sign_flip_mean([0.25] * 32).pvalue == 2.0**-32
    assert sign_flip_mean([0.25] * 32, alternative="less").pvalue == 1.0
    assert sign_flip_mean([0.25] * 32, alternative="two-sided").pvalue == 2.0**-31


def test_forty_differences_match_the_binomial_distribution() -> None:
    # Equal sizes turn the test into a sign test with 26 of 40 positive.
    differences = [1] * 26 + [-1] * 14
    result = sign_flip_mean(differences)
    assert result.exact
    assert result.pvalue == pytest.approx(sign_test(differences).pvalue, rel=1e-12)


# Too many for halves, and too fine a common step for a convolution within a judgement.
FINE = [Fraction(30_000 + 7 * i * i, 10**6) * (-1) ** (i % 5 < 2) for i in range(50)]


def test_fifty_differences_on_a_grid_are_exact() -> None:
    differences = [Fraction(value, 150) for value in [4] * 30 + [-4] * 20]
    for alternative in ("greater", "less", "two-sided"):
        result = sign_flip_mean(differences, alternative=alternative)
        assert result.exact
        exact = sign_test(differences, alternative=alternative).pvalue
        assert result.pvalue == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("n", [16, 24, 32])
def test_a_convolution_counts_what_meeting_in_the_middle_counts(n: int) -> None:
    sizes = [1 + (37 * i * i) % 149 for i in range(n)]
    flips = np.array([size * (-1) ** (i % 3 == 0) for i, size in enumerate(sizes)])
    positive = int(flips[flips > 0].sum())
    assert upper_tail(sizes, positive) == share_at_most(flips, 0)


def test_monte_carlo_comes_near_the_exact_value_and_repeats() -> None:
    sizes = [abs(value * 10**6).numerator for value in FINE]
    positive = sum(size for size, value in zip(sizes, FINE, strict=True) if value > 0)
    exact = upper_tail(sizes, positive)
    assert 0.01 < exact < 0.2
    result = sign_flip_mean(FINE, seed=3)
    assert not result.exact
    assert result.pvalue == pytest.approx(exact, abs=0.005)
    assert result == sign_flip_mean(FINE, seed=3)
    assert result != sign_flip_mean(FINE, seed=4)
    assert sign_flip_mean(FINE, alternative="two-sided", seed=3).pvalue == 2 * result.pvalue
    assert judged(FINE, draws=999, seed=3) == sign_flip_mean(FINE, draws=999, seed=3).pvalue


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.fractions(-1, 1, max_denominator=60), min_size=1, max_size=12),
    st.sampled_from([-0.1, 0.0, 0.3]),
    st.sampled_from(["greater", "less"]),
)
def test_no_p_value_of_the_sign_flips_is_above_its_bound(
    differences: list[Fraction], shift: float, alternative: OneSided
) -> None:
    bound = sign_flip_bound(differences, shift=shift, alternative=alternative)
    p = sign_flip_mean(differences, shift=shift, alternative=alternative).pvalue
    assert p <= bound * (1 + 1e-12) <= 1 + 1e-12


def test_the_bound_is_that_of_the_formula() -> None:
    # x = 1, 2, 3: sum 6, sum of squares 14.
    assert sign_flip_bound([1, 2, 3]) == pytest.approx(math.exp(-36 / 28))
    assert sign_flip_bound([-1, -2, -3]) == sign_flip_bound([0, 0]) == 1
    assert sign_flip_bound([-1, -2, -3], alternative="less") == sign_flip_bound([1, 2, 3])


@pytest.mark.parametrize("n", [41, 64])
@pytest.mark.parametrize("draws", [9, 8192, 20_000])
def test_sums_made_in_stretches_are_the_sums_of_the_drawn_subsets(n: int, draws: int) -> None:
    values = np.random.default_rng(n).integers(-(2**50), 2**50, size=n)
    places = _random_places(n, draws, 7)
    sums = _random_sums(values, draws, 7)
    for draw in {0, draws // 2, draws - 1}:
        chosen = [int(block[draw]) >> bit & 1 for block in places for bit in range(8)][:n]
        assert sums[draw] == sum(int(v) for v, taken in zip(values, chosen, strict=True) if taken)


def test_monte_carlo_never_gives_zero() -> None:
    assert sign_flip_mean([abs(value) for value in FINE], draws=999).pvalue == 1 / 1000


def test_all_zeros_are_no_evidence() -> None:
    result = sign_flip_mean([0.1, 0.1], shift=0.1)
    assert (result.statistic, result.pvalue, result.n, result.exact) == (0.0, 1.0, 0, True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(tenths, min_size=1, max_size=12),
    tenths,
    st.sampled_from(["greater", "less"]),
    st.sampled_from(["pratt", "drop"]),
)
def test_the_judged_pvalue_is_the_larger_of_the_two_tests(
    differences: list[Fraction], shift: Fraction, alternative: OneSided, zeros: Zeros
) -> None:
    ranks = signed_rank(differences, shift=shift, alternative=alternative, zeros=zeros).pvalue
    mean = enumerated(differences, shift, alternative)
    assert judged(differences, shift=shift, alternative=alternative, zeros=zeros) == max(
        ranks, mean
    )


def test_the_guard_stops_skewed_differences_from_passing_on_ranks() -> None:
    # Mean zero, thirty small gains and two large losses: the ranks alone call it an effect.
    skewed = [Fraction(1, 100) * (1 + i % 5) for i in range(30)]
    loss = -sum(skewed) / 2
    differences = [*skewed, loss, loss]
    assert signed_rank(differences).pvalue < 0.001
    assert judged(differences) > 0.4


def test_every_sign_pattern_is_as_likely_as_its_pvalue_says() -> None:
    # Exact size: over all patterns of fixed sizes, P(p <= a) <= a with equality on the grid.
    sizes = [1, 2, 2, 3, 5, 8, 8, 9]
    pvalues = sorted(
        sign_flip_mean([s * size for s, size in zip(signs, sizes, strict=True)]).pvalue
        for signs in itertools.product((1, -1), repeat=len(sizes))
    )
    for rank, pvalue in enumerate(pvalues, start=1):
        assert rank / len(pvalues) <= pvalue
    assert pvalues[-1] == 1.0
