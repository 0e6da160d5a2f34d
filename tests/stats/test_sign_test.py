"""The sign test and the Clopper-Pearson interval against scipy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from bnclaims.stats.sign_test import clopper_pearson, sign_test


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 3))
def test_it_is_the_binomial_test_of_the_nonzero_signs(above: int, below: int, zero: int) -> None:
    differences = [0.3] * above + [0.1] * below + [0.2] * zero
    if not differences:
        return
    for alternative in ("greater", "less", "two-sided"):
        result = sign_test(differences, shift=0.2, alternative=alternative)
        expected = 1.0
        if above + below:
            expected = scipy_stats.binomtest(above, above + below, alternative=alternative).pvalue
        assert result.pvalue == pytest.approx(expected, rel=1e-9)
        assert (result.statistic, result.n) == (above, above + below)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.data(), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_the_interval_equals_scipys(trials: int, data: st.DataObject, confidence: float) -> None:
    successes = data.draw(st.integers(0, trials))
    low, high = clopper_pearson(successes, trials, confidence=confidence)
    theirs = scipy_stats.binomtest(successes, trials).proportion_ci(confidence, method="exact")
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_no_success_in_eight_bounds_the_rate_at_37_percent() -> None:
    low, high = clopper_pearson(0, 8)
    assert low == 0.0
    assert high == pytest.approx(1 - 0.025 ** (1 / 8))


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="successes is 9, give at most the 8 trials"):
        clopper_pearson(9, 8)
    with pytest.raises(ValueError, match="trials is 0"):
        clopper_pearson(0, 0)
    with pytest.raises(ValueError, match="confidence is 95"):
        clopper_pearson(1, 8, confidence=95)
