"""Weighted looks: each spends its share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
