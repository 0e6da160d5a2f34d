"""The interval of a ratio: the test at every ratio by brute force, and without a denominator."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.stats import ratio_interval, signed_rank

STEPS = st.integers(-3, 3)
PAIRS = st.lists(st.tuples(STEPS, STEPS), min_size=2, max_size=8)


def p_at(pairs: list[tuple[int, int]], rho: Fraction) -> float:
    """The smaller one-sided p-value of the documented test."""
    left = [a - rho * b for a, b in pairs]
    sides = (signed_rank(left, alternative=side).pvalue for side in ("greater", "less"))  # type: ignore[arg-type]
    return min(sides)


@settings(max_examples=40, deadline=None)
@given(PAIRS, st.sampled_from([0.5, 0.8, 0.95]))
def test_no_ratio_outside_is_accepted_and_the_ends_are_reached(
    pairs: list[tuple[int, int]], confidence: float
) -> None:
    found = ratio_interval(*zip(*pairs, strict=True), confidence=confidence)
    tail = float((1 - Fraction(str(confidence))) / 2)
    # Numerators and denominators are small integers, so that these hold every knot and more.
    ratios = sorted({Fraction(a, b) for a in range(-6, 7) for b in range(1, 7)})
    middles = [(a + b) / 2 for a, b in itertools.pairwise(ratios)]
    accepted = [rho for rho in (*ratios, *middles) if p_at(pairs, rho) > tail]
    if not accepted:
        assert found.low == found.high or math.isnan(found.estimate)
        return
    assert found.low <= float(min(accepted)) <= float(max(accepted)) <= found.high
    if found.bounded:
        # An open end is accepted as near to it as one likes.
        near = Fraction(1, 10**6)
        for end, inward in ((found.low, near), (found.high, -near)):
            exact = Fraction(end).limit_denominator(1000)
            assert max(p_at(pairs, exact), p_at(pairs, exact + inward)) > tail


@settings(max_examples=40, deadline=None)
@given(PAIRS)
def test_the_interval_is_bounded_exactly_where_the_denominators_are_shown(
    pairs: list[tuple[int, int]],
) -> None:
    bottoms = [b for _, b in pairs]
    found = ratio_interval([a for a, _ in pairs], bottoms, confidence=0.8)
    # Far out the test is that of the denominators, with the numerators to break their ties.
    far = Fraction(10**6)
    shown = max(p_at(pairs, far), p_at(pairs, -far)) <= 0.1
    if any(bottoms):
        assert found.bounded == shown
    else:
        assert math.isnan(found.estimate) and not found.bounded


def test_a_gain_of_which_every_seed_keeps_the_same_share_is_known_exactly() -> None:
    kept = [0.2, 0.5, 0.9, 0.4, 0.7, 0.3, 0.8]
    assert ratio_interval([Fraction(str(k)) / 2 for k in kept], kept) == (
        ratio_interval([Fraction(str(10 * k)) / 2 for k in kept], [10 * k for k in kept])
    )
    found = ratio_interval([Fraction(str(k)) / 2 for k in kept], kept)
    assert (found.estimate, found.low, found.high) == (0.5, 0.5, 0.5)


def test_the_interval_inverts_the_two_sided_test_of_a_share_of_one_half() -> None:
    stream = np.random.default_rng(3)
    kept = stream.normal(0.6, 0.1, 16).round(3)
    removed = (0.7 * kept + stream.normal(0, 0.05, 16)).round(3)
    found = ratio_interval(removed, kept)
    left = [
        Fraction(str(r)) - Fraction(k) / 2 for r, k in zip(removed, map(str, kept), strict=True)
    ]
    assert found.low > 0.5
    assert signed_rank(left).pvalue < 0.025
    assert found.low < found.estimate < found.high
    assert found.estimate == pytest.approx(0.7, abs=0.05)


def test_without_a_gain_the_ratio_is_not_known() -> None:
    stream = np.random.default_rng(5)
    kept, removed = stream.normal(0, 0.2, (2, 16)).round(3)
    found = ratio_interval(removed, kept)
    assert (found.low, found.high, found.bounded) == (-math.inf, math.inf, False)
    assert not ratio_interval([1, 2, 3], [1, 1, 1]).bounded  # three seeds never reject
    assert math.isnan(ratio_interval([1, 2], [0, 0]).estimate)


def test_it_covers_the_true_share_as_often_as_it_says() -> None:
    stream = np.random.default_rng(7)
    inside = 0
    for _ in range(400):
        kept = stream.normal(0.5, 0.25, 10)
        removed = 0.4 * kept + stream.normal(0, 0.1, 10)
        found = ratio_interval(removed.round(4), kept.round(4), confidence=0.8)
        inside += found.low <= 0.4 <= found.high
    # 80 % in the mean, standard error 2 points.
    assert 0.74 < inside / 400 < 0.88


def test_arguments_without_meaning_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"denominators holds 1 numbers, give one per numerator \(2\)"
    ):
        ratio_interval([1, 2], [1])
    with pytest.raises(ValueError, match="confidence is 1, give a number strictly between"):
        ratio_interval([1, 2], [1, 2], confidence=1)
