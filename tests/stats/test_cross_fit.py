"""Thresholds chosen on the other half: by brute force, and what no threshold may change."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.stats import cross_fitted_j, halves

MARGINS = st.lists(st.integers(-5, 5), min_size=8, max_size=24)


def j_at(labels: np.ndarray, margins: np.ndarray, threshold: float) -> Fraction:
    rates = [
        Fraction(
            sum(bool(m > threshold) for m, y in zip(margins, labels, strict=True) if y == cls),
            int((labels == cls).sum()),
        )
        for cls in (1, 0)
    ]
    return rates[0] - rates[1]


def example(values: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels by turns of two, halves by turns of one: each half has both classes."""
    n = len(values)
    return (np.arange(n) // 2) % 2, np.array(values, dtype=float), np.arange(n) % 2 == 1


@settings(max_examples=100, deadline=None)
@given(MARGINS)
def test_each_half_is_judged_at_a_threshold_that_was_best_on_the_other(values: list[int]) -> None:
    labels, margins, second = example(values)
    candidates = [-np.inf, *(np.arange(-6, 6) + 0.5), np.inf]
    possible = []
    for own, other in ((~second, second), (second, ~second)):
        best = max(j_at(labels[other], margins[other], t) for t in candidates)
        # Between the margins of the half that chose, equally good thresholds may differ on the other.
        fine = np.concatenate(([-np.inf], np.arange(-22, 23) / 4, [np.inf]))
        good = [t for t in fine if j_at(labels[other], margins[other], t) == best]
        possible.append({j_at(labels[own], margins[own], t) for t in good})
    found = cross_fitted_j(labels, margins, second)
    assert found in {(a + b) / 2 for a in possible[0] for b in possible[1]}
    assert -1 <= found <= 1


@settings(max_examples=60, deadline=None)
@given(MARGINS, st.integers(-9, 9), st.sampled_from([0.5, 2.0, 8.0]))
def test_neither_a_moved_nor_a_stretched_margin_changes_it(
    values: list[int], move: int, stretch: float
) -> None:
    labels, margins, second = example(values)
    assert cross_fitted_j(labels, stretch * (margins + move), second) == cross_fitted_j(
        labels, margins, second
    )


def test_constant_margins_are_worth_nothing_and_perfect_ones_everything() -> None:
    labels, _, second = example([0] * 16)
    assert cross_fitted_j(labels, np.full(16, 3.0), second) == 0
    assert cross_fitted_j(labels, labels * 2.0 - 9, second) == 1
    # A network that has learnt the opposite is not flattered by calling all or none.
    assert cross_fitted_j(labels, -labels * 2.0, second) == 0


def test_of_equally_good_thresholds_the_middle_one_is_taken() -> None:
    # On the first half .5, 2.5 and 4.5 are equally good; only 2.5 tells the second half apart.
    margins = np.array([0.0, 1, 2, 3, 4, 5, 2, 3])
    labels, second = np.arange(8) % 2, np.arange(8) >= 6
    assert cross_fitted_j(labels, margins, second) == (1 + Fraction(1, 3)) / 2


def test_what_is_chosen_on_noise_is_worth_nothing_elsewhere() -> None:
    stream = np.random.default_rng(0)
    labels, second = np.repeat([0, 1], 40), np.tile([False, True], 40)
    noise = [stream.normal(size=80) for _ in range(300)]
    crossed = np.mean([float(cross_fitted_j(labels, margins, second)) for margins in noise])
    chosen = np.mean([max(float(j_at(labels, m, t)) for t in m) for m in noise])
    assert abs(crossed) < 0.02 < 0.1 < chosen


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1)), min_size=1, max_size=40))
def test_groups_stay_whole_and_halves_of_a_class_are_equal_to_one_group(
    images: list[tuple[int, int]],
) -> None:
    names, labels = [f"leaf {group}" for group, _ in images], [cls for _, cls in images]
    second = halves(names, labels)
    assert len({(name, half) for name, half in zip(names, second.tolist(), strict=True)}) == len(
        set(names)
    )
    lowest = {
        name: min(c for n, c in zip(names, labels, strict=True) if n == name) for name in names
    }
    for cls in set(lowest.values()):
        own = [bool(second[names.index(name)]) for name in lowest if lowest[name] == cls]
        assert own.count(False) - own.count(True) in (0, 1)
    shuffled = np.random.default_rng(len(images)).permutation(len(images))
    again = halves([names[place] for place in shuffled], [labels[place] for place in shuffled])
    assert (again == second[shuffled]).all()


def test_each_half_needs_both_classes_and_only_two_are_known() -> None:
    halved = [False, False, True, True]
    with pytest.raises(ValueError, match="second_half leaves a half without one of the classes"):
        cross_fitted_j([0, 1, 0, 0], [1, 2, 3, 4], halved)
    with pytest.raises(ValueError, match="labels holds class 2, give 0"):
        cross_fitted_j([0, 1, 0, 2], [1, 2, 3, 4], halved)
