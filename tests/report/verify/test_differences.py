"""Differences: a wrong value is found and named."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from bnclaims.report.formatting import shown
from bnclaims.report.verify.differences import differences

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
PLAIN_DATA = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def found(stated: object, recomputed: object) -> list[str]:
    return list(differences(stated, recomputed, "claims"))


@given(PLAIN_DATA)
def test_data_does_not_differ_from_itself_after_json(data: object) -> None:
    assert found(json.loads(json.dumps(data)), data) == []


@given(PLAIN_DATA, PLAIN_DATA)
def test_a_difference_is_seen_from_both_sides(one: object, other: object) -> None:
    assert bool(found(one, other)) == bool(found(other, one))


def test_a_value_is_named_by_claim_cell_and_field() -> None:
    def claims(p: float) -> list[object]:
        return [{"id": "i", "cells": [{"name": "main", "p_support": p}]}]

    assert found(claims(0.25), claims(0.5)) == [
        "claim i, cell main, p_support: stated 0.25, recomputed 0.5"
    ]


def test_numbers_may_differ_by_a_billionth() -> None:
    assert found([1.0, 0.0, 1e12], [1 + 9e-10, 9e-10, 1e12 + 900]) == []
    assert len(found([1.0, 0.0, 1e12], [1 + 2e-9, 2e-9, 1e12 + 2000])) == 3


def test_truth_is_no_number_and_nothing_is_not_zero() -> None:
    assert len(found([True, None, "1", 0], [1, 0, 1, False])) == 4


def test_numbers_beyond_floats_are_different_not_an_error() -> None:
    assert len(found([10**400, 10**5000], [1.0, 1.0])) == 2


def test_members_are_matched_by_name() -> None:
    one = [{"name": "a", "n": 1}, {"name": "b", "n": 2}]
    problems = found([{"name": "b", "n": 3}], one)
    assert problems == [
        "claims: stated cell b, recomputed cell a, cell b",
        "cell b, n: stated 3, recomputed 2",
    ]


def test_missing_and_surplus_names_are_reported() -> None:
    assert found({"b": 1}, {"a": 1}) == [
        "claims: a is missing, recomputed 1",
        "claims: 'b' does not belong there",
    ]


@given(PLAIN_DATA)
def test_what_is_shown_is_short_and_on_one_line(data: object) -> None:
    assert len(shown(data)) < 250 and shown(data).isprintable()
    assert shown("\x1b[31m\n").isprintable() and len(shown("x" * 10_000)) < 250
