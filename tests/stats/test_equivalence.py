"""Equivalence and its mirror: margins, disjointness, direction."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.stats import tost
from bnclaims.stats.equivalence import inequivalence, two_sided
from bnclaims.stats.sign_flip import judged

hundredths = st.integers(-15, 15).map(lambda value: Fraction(value, 100))
samples = st.lists(hundredths, min_size=1, max_size=12)
margins = st.integers(1, 20).map(lambda value: Fraction(value, 100))


@settings(max_examples=60, deadline=None)
@given(samples, margins, margins)
def test_a_wider_margin_is_easier_to_meet_and_harder_to_exceed(
    differences: list[Fraction], one: Fraction, other: Fraction
) -> None:
    narrow, wide = sorted((one, other))
    assert tost(differences, margin=wide).pvalue <= tost(differences, margin=narrow).pvalue
    assert inequivalence(differences, margin=wide) >= inequivalence(differences, margin=narrow)


@settings(max_examples=60, deadline=None)
@given(samples, margins)
def test_equivalence_and_its_mirror_are_never_both_shown(
    differences: list[Fraction], margin: Fraction
) -> None:
    assert (
        max(tost(differences, margin=margin).pvalue, inequivalence(differences, margin=margin))
        >= 0.5
    )


@settings(max_examples=60, deadline=None)
@given(samples, margins)
def test_the_sign_of_the_effect_does_not_matter(
    differences: list[Fraction], margin: Fraction
) -> None:
    mirrored = [-value for value in differences]
    straight, turned = tost(differences, margin=margin), tost(mirrored, margin=margin)
    assert (straight.lower, straight.upper) == (turned.upper, turned.lower)
    assert inequivalence(differences, margin=margin) == inequivalence(mirrored, margin=margin)


def test_the_pvalue_is_the_larger_of_the_two_sides() -> None:
    differences = [0.02, 0.05, -0.01, 0.04, 0.03, 0.06, 0.0, 0.01]
    result = tost(differences, margin=0.05)
    assert result.lower == judged(differences, shift=-0.05, alternative="greater")
    assert result.upper == judged(differences, shift=0.05, alternative="less")
    assert result.pvalue == max(result.lower, result.upper) == result.upper


def test_small_effects_are_equivalent_and_large_ones_are_not() -> None:
    noise = np.random.default_rng(1).normal(0, 0.03, size=16).round(3)
    assert tost(noise, margin=0.1).pvalue < 0.001
    assert inequivalence(noise, margin=0.1) == 1.0
    assert tost(noise + 0.2, margin=0.1).pvalue > 0.99
    assert inequivalence(noise + 0.2, margin=0.1) < 0.001
    assert inequivalence(noise - 0.2, margin=0.1) < 0.001


def test_wide_differences_around_zero_show_nothing() -> None:
    wide = np.random.default_rng(2).normal(0, 0.4, size=16).round(3)
    assert tost(wide, margin=0.1).pvalue > 0.05
    assert inequivalence(wide, margin=0.1) > 0.05


def test_differences_on_the_margin_are_no_evidence_either_way() -> None:
    assert tost([0.1] * 16, margin=0.1).pvalue == 1.0
    assert inequivalence([0.1] * 16, margin=0.1) == 1.0


def test_another_test_can_take_the_place_of_the_one_that_judges() -> None:
    # Two differences on the upper margin are zeros after the shift.
    differences = [0.01, -0.01, 0.05, 0.0, 0.12, 0.11, 0.1, 0.1]
    assert tost(differences, margin=0.1).pvalue == 14 / 128
    assert tost(differences, margin=0.1, test=partial(judged, zeros="drop")).pvalue == 5 / 64


def test_a_missing_seed_is_the_worst_for_either_side() -> None:
    least, most = [-1.0, *[0.01] * 7], [1.0, *[0.01] * 7]
    both = tost(least, highest=most, margin=0.1)
    assert both.lower == tost(least, margin=0.1).lower > tost(most, margin=0.1).lower
    assert both.upper == tost(most, margin=0.1).upper > tost(least, margin=0.1).upper
    assert inequivalence(least, highest=most, margin=0.1) == 1.0


def test_two_sided_is_twice_the_smaller_side() -> None:
    differences = [0.1, 0.2, -0.05, 0.3, 0.15, 0.12]
    assert two_sided(differences) == 2 * judged(differences) < 1
    assert two_sided([-value for value in differences]) == two_sided(differences)
    assert two_sided(differences, highest=[9.0, *differences[1:]]) == two_sided(differences)
