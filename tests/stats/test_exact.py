"""Exact numbers: what the tests accept, and what they say when they do not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnclaims.stats import hodges_lehmann, signed_rank, tost
from bnclaims.stats._exact import exact_numbers, fixed_point, to_integers
from bnclaims.stats.bootstrap_t import bootstrap_t
from bnclaims.stats.equivalence import inequivalence
from bnclaims.stats.interaction import all_pairs_equivalent, max_t, some_pair_differs
from bnclaims.stats.peak import peak, peak_interval
from bnclaims.stats.sign_flip import judged, sign_flip_mean
from bnclaims.stats.sign_test import sign_test

ON_DIFFERENCES: list[Callable[..., Any]] = [
    signed_rank,
    hodges_lehmann,
    sign_flip_mean,
    judged,
    sign_test,
    bootstrap_t,
    lambda differences: tost(differences, margin=0.1),
    lambda differences: inequivalence(differences, margin=0.1),
]
ON_TABLES: list[Callable[..., Any]] = [
    max_t,
    peak_interval,
    lambda gains: peak(gains, margin=0.1),
    lambda gains: all_pairs_equivalent(gains, margin=0.1),
    lambda gains: some_pair_differs(gains, margin=0.1),
]
WITH_MARGIN: list[Callable[..., Any]] = [
    lambda margin: tost([0.1] * 8, margin=margin),
    lambda margin: inequivalence([0.1] * 8, margin=margin),
    lambda margin: peak([[0, 1, 0]] * 8, margin=margin),
    lambda margin: all_pairs_equivalent([[0, 1, 0]] * 8, margin=margin),
    lambda margin: some_pair_differs([[0, 1, 0]] * 8, margin=margin),
]


def test_floats_tie_as_their_decimals_do() -> None:
    assert 0.3 - 0.1 != 0.2
    assert exact_numbers([0.3], "d")[0] - exact_numbers([0.1], "d")[0] == Fraction(1, 5)


@pytest.mark.parametrize(
    "values",
    [
        [0.1, 2, Fraction(1, 3)],
        np.array([0.1, 2.0, 7.5]),
        np.array([0.1, 2.0, 7.5], dtype=np.float32),
        np.array([1, 2, 3], dtype=np.int8),
        (0.1, np.float64(2), np.int64(4)),
    ],
)
def test_every_kind_of_number_is_read_exactly(values: Any) -> None:
    exact = exact_numbers(values, "d")
    assert all(isinstance(value, Fraction) for value in exact)
    assert exact[0] in (Fraction(1, 10), Fraction(1))
    assert all(isinstance(value.numerator, int) for value in exact)


@given(st.lists(st.fractions(max_denominator=10**6), min_size=1, max_size=8))
def test_integers_over_the_common_denominator_are_the_same_numbers(values: list[Fraction]) -> None:
    numerators, denominator = to_integers(values)
    assert [Fraction(numerator, denominator) for numerator in numerators] == values


@given(st.lists(st.integers(-(10**40), 10**40), min_size=1, max_size=8))
def test_fixed_point_errs_by_at_most_half_a_unit(values: list[int]) -> None:
    fixed, bits = fixed_point(values, largest_sum=sum(map(abs, values)))
    for value, kept in zip(values, fixed.tolist(), strict=True):
        assert abs(2 * (value - (kept << bits))) <= (1 << bits if bits else 0)
    assert int(np.abs(fixed).sum()) < 2**62


@pytest.mark.parametrize("test", ON_DIFFERENCES)
@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ([], r"differences holds 0 numbers, give at least"),
        ([0.1] * 8 + [float("nan")], r"differences\[8\] is nan"),
        ([float("-inf")] + [0.1] * 8, r"differences\[0\] is -inf"),
        (np.zeros((8, 2)), r"differences has shape \(8, 2\)"),
        (np.array(0.5), r"differences has shape \(\)"),
        ([[0.1]] * 8, r"differences\[0\] is of type list"),
        (["0.1"] * 8, r"differences\[0\] is of type str"),
        ("0.1", r"differences is '0.1'"),
        (0.5, r"differences is 0.5"),
    ],
)
def test_bad_differences_are_named(test: Callable[..., Any], bad: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        test(bad)


@pytest.mark.parametrize("test", ON_TABLES)
@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ([], "gains has no rows"),
        ([[0, 1, 2], [0, 1]], r"gains has rows of \[2, 3\] numbers"),
        ([[0, 1, float("nan")]], r"gains\[0\]\[2\] is nan"),
        ([[0], [1]], "gains has 1 doses"),
        (np.zeros(3), r"gains has shape \(3,\)"),
        (np.zeros((2, 3, 4)), r"gains has shape \(2, 3, 4\)"),
    ],
)
def test_bad_tables_are_named(test: Callable[..., Any], bad: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        test(bad)


@pytest.mark.parametrize("test", WITH_MARGIN)
@pytest.mark.parametrize("margin", [0, -0.1, float("nan"), float("inf")])
def test_a_margin_must_be_positive(test: Callable[..., Any], margin: float) -> None:
    with pytest.raises(ValueError, match="margin is"):
        test(margin)


@pytest.mark.parametrize("confidence", [0, 1, 1.5, -1, float("nan")])
@pytest.mark.parametrize("interval", [hodges_lehmann, bootstrap_t])
def test_a_confidence_lies_between_0_and_1(interval: Callable[..., Any], confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence is"):
        interval([0.1, 0.2] * 4, confidence=confidence)


def test_unknown_words_are_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="choose one of greater, less, two-sided"):
        signed_rank([1, 2], alternative="bigger")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="choose one of pratt, drop"):
        signed_rank([1, 2], zeros="wilcox")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"choose one of greater, less$"):
        judged([1, 2], alternative="two-sided")  # type: ignore[arg-type]


def test_random_draws_and_seeds_are_checked() -> None:
    with pytest.raises(ValueError, match="draws is 0"):
        sign_flip_mean([1, 2], draws=0)
    with pytest.raises(ValueError, match="seed is -1"):
        sign_flip_mean([1, 2], seed=-1)
    with pytest.raises(ValueError, match="draws is 10, give an integer of at least 40"):
        bootstrap_t([0.1, 0.2] * 4, draws=10)


def test_importing_the_package_loads_neither_torch_nor_scipy_stats() -> None:
    heavy = "{'torch', 'scipy.stats', 'pandas'}"
    code = f"import sys, bnclaims.stats; print(sorted({heavy} & set(sys.modules)))"
    path = [entry for entry in sys.path if entry]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}; {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
