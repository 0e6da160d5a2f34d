"""P-values for every stopping time: valid by enumeration, monotone, and alert where there is an effect."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.stats.anytime import anytime_p, mean_evidence, rank_evidence

WIDE = (-100, 100)
SIZES = st.lists(st.floats(0.001, 3), min_size=1, max_size=9)
SCORES = st.integers(-40, 40).map(lambda steps: Fraction(steps, 40))


def flipped(sizes: list[float], centre: float) -> list[list[float]]:
    """Every sample that is as likely as this one under symmetry about ``centre``."""
    patterns = itertools.product((1, -1), repeat=len(sizes))
    return [[centre + s * z for s, z in zip(signs, sizes, strict=True)] for signs in patterns]


@settings(max_examples=25, deadline=None)
@given(SIZES, st.floats(-1, 0))
def test_the_mean_evalue_over_sign_flips_is_one_at_the_centre_and_less_below(
    sizes: list[float], below: float
) -> None:
    at = np.exp([rank_evidence(values) for values in flipped(sizes, 0)]).mean(axis=0)
    assert at == pytest.approx(np.ones(len(sizes)))
    lower = np.exp([rank_evidence(values) for values in flipped(sizes, below)]).mean(axis=0)
    assert (lower <= 1 + 1e-9).all()


@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 0.95), st.integers(1, 8), st.sampled_from([(-1, 1), (-0.2, 1.5), (-2, 0.3)]))
def test_the_mean_evalue_of_lopsided_differences_is_one_at_their_mean(
    chance: float, n: int, bounds: tuple[float, float]
) -> None:
    # Two values, at the bounds: as far from symmetry as differences with that mean can be.
    low, high = bounds
    mean = low + chance * (high - low)
    expected = np.zeros(n)
    for highs in itertools.product((False, True), repeat=n):
        weight = math.prod(chance if up else 1 - chance for up in highs)
        values = [high if up else low for up in highs]
        expected += weight * np.exp(mean_evidence(values, bounds=bounds, shift=mean))
    assert expected == pytest.approx(np.ones(n))


@settings(max_examples=20, deadline=None)
@given(SIZES, st.sampled_from([0.005, 0.05, 0.2, 0.5]))
def test_the_pvalue_ever_falls_to_a_with_a_chance_of_at_most_a(
    sizes: list[float], a: float
) -> None:
    # It never rises, so that its last value tells whether it was ever as low.
    patterns = flipped(sizes, 0)
    ever = sum(anytime_p(values, bounds=WIDE) <= a for values in patterns)
    ranked = sum(rank_evidence(v).max() >= -math.log(a) for v in patterns)
    assert ever <= ranked <= a * len(patterns)


@settings(max_examples=50, deadline=None)
@given(st.lists(SCORES, min_size=2, max_size=12), st.sampled_from(["greater", "less"]))
def test_more_seeds_never_raise_the_pvalue(values: list[Fraction], alternative: str) -> None:
    found = [
        anytime_p(values[:n], bounds=(-1, 1), shift=0.1, alternative=alternative)  # type: ignore[arg-type]
        for n in range(1, len(values) + 1)
    ]
    assert found == sorted(found, reverse=True)
    assert all(0 <= p <= 1 for p in found)


@settings(max_examples=50, deadline=None)
@given(st.lists(SCORES, min_size=1, max_size=12), SCORES, SCORES)
def test_a_larger_last_difference_never_counts_for_less(
    values: list[Fraction], one: Fraction, other: Fraction
) -> None:
    low, high = sorted((one, other))
    for evidence in (rank_evidence, partial(mean_evidence, bounds=(-1, 1))):
        assert evidence([*values, low])[-1] <= evidence([*values, high])[-1] + 1e-12


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.001, 0.9), min_size=2, max_size=9), st.data())
def test_seeds_that_are_missing_for_the_worst_reasons_give_no_evidence(
    sizes: list[float], data: st.DataObject
) -> None:
    # Every seed below 0 of some goes missing, which makes what is left look like an effect.
    hidden = data.draw(st.lists(st.booleans(), min_size=len(sizes), max_size=len(sizes)))
    runs = [
        np.exp(
            rank_evidence(
                [-1 if hide and v < 0 else v for v, hide in zip(row, hidden, strict=True)]
            )
        )
        for row in flipped(sizes, 0)
    ]
    assert (np.mean(runs, axis=0) <= 1 + 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(SCORES, min_size=1, max_size=10))
def test_the_ranks_are_those_of_the_sizes_so_far(values: list[Fraction]) -> None:
    product = 1.0
    for n, value in enumerate(values, start=1):
        sizes = [abs(v) for v in values[:n]]
        share = sum((size < abs(value)) + (size == abs(value)) / 2 for size in sizes) / n
        product *= 1 + 0.7 * float(np.sign(float(value))) * share
    assert np.exp(rank_evidence(values, bets=[0.7]))[-1] == pytest.approx(product)


def test_the_evidence_is_the_formula() -> None:
    # The second size is the smaller of two.
    found = np.exp(rank_evidence([0.3, -0.1], bets=[0.5, 0.9]))
    first, second = [1 + 0.5 / 2, 1 + 0.9 / 2], [1 - 0.5 / 4, 1 - 0.9 / 4]
    assert found[0] == pytest.approx(sum(first) / 2)
    assert found[1] == pytest.approx(sum(a * b for a, b in zip(first, second, strict=True)) / 2)
    bet = np.exp(mean_evidence([0.3, -0.1], bounds=(-1, 1), shift=-0.2, bets=[0.5]))
    assert bet.tolist() == pytest.approx(
        [1 + 0.5 * 0.5 / 0.8, (1 + 0.5 * 0.5 / 0.8) * (1 + 0.5 * 0.1 / 0.8)]
    )


def test_the_pvalue_is_the_larger_of_both_kinds_of_evidence_at_their_best() -> None:
    values = [0.4, 0.5, 0.3, -0.6]
    ranked, mean = rank_evidence(values), mean_evidence(values, bounds=(-1, 1))
    assert ranked[-1] < ranked.max() and mean[-1] < mean.max()
    p = anytime_p(values, bounds=(-1, 1))
    assert p == pytest.approx(max(math.exp(-ranked.max()), math.exp(-mean.max())))


def test_the_sides_mirror_each_other() -> None:
    values = [0.2, -0.1, 0.4]
    mirrored = [-value for value in values]
    assert anytime_p(values, bounds=(-1, 2), shift=0.3, alternative="less") == anytime_p(
        mirrored, bounds=(-2, 1), shift=-0.3
    )


def test_neither_the_pseudomedian_nor_the_mean_alone_makes_a_word() -> None:
    # Half an F1 in one seed of five: a mean of the margin and a pseudomedian of 0.
    rare = [0.5 if place % 5 == 4 else 0.0 for place in range(240)]
    below = {"shift": 0.1, "alternative": "less"}
    assert rank_evidence(rare, **below).max() > math.log(120)  # type: ignore[arg-type]
    assert anytime_p(rare, bounds=(-1, 1), **below) > 0.05  # type: ignore[arg-type]
    # 0.85 F1 in one of five: a mean of 0.17 and a pseudomedian below the margin.
    inflated = [0.85 if place % 5 == 4 else 0.0 for place in range(480)]
    assert mean_evidence(inflated, bounds=(-1, 1), shift=0.1).max() > math.log(120)
    assert anytime_p(inflated, bounds=(-1, 1), shift=0.1) > 0.05


def test_an_effect_and_its_absence_are_found() -> None:
    noise = np.random.default_rng(6).normal(0, 0.05, size=80).round(3)
    assert anytime_p(noise[:20] + 0.5, bounds=(-1, 1)) < 0.05 / 6
    assert anytime_p(noise, bounds=(-1, 1), shift=0.1, alternative="less") < 0.05 / 6
    assert anytime_p(noise + 0.1, bounds=(-1, 1), shift=0.1, alternative="less") > 0.05


def test_endless_evidence_is_zero_without_a_warning() -> None:
    assert anytime_p([0.9] * 4000, bounds=(-1, 1)) == 0.0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"shift": 1}, "shift is 1.0, give one between the bounds -1.0 and 1.0"),
        ({"bounds": (-0.1, 1)}, "differences reach from -0.2 to 0.3, give bounds that hold them"),
        ({"bets": [0.5, 1.0]}, r"bets is \[0.5, 1.0\], give shares between 0 and 1 only"),
        ({"bets": [0.0]}, r"bets is \[0.0\], give shares between 0 and 1 only"),
        ({"alternative": "two-sided"}, "alternative is 'two-sided', choose one of greater, less"),
    ],
)
def test_arguments_without_meaning_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        anytime_p([0.3, -0.2], **{"bounds": (-1, 1)} | options)  # type: ignore[arg-type]
