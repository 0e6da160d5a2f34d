"""The interval for the ratio of two variances."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnclaims.stats import variance_ratio

scores = st.integers(0, 60).map(lambda value: Fraction(value, 60))
pairs = st.lists(st.tuples(scores, scores), min_size=3, max_size=30)


def columns(pairs: list[tuple[Fraction, Fraction]]) -> tuple[list[Fraction], list[Fraction]]:
    return [first for first, _ in pairs], [second for _, second in pairs]


@given(pairs)
def test_changing_places_inverts_it(pairs: list[tuple[Fraction, Fraction]]) -> None:
    first, second = columns(pairs)
    found, turned = variance_ratio(first, second), variance_ratio(second, first)
    # The ratio itself may lie outside: the jackknife corrects its bias.
    assert found.low <= found.high
    ends = ((found.low, turned.high), (found.high, turned.low), (found.ratio, turned.ratio))
    for one, other in ends:
        assert one == pytest.approx(1 / other if other else math.inf)


@given(pairs, st.integers(2, 9))
def test_the_unit_is_no_matter(pairs: list[tuple[Fraction, Fraction]], factor: int) -> None:
    first, second = columns(pairs)
    found = variance_ratio(first, second)
    scaled = variance_ratio([factor * x for x in first], [factor * x for x in second])
    assert (scaled.low, scaled.ratio) == pytest.approx((found.low, found.ratio))


def test_equal_values_have_the_ratio_one_for_certain() -> None:
    found = variance_ratio([0.1, 0.5, 0.2], [0.1, 0.5, 0.2])
    assert (found.ratio, found.low, found.high) == (1, 1, 1)
    assert variance_ratio([0.3] * 4, [0.1] * 4).ratio == 1


def test_the_ratio_is_that_of_the_sample_variances() -> None:
    first, second = [0.1, 0.4, 0.9, 0.3], [0.2, 0.6, 0.1, 0.5]
    expected = np.var(first, ddof=1) / np.var(second, ddof=1)
    assert variance_ratio(first, second).ratio == pytest.approx(expected)


def test_a_spread_that_one_seed_makes_tells_nothing() -> None:
    found = variance_ratio([0.0, 0.0, 0.0, 0.3], [0.1, 0.2, 0.3, 0.4])
    assert (found.low, found.high) == (0, math.inf)
    assert variance_ratio([0.1, 0.2, 0.3], [0.1, 0.1, 0.1]).ratio == math.inf


def test_what_the_two_have_in_common_narrows_the_interval() -> None:
    random = np.random.default_rng(1)
    common, noise = random.normal(size=32), 0.2 * random.normal(size=(3, 32))
    paired = variance_ratio(common + noise[0], common + noise[1])
    alone = variance_ratio(common + noise[0], random.normal(size=32))
    assert math.log(paired.high / paired.low) < 0.6 * math.log(alone.high / alone.low)


@pytest.mark.parametrize("skewed", [False, True])
def test_it_covers_the_truth_nearly_as_often_as_it_says(skewed: bool) -> None:
    random = np.random.default_rng(7)
    covered, suites = 0, 400
    for _ in range(suites):
        common, one, other = (
            random.gamma(1.0, size=(3, 32)) if skewed else random.normal(size=(3, 32))
        )
        # Twice the standard deviation, four times the variance.
        found = variance_ratio(2 * (common + one), common + other, confidence=0.9)
        covered += found.low <= 4 <= found.high
    assert 0.83 < covered / suites < 0.97


@pytest.mark.parametrize(
    ("first", "second", "options", "named"),
    [
        ([0.1, 0.2], [0.1, 0.2], {}, "sample holds 2"),
        ([0.1, 0.2, 0.3], [0.1, 0.2, 0.3, 0.4], {}, "reference holds 4"),
        ([0.1, 0.2, math.nan], [0.1, 0.2, 0.3], {}, "nan"),
        ([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], {"confidence": 1.0}, "confidence"),
    ],
)
def test_what_it_cannot_take_is_named(
    first: list[float], second: list[float], options: dict[str, float], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        variance_ratio(first, second, **options)
