"""Joint sign flips: p-values of many contrasts that hold together."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims import stats

VALUES = st.integers(-8, 8).map(lambda tenths: tenths / 8)


def by_every_pattern(table: list[list[float]]) -> list[float]:
    """The p-values over all sign patterns, one by one."""
    values = np.array(table)
    norms = np.sqrt((values**2).sum(axis=0))
    unit = values / np.where(norms == 0, 1, norms)
    observed = unit.sum(axis=0)
    largest = [(np.array(signs) @ unit).max() for signs in product((-1, 1), repeat=len(table))]
    return [
        1.0 if norm == 0 else float(np.mean([most >= at - 1e-10 for most in largest]))
        for at, norm in zip(observed, norms, strict=True)
    ]


@settings(max_examples=25)
@given(st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=4, max_size=7))
def test_they_are_the_shares_of_all_patterns(table: list[list[float]]) -> None:
    found = stats.joint_max_t(table, draws=20_000)
    assert found == pytest.approx(by_every_pattern(table), abs=0.02)


def test_one_contrast_has_the_p_of_its_mean() -> None:
    values = [0.3, 0.1, -0.05, 0.2, 0.25, 0.15, -0.1, 0.3]
    (joint,) = stats.joint_max_t([[value] for value in values], draws=50_000)
    assert joint == pytest.approx(stats.sign_flip_mean(values).pvalue, abs=0.005)


def test_a_contrast_that_is_0_everywhere_is_never_shown() -> None:
    zero, other = stats.joint_max_t([[0.0, 0.5]] * 12, draws=9999)
    assert zero == 1.0 and other < 0.01


def test_more_contrasts_cost_something_and_copies_of_one_cost_nothing() -> None:
    random = np.random.default_rng(7)
    own = random.normal(0.35, 0.4, size=16)
    noise = random.normal(0, 0.4, size=(16, 20))
    (alone,) = stats.joint_max_t(own[:, None].tolist(), draws=9999)
    copies = stats.joint_max_t(np.tile(own[:, None], 20).tolist(), draws=9999)
    crowd = stats.joint_max_t(np.column_stack([own, noise]).tolist(), draws=9999)
    assert copies[0] == alone
    assert alone < crowd[0] <= min(1.0, 25 * alone)


@pytest.mark.parametrize(
    ("table", "draws", "seed"),
    [([[1.0], [1.0, 2.0]], 99, 0), ([[float("nan")]], 99, 0), ([[1.0]], 0, 0), ([[1.0]], 99, -1)],
)
def test_what_is_no_table_is_refused(table: list[list[float]], draws: int, seed: int) -> None:
    with pytest.raises(ValueError):
        stats.joint_max_t(table, draws=draws, seed=seed)


@pytest.mark.parametrize("true_at_zero", [0, 10])
def test_no_true_contrast_is_rejected_more_often_than_alpha(true_at_zero: int) -> None:
    """Strong control: whether or not other contrasts are large, those at 0 stay."""
    random = np.random.default_rng(11)
    shift = np.array([0.0] * 10 + [2.0] * true_at_zero)
    wrong = 0
    for _ in range(200):
        table = random.normal(shift, 1.0, size=(16, len(shift))) + random.normal(size=(16, 1))
        centred = table - table.mean(axis=1, keepdims=True) if not true_at_zero else table
        wrong += min(stats.joint_max_t(centred.tolist(), draws=199)[:10]) <= 0.05
    # Clopper-Pearson's upper end of .05 at 200.
    assert wrong <= 20
