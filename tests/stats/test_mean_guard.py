"""The guard against rare collapses: valid by enumeration at every number of seeds, and where it bites."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.stats import guarded_p, judged, mean_guard, sequential_p

SCORES = st.integers(-40, 40).map(lambda steps: Fraction(steps, 40))
GAINS = st.sampled_from([0.05, 0.12, 0.3, 0.5, 1.0])
LEVEL = 0.05 / 8


@settings(max_examples=12, deadline=None)
@given(GAINS, st.sampled_from([0.6, 0.95, 1.0]), st.sampled_from([0.01, 0.05, 0.3]))
def test_two_values_of_mean_nothing_pass_with_a_chance_of_at_most_the_level_at_any_time(
    gain: float, loss: float, level: float
) -> None:
    rare, n = gain / (gain + loss), 8
    passed = 0.0
    for bad in itertools.product((False, True), repeat=n):
        values = [-loss if lost else gain for lost in bad]
        if any(mean_guard(values[:k]) <= level for k in range(1, n + 1)):
            passed += math.prod(rare if lost else 1 - rare for lost in bad)
    assert passed <= level + 1e-12


def test_three_values_whose_largest_loss_is_the_worst_keep_the_level_up_to_what_chance_allows() -> (
    None
):
    # Not one enumeration of a lucky world: the best bettor's own world, the nearest to the level.
    values, chances = (0.5, 0.0, -1.0), (0.5, 0.25, 0.25)
    n, level, passed = 7, 0.1, 0.0
    for picked in itertools.product(range(3), repeat=n):
        row = [values[place] for place in picked]
        if any(mean_guard(row[:k]) <= level for k in range(1, n + 1)):
            passed += math.prod(chances[place] for place in picked)
    assert 0.02 < passed <= level


@settings(max_examples=60, deadline=None)
@given(st.lists(SCORES, min_size=1, max_size=12), st.sampled_from([-0.2, 0, 0.1]))
def test_the_pvalue_is_the_inverse_of_the_product(values: list[Fraction], shift: float) -> None:
    e = math.prod(1 + 0.98 * (float(value) - shift) / (1 + shift) for value in values)
    assert mean_guard(values, shift=shift) == pytest.approx(min(1, 1 / e) if e > 1e-300 else 1)


@settings(max_examples=40, deadline=None)
@given(st.lists(SCORES, min_size=1, max_size=12), st.randoms())
def test_neither_the_order_of_seeds_nor_the_name_of_the_side_matters(
    values: list[Fraction], random: object
) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    mirrored = [-value for value in shuffled]
    p = mean_guard(values, shift=0.1)
    assert mean_guard(shuffled, shift=0.1) == pytest.approx(p)
    assert mean_guard(mirrored, shift=-0.1, alternative="less") == pytest.approx(p)


@settings(max_examples=40, deadline=None)
@given(st.lists(SCORES, min_size=2, max_size=12), SCORES)
def test_a_larger_difference_never_counts_for_less(values: list[Fraction], other: Fraction) -> None:
    low, high = sorted((values[0], other))
    assert mean_guard([high, *values[1:]]) <= mean_guard([low, *values[1:]]) + 1e-15


def test_losses_beyond_the_worst_count_as_the_worst() -> None:
    assert mean_guard([0.4] * 9 + [-1.7]) == mean_guard([0.4] * 9 + [-1.0])
    assert mean_guard([-0.4] * 9 + [1.7], alternative="less") == mean_guard([0.4] * 9 + [-1.0])
    # A gain that no bound holds is bet on as it is.
    assert mean_guard([1.8]) == pytest.approx(1 / (1 + 0.98 * 1.8))
    assert mean_guard([-0.2] * 9, shift=-0.3, worst=0.5) == pytest.approx(
        (1 + 0.98 * 0.1 / 0.2) ** -9
    )


def test_sixteen_equal_gains_pass_where_they_are_large() -> None:
    assert mean_guard([0.39] * 16) < LEVEL < mean_guard([0.37] * 16)
    assert mean_guard([0.12] * 64) < LEVEL < mean_guard([0.12] * 32)


def test_a_guarded_pvalue_is_the_larger_of_both_after_the_share_of_the_look() -> None:
    rare = [0.12] * 16  # what a network that collapses in one seed of six shows in one suite of 18
    assert judged(rare, shift=0.1) == 2**-16
    for weight in (0.25, 0.5):
        p = guarded_p(rare, shift=0.1, weight=weight)
        assert p == pytest.approx(weight * mean_guard(rare))
        assert sequential_p([p], [weight]) == pytest.approx(mean_guard(rare))
        assert sequential_p([p], [weight]) > LEVEL
    steady = [0.6 + 0.01 * k for k in range(16)]
    assert guarded_p(steady, shift=0.1) == mean_guard(steady) > judged(steady, shift=0.1)
    small = [0.1 + 0.02 * (-1) ** k for k in range(64)]
    assert guarded_p(small, shift=0.1) == judged(small, shift=0.1) > mean_guard(small)


def test_equivalence_is_guarded_beyond_its_margin() -> None:
    none = [0.0] * 16
    assert judged(none, shift=0.1, alternative="less") == 2**-16
    p = guarded_p(none, shift=0.1, alternative="less")
    assert p == pytest.approx((1 + 0.98 * 0.2 / 0.8) ** -16)
    assert guarded_p(none, shift=-0.1, alternative="greater") == pytest.approx(p)
    assert guarded_p([0.0] * 32, shift=0.1, alternative="less", weight=0.5) / 0.5 < LEVEL


def test_a_world_of_rare_collapses_is_hardly_ever_supported() -> None:
    # Exact: 16, 32 and 64 seeds of +.12, one in six -.6, a mean of 0. Without the guard 5.4 %.
    def worst(n: int, weight: float, *, guarded: bool) -> int:
        def p(bad: int) -> float:
            values = [0.12] * (n - bad) + [-0.6] * bad
            if guarded:
                return guarded_p(values, shift=0.1, weight=weight, draws=999)
            return judged(values, shift=0.1, draws=999)

        return next((bad - 1 for bad in range(n + 1) if p(bad) / weight > LEVEL), n)

    def supported(*, guarded: bool) -> float:
        left, before, total = np.array([1.0]), 0, 0.0
        for n, weight in ((16, 0.5), (32, 0.25), (64, 0.25)):
            drawn = n - before
            new = [
                math.comb(drawn, k) * (1 / 6) ** k * (5 / 6) ** (drawn - k)
                for k in range(drawn + 1)
            ]
            counts = np.convolve(left, new)
            limit = worst(n, weight, guarded=guarded)
            total += float(counts[: limit + 1].sum())
            counts[: limit + 1] = 0
            left, before = counts, n
        return total

    assert supported(guarded=False) == pytest.approx((5 / 6) ** 16, rel=0.01)
    assert supported(guarded=True) < 1e-4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"worst": 0}, "worst is 0, give a positive number"),
        ({"shift": 1, "alternative": "less"}, "shift is 1, give one that is less than the worst"),
        ({"bet": 1.0}, "bet is 1.0, give a number strictly between 0 and 1"),
        ({"alternative": "two-sided"}, "alternative is 'two-sided', choose one of greater, less"),
        ({"shift": -1}, "shift is -1, give one that is less than the worst loss of 1"),
    ],
)
def test_options_without_meaning_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        mean_guard([0.3, -0.2], **options)  # type: ignore[arg-type]


def test_shares_and_distances_without_meaning_are_refused() -> None:
    with pytest.raises(ValueError, match=r"weight is 1\.5, give the look's share"):
        guarded_p([0.3], weight=1.5)
    with pytest.raises(ValueError, match=r"distance is -0\.1, give a number of at least 0"):
        guarded_p([0.3], distance=-0.1)
