"""The interval of a difference: its formula, its symmetries, and how often it holds the truth."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bnclaims.stats import Mover, hodges_lehmann, mover

SEEDS, RUNS = 16, 500

values = st.floats(-10, 10)
widths = st.floats(0, 10)


@st.composite
def intervals(draw: st.DrawFn) -> tuple[float, float, float]:
    estimate = draw(values)
    return estimate, estimate - draw(widths), estimate + draw(widths)


def test_the_ends_are_those_of_the_published_formula() -> None:
    result = mover((0.50, 0.40, 0.54), (0.80, 0.77, 0.92))
    assert result.estimate == pytest.approx(0.30)
    assert result.low == pytest.approx(0.30 - math.sqrt(0.03**2 + 0.04**2))
    assert result.high == pytest.approx(0.30 + math.sqrt(0.12**2 + 0.10**2))


@given(intervals(), intervals())
def test_the_other_way_round_is_the_mirror_image(
    one: tuple[float, float, float], other: tuple[float, float, float]
) -> None:
    there, back = mover(one, other), mover(other, one)
    assert there.low <= there.estimate <= there.high
    assert Mover(-back.estimate, -back.high, -back.low) == there


def test_an_end_without_a_bound_leaves_the_difference_without_one() -> None:
    result = mover((0.5, -math.inf, 0.6), (0.8, 0.7, 0.9))
    assert math.isfinite(result.low) and result.high == math.inf


def coverage(correlation: float) -> float:
    """How often the interval holds the true difference of two pseudomedians of paired seeds."""
    random = np.random.default_rng(1)
    shared = random.normal(size=(RUNS, SEEDS))
    own = random.normal(size=(2, RUNS, SEEDS))
    one, other = (
        (math.sqrt(correlation) * shared + math.sqrt(1 - correlation) * side) * spread + centre
        for side, spread, centre in zip(own, (0.05, 0.15), (0.2, 0.5), strict=True)
    )
    held = 0
    for first, second in zip(one, other, strict=True):
        result = mover(summary(first), summary(second))
        held += result.low <= 0.3 <= result.high
    return held / RUNS


def summary(gains: NDArray[np.float64]) -> tuple[float, float, float]:
    """Estimate and interval of a report, which has its gains from counts."""
    found = hodges_lehmann([Fraction(round(gain * 2000), 2000) for gain in gains])
    return found.estimate, found.low, found.high


def test_independent_evidence_is_covered_as_often_as_stated() -> None:
    # 500 runs: a standard error of 0.01 around 0.95.
    assert 0.92 <= coverage(0.0) <= 0.98


def test_shared_draws_only_make_the_interval_too_wide() -> None:
    assert coverage(0.7) >= max(0.95, coverage(0.0))


def test_the_coverage_test_would_notice_an_interval_that_is_too_narrow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half = math.sqrt(0.5)
    monkeypatch.setattr(math, "hypot", lambda one, other: half * max(abs(one), abs(other)))
    assert coverage(0.0) < 0.92
