"""The signed rank test against enumeration, scipy and R; the interval against its definition."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from bnclaims.stats import _subset_sums, hodges_lehmann, signed_rank
from bnclaims.stats._exact import Alternative, Zeros
from bnclaims.stats._subset_sums import null_weights
from bnclaims.stats.signed_rank import pseudomedian

GOLDEN = [7, 3, -1, 4, 4, 2, -2, 5, 1, 1, 3, -2, 6, -3, 2, 4]

# Few distinct values, so that ties, zeros and shifts that hit a value are common.
tenths = st.integers(-4, 6).map(lambda value: value / 10)
samples = st.lists(tenths, min_size=1, max_size=12)


def enumerated(
    differences: list[float], shift: float, alternative: Alternative, zeros: Zeros
) -> float:
    """P-value from all 2^n sign patterns, on integers."""
    values = np.array([round(10 * value) - round(10 * shift) for value in differences])
    if zeros == "drop":
        values = values[values != 0]
    doubled = (2 * scipy_stats.rankdata(np.abs(values))).astype(int)[values != 0]
    values = values[values != 0]
    patterns = np.array(list(itertools.product((0, 1), repeat=len(values))), dtype=int)
    null = patterns.reshape(2 ** len(values), -1) @ doubled
    observed = int(doubled[values > 0].sum())
    greater = float(np.mean(null >= observed))
    less = float(np.mean(null <= observed))
    two_sided = min(1.0, 2 * min(greater, less))
    return {"greater": greater, "less": less, "two-sided": two_sided}[alternative]


@settings(max_examples=150, deadline=None)
@given(
    samples,
    tenths,
    st.sampled_from(["greater", "less", "two-sided"]),
    st.sampled_from(["pratt", "drop"]),
)
def test_the_pvalue_is_that_of_all_sign_patterns(
    differences: list[float], shift: float, alternative: Alternative, zeros: Zeros
) -> None:
    result = signed_rank(differences, shift=shift, alternative=alternative, zeros=zeros)
    assert result.pvalue == enumerated(differences, shift, alternative, zeros)
    assert result.n == sum(round(10 * value) != round(10 * shift) for value in differences)


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(1, 1000), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_it_equals_scipy_where_scipy_is_exact(sizes: set[int], random: Any) -> None:
    differences = [size * random.choice((-1, 1)) for size in sizes]
    for alternative in ("greater", "less", "two-sided"):
        ours = signed_rank(differences, alternative=alternative)
        theirs = scipy_stats.wilcoxon(
            np.array(differences), alternative=alternative, method="exact"
        )
        assert ours.pvalue == pytest.approx(theirs.pvalue, rel=1e-12)
        if alternative == "greater":
            assert ours.statistic == theirs.statistic


def test_it_equals_scipy_beyond_the_range_of_integer_counts() -> None:
    differences = np.random.default_rng(5).normal(0.3, 1.0, size=150)
    theirs = scipy_stats.wilcoxon(differences, alternative="greater", method="exact").pvalue
    assert signed_rank(differences).pvalue == pytest.approx(theirs, rel=1e-9)


def test_it_equals_exact_rank_tests_of_r_under_ties() -> None:
    assert signed_rank(GOLDEN).pvalue == pytest.approx(0.007553, abs=5e-7)


@pytest.mark.parametrize("zeros", ["pratt", "drop"])
@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_all_zeros_are_no_evidence(zeros: Zeros, alternative: Alternative) -> None:
    result = signed_rank([0.2, 0.2, 0.2], shift=0.2, zeros=zeros, alternative=alternative)
    assert (result.statistic, result.pvalue, result.n) == (0.0, 1.0, 0)


def test_zeros_are_ranked_by_pratt_and_left_out_by_drop() -> None:
    # Pratt: ranks 2, 3, 4 beside one zero; the sum of the positives is 2 + 4 or 1 + 3.
    assert signed_rank([0, 1, -2, 3], zeros="pratt").statistic == 6
    assert signed_rank([0, 1, -2, 3], zeros="drop").statistic == 4


def test_decimal_shifts_tie_exactly() -> None:
    # In floats 0.3 - 0.1 is not 0.2, and |0.3 - 0.1| would not tie with |-0.1 - 0.1|.
    assert signed_rank([0.3, -0.1], shift=0.1).statistic == 1.5


@given(samples, tenths)
@settings(max_examples=60, deadline=None)
def test_the_two_sides_mirror_each_other(differences: list[float], shift: float) -> None:
    mirrored = [-value for value in differences]
    less = signed_rank(differences, shift=shift, alternative="less").pvalue
    assert less == signed_rank(mirrored, shift=-shift, alternative="greater").pvalue


@pytest.mark.parametrize("n", [62, 63])
def test_counts_and_probabilities_agree_where_they_meet(n: int) -> None:
    ranks = [3, 3, 8, *range(9, 2 * n - 4, 2)][:n]
    weights, total = null_weights(ranks, sum(ranks))
    shares = [float(weight) / total for weight in weights]
    assert math.fsum(shares) == pytest.approx(1, abs=1e-12)
    mean = math.fsum(place * share for place, share in enumerate(shares))
    variance = math.fsum((place - mean) ** 2 * share for place, share in enumerate(shares))
    assert mean == pytest.approx(sum(ranks) / 2)
    assert variance == pytest.approx(sum(rank**2 for rank in ranks) / 4)


def test_two_hundred_tied_differences_take_four_million_additions_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    additions = 0

    def counting(sizes: list[int], limit: int) -> Any:
        nonlocal additions
        additions += len(sizes) * (limit + 1)
        return null_weights(sizes, limit)

    monkeypatch.setattr(_subset_sums, "null_weights", counting)
    values = np.random.default_rng(8).integers(-15, 40, size=200)
    signed_rank([Fraction(int(value), 150) for value in values])
    # Doubled midranks sum to n (n + 1), of which one half is enough.
    assert 0 < additions <= 200 * (200 * 201 // 2 + 1)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 70), st.integers(1, 40), st.randoms(use_true_random=False))
def test_kept_distributions_of_ranks_give_the_very_same_tails(
    n: int, values: int, random: Any
) -> None:
    sizes = sorted(random.randint(1, values) for _ in range(n))
    ranks = [sizes.index(size) + 1 + n - sizes[::-1].index(size) for size in sizes]
    random.shuffle(ranks)
    for total in (0, 1, sum(ranks) // 3, sum(ranks) // 2, sum(ranks) - 1, sum(ranks)):
        kept = _subset_sums.upper_tail(ranks, total, ranks=True)
        assert kept == _subset_sums.upper_tail(ranks, total)


def inverted(differences: list[float], confidence: float) -> tuple[float, float]:
    """Closure of the shifts not rejected, looked up at and between all Walsh averages."""
    exact = [Fraction(str(value)) for value in differences]
    averages = {(a + b) / 2 for a in exact for b in exact}
    knots = sorted(averages)
    middles = [(a + b) / 2 for a, b in itertools.pairwise(knots)]
    outside = [knots[0] - 1, knots[-1] + 1]
    kept = [
        shift
        for shift in [*knots, *middles, *outside]
        if signed_rank(exact, shift=shift, alternative="two-sided").pvalue
        > float(1 - Fraction(str(confidence)))
    ]
    if not kept:
        kept = [
            max(
                knots,
                key=lambda shift: signed_rank(exact, shift=shift, alternative="two-sided").pvalue,
            )
        ]
    low, high = min(kept), max(kept)
    below = max((knot for knot in knots if knot <= low), default=-math.inf)
    above = min((knot for knot in knots if knot >= high), default=math.inf)
    return float(below), float(above)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(tenths, min_size=1, max_size=9), st.sampled_from([0.5, 0.75, 0.9, 0.95, 0.99, 0.875])
)
def test_the_interval_holds_the_shifts_that_are_not_rejected(
    differences: list[float], confidence: float
) -> None:
    interval = hodges_lehmann(differences, confidence=confidence)
    assert (interval.low, interval.high) == inverted(differences, confidence)


@settings(max_examples=60, deadline=None)
@given(samples)
def test_pvalues_are_monotone_in_the_shift(differences: list[float]) -> None:
    shifts = [Fraction(shift, 40) for shift in range(-20, 28)]
    greater = [signed_rank(differences, shift=shift).pvalue for shift in shifts]
    less = [signed_rank(differences, shift=shift, alternative="less").pvalue for shift in shifts]
    assert greater == sorted(greater)
    assert less == sorted(less, reverse=True)


@settings(max_examples=60, deadline=None)
@given(samples, st.sampled_from([0.5, 0.9, 0.95]))
def test_the_interval_contains_the_estimate_and_grows_with_confidence(
    differences: list[float], confidence: float
) -> None:
    narrow = hodges_lehmann(differences, confidence=confidence)
    wide = hodges_lehmann(differences, confidence=0.99)
    assert wide.low <= narrow.low <= narrow.estimate <= narrow.high <= wide.high


@settings(max_examples=60, deadline=None)
@given(samples, tenths, st.sampled_from([Fraction(1, 3), Fraction(2), Fraction(-5, 7)]))
def test_estimate_and_interval_move_and_scale_with_the_data(
    differences: list[float], shift: float, scale: Fraction
) -> None:
    offset = Fraction(str(shift))
    before = hodges_lehmann(differences)
    after = hodges_lehmann([scale * Fraction(str(value)) + offset for value in differences])
    ends = sorted(float(scale) * end + shift for end in (before.low, before.high))
    assert after.estimate == pytest.approx(float(scale) * before.estimate + shift, abs=1e-12)
    assert [after.low, after.high] == pytest.approx(ends, abs=1e-12)


def test_the_estimate_is_the_median_of_walsh_averages() -> None:
    # Averages of 0, 1, 5: 0, 0.5, 1, 2.5, 3, 5.
    assert hodges_lehmann([5, 0, 1]).estimate == 1.75
    assert pseudomedian([5, 0, 1]) == Fraction(7, 4)


def test_too_few_differences_leave_the_interval_open() -> None:
    # Five differences reject at 2^-5 = .031 one-sided, six at .016 <= .025.
    interval = hodges_lehmann([1, 2, 3, 4, 5], confidence=0.95)
    assert (interval.low, interval.high) == (-math.inf, math.inf)
    interval = hodges_lehmann([1, 2, 3, 4, 5, 6], confidence=0.95)
    assert (interval.low, interval.high) == (1, 6)


def test_constant_differences_give_one_point() -> None:
    interval = hodges_lehmann([0.1] * 8)
    assert (interval.low, interval.estimate, interval.high) == (0.1, 0.1, 0.1)
