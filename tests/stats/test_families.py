"""Multiplicity and partial conjunction: hand cases and properties."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnclaims.stats import holm
from bnclaims.stats.multiplicity import bonferroni
from bnclaims.stats.replication import fails_in_more_than, holds_in_at_least, largest_replicated

pvalue_lists = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def test_holm_matches_a_case_worked_by_hand() -> None:
    # Ordered .01 .02 .03 .04 times 4 3 2 1, then the running maximum.
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_bonferroni_multiplies_the_smallest_by_the_size_of_the_family_and_stops_at_one() -> None:
    assert bonferroni([0.4, 0.01, 0.02]) == pytest.approx(0.03)
    assert bonferroni([0.4, 0.6, 0.5]) == 1.0


@given(pvalue_lists)
def test_holm_lies_between_the_pvalue_and_bonferroni_and_keeps_the_order(
    pvalues: list[float],
) -> None:
    adjusted = holm(pvalues)
    for raw, middle in zip(pvalues, adjusted, strict=True):
        assert raw <= middle <= min(1.0, len(pvalues) * raw)
    assert min(adjusted) == bonferroni(pvalues)
    for (a, adjusted_a), (b, adjusted_b) in itertools.combinations(
        zip(pvalues, adjusted, strict=True), 2
    ):
        assert (a < b) <= (adjusted_a <= adjusted_b)
        assert (a == b) <= (adjusted_a == adjusted_b)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.floats(0.001, 0.5))
def test_holm_rejects_what_closed_testing_with_bonferroni_rejects(
    pvalues: list[float], level: float
) -> None:
    places = range(len(pvalues))
    sets = [s for r in places for s in itertools.combinations(places, r + 1)]
    for place, adjusted in enumerate(holm(pvalues)):
        closed = max(len(s) * min(pvalues[i] for i in s) for s in sets if place in s)
        assert (adjusted <= level) == (closed <= level)


@pytest.mark.parametrize("adjust", [holm, bonferroni])
@pytest.mark.parametrize("bad", [[], [0.1, 1.2], [-0.1], [float("nan")]])
def test_values_that_are_no_pvalues_are_refused(adjust: object, bad: list[float]) -> None:
    with pytest.raises(ValueError, match="pvalues"):
        adjust(bad)  # type: ignore[operator]


def test_partial_conjunction_matches_a_case_worked_by_hand() -> None:
    # Ordered .001 .01 .02 .9: 4 x .001, 3 x .01, 2 x .02, 1 x .9.
    pvalues = [0.9, 0.01, 0.001, 0.02]
    assert [holds_in_at_least(u, pvalues) for u in (1, 2, 3, 4)] == pytest.approx(
        [0.004, 0.03, 0.04, 0.9]
    )
    assert largest_replicated(pvalues, level=0.05) == 3
    assert largest_replicated(pvalues, level=0.004) == 1
    assert largest_replicated(pvalues, level=0.003) == 0


def test_refutation_ends_on_u_times_the_decisive_pvalue() -> None:
    # "In at least 3 of 4" is false when 2 cells fail: 3 x the second smallest.
    assert fails_in_more_than(3, [0.5, 0.001, 0.01, 0.8]) == pytest.approx(0.03)
    assert fails_in_more_than(4, [0.5, 0.001, 0.01, 0.8]) == pytest.approx(0.004)


def test_one_cell_is_its_own_family() -> None:
    assert holds_in_at_least(1, [0.03]) == 0.03
    assert fails_in_more_than(1, [0.03]) == 0.03


@given(pvalue_lists)
def test_more_replication_needs_more_evidence(pvalues: list[float]) -> None:
    cells = range(1, len(pvalues) + 1)
    holds = [holds_in_at_least(u, pvalues) for u in cells]
    fails = [fails_in_more_than(u, pvalues) for u in cells]
    assert holds == sorted(holds)
    assert fails == sorted(fails, reverse=True)
    assert holds[-1] >= max(pvalues)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8), st.data())
def test_a_claim_and_its_failure_are_never_both_shown(
    cells: list[tuple[float, float]], data: st.DataObject
) -> None:
    # Within each cell at most one of the two p-values is below 1/2, as in tests of disjoint nulls.
    support = [p for p, _ in cells]
    refute = [q if p >= 0.5 else max(q, 0.5) for p, q in cells]
    u = data.draw(st.integers(1, len(cells)))
    assert max(holds_in_at_least(u, support), fails_in_more_than(u, refute)) >= 0.5


@pytest.mark.parametrize("u", [0, 4, -1])
def test_a_number_of_cells_that_do_not_exist_is_refused(u: int) -> None:
    with pytest.raises(ValueError, match=f"u is {u}, give a number of cells from 1 to 3"):
        holds_in_at_least(u, [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match=f"u is {u}"):
        fails_in_more_than(u, [0.1, 0.2, 0.3])
