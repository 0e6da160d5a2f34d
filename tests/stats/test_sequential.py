"""Weighted looks and e-processes: valid by enumeration, and alert where there is an effect."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.stats import holm
from bnclaims.stats.e_process import e_equivalence, e_holm, e_process
from bnclaims.stats.sequential import sequential_p


def test_each_look_spends_its_share() -> None:
    assert sequential_p([0.02], [0.5, 0.25, 0.25]) == pytest.approx(0.04)
    assert sequential_p([0.02, 0.005], [0.5, 0.25, 0.25]) == pytest.approx(0.02)
    assert sequential_p([0.9, 0.9], [0.5, 0.5]) == 1.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_another_look_never_raises_the_pvalue(pvalues: list[float]) -> None:
    weights = [0.25] * 4
    values = [sequential_p(pvalues[: k + 1], weights) for k in range(len(pvalues))]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("weights", [[0.5, 0.6], [0.5, -0.1], [0.5, 0.0]])
def test_weights_are_positive_shares_of_at_most_one(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights are"):
        sequential_p([0.1, 0.1], weights)


def test_weights_that_exceed_one_by_rounding_are_accepted() -> None:
    assert sequential_p([0.1], [5 / 6, 1 / 6]) == pytest.approx(0.12)


def test_more_looks_than_planned_are_refused() -> None:
    with pytest.raises(ValueError, match="pvalues holds 3 looks, plan at most 2"):
        sequential_p([0.1, 0.1, 0.1], [0.5, 0.5])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.001, 3), min_size=1, max_size=10), st.floats(-1, 0))
def test_the_mean_evalue_over_sign_flips_is_at_most_one(sizes: list[float], below: float) -> None:
    # Symmetric about `below` <= 0, so inside the null; every prefix is a fixed n.
    patterns = itertools.product((1, -1), repeat=len(sizes))
    runs = [
        e_process([below + s * z for s, z in zip(signs, sizes, strict=True)]) for signs in patterns
    ]
    assert (np.mean(runs, axis=0) <= 1 + 1e-9).all()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0.001, 0.5), min_size=1, max_size=8), st.sampled_from([-0.1, 0.1]))
def test_the_mean_equivalence_evalue_at_the_margin_is_at_most_one(
    sizes: list[float], centre: float
) -> None:
    patterns = itertools.product((1, -1), repeat=len(sizes))
    runs = [
        e_equivalence([centre + s * z for s, z in zip(signs, sizes, strict=True)], margin=0.1)
        for signs in patterns
    ]
    assert (np.mean(runs, axis=0) <= 1 + 1e-9).all()


def test_the_evalue_is_the_formula() -> None:
    running = e_process([0.3, -0.1], grid=[2, 5])
    first = (math.exp(0.6 - 2 * 0.09) + math.exp(1.5 - 12.5 * 0.09)) / 2
    second = (math.exp(0.4 - 2 * 0.1) + math.exp(1.0 - 12.5 * 0.1)) / 2
    assert running.tolist() == pytest.approx([first, second])


def test_an_effect_gathers_evidence_and_its_absence_gathers_it_for_equivalence() -> None:
    noise = np.random.default_rng(6).normal(0, 0.05, size=40).round(3)
    assert e_process(noise + 0.1)[-1] > 1000
    assert e_process(noise + 0.1, alternative="less")[-1] < 0.1
    assert e_equivalence(noise, margin=0.1)[-1] > 1000
    assert e_equivalence(noise + 0.1, margin=0.1)[-1] < 20


def test_the_sides_of_the_e_process_mirror_each_other() -> None:
    differences = [0.2, -0.1, 0.4]
    less = e_process(differences, shift=0.3, alternative="less")
    greater = e_process([-d for d in differences], shift=-0.3)
    assert less.tolist() == greater.tolist()


def test_endless_evidence_is_infinite_without_a_warning() -> None:
    assert e_process([1.0] * 2000, grid=[1.0])[-1] == math.inf


def test_rates_must_be_positive() -> None:
    with pytest.raises(ValueError, match=r"grid holds -1\.0, give positive rates only"):
        e_process([0.1], grid=[1.0, -1.0])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([0.0, 0.5, 5, 19, 20, 21, 40, 60, 100, math.inf]), min_size=1, max_size=5
    )
)
def test_e_holm_is_closed_testing_with_means(evalues: list[float]) -> None:
    places = range(len(evalues))
    sets = [s for r in places for s in itertools.combinations(places, r + 1)]
    for place, rejected in enumerate(e_holm(evalues, alpha=0.05)):
        hardest = min(sum(evalues[i] for i in s) / len(s) for s in sets if place in s)
        assert rejected == (hardest >= 20)


@given(st.lists(st.floats(0.01, 1e4), min_size=1, max_size=6))
def test_e_holm_rejects_at_least_what_holm_on_inverse_evalues_rejects(evalues: list[float]) -> None:
    by_holm = [p <= 0.0499 for p in holm([min(1.0, 1 / e) for e in evalues])]
    assert all(
        mean or not inverse
        for mean, inverse in zip(e_holm(evalues, alpha=0.05), by_holm, strict=True)
    )


@pytest.mark.parametrize("bad", [[], [-1.0], [math.nan, 2.0]])
def test_values_that_are_no_evalues_are_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="evalues is"):
        e_holm(bad, alpha=0.05)
