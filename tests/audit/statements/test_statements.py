"""Statements: both p-values of each are what the design's formulas give, gates and gaps included."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from fractions import Fraction
from operator import mul

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims import stats
from bnclaims.audit.evidence.evidence import Column
from bnclaims.audit.statements.dose_response import Peak, Trend
from bnclaims.audit.statements.every_dose import Lasting
from bnclaims.audit.statements.paired_effects import AllOf, Effect, NoEffect, NotWorse, Positive
from bnclaims.audit.statements.statement import Gate, Statement
from bnclaims.protocol.load import load_protocol
from bnclaims.stats.equivalence import inequivalence, tost
from bnclaims.stats.interaction import all_pairs_equivalent, slope_weights
from bnclaims.stats.peak import peak

RULES = dataclasses.replace(load_protocol("quick").rules, draws=999)
MARGIN = RULES.margin
GROUPS = 4
# Percent, so that values are exact and tie often.
percents = st.lists(st.integers(-40, 40), min_size=4, max_size=10)


def column(percent: Sequence[int | None], *, share: Fraction = Fraction(1, 10)) -> Column:
    """A paired difference in percent; None where it was not observed and could be -1 to 1."""
    low = tuple(Fraction(-1) if p is None else Fraction(p, 100) for p in percent)
    high = tuple(Fraction(1) if p is None else Fraction(p, 100) for p in percent)
    values = np.array([math.nan if p is None else p / 100 for p in percent])
    # Leaving a group of images out moves every seed by as much, a little up or down.
    shifts = np.linspace(-0.01, 0.01, GROUPS)[:, None]
    return Column(
        seeds=tuple(range(len(percent))),
        low=low,
        high=high,
        leave_out=lambda: values + shifts,
        share=share,
        bounds=(Fraction(-1), Fraction(1)),
    )


def plain_at(percent: int, seeds: int) -> Column:
    return column([percent] * seeds)


def greater(data: Column, shift: float = 0.0) -> float:
    return stats.judged(data.low, shift=shift, alternative="greater", zeros="pratt")


def less(data: Column, shift: float = 0.0) -> float:
    return stats.judged(data.high, shift=shift, alternative="less", zeros="pratt")


def both(statement: Statement) -> tuple[float, float]:
    return statement.support(RULES).p, statement.refute(RULES).p


GAIN = column([12, 31, 25, 9, 18, 40, 22, 15, 28, 17])
SMALL = column([1, -2, 3, 0, 2, -1, 1, 4, -3, 2])
NONE = column([0] * 10)
SEEN = Gate(label="control", gain=GAIN, plain=plain_at(30, 10))
SEEN_IN_8 = Gate(label="control", gain=column([30] * 8))
UNSEEN = Gate(label="control", gain=NONE, plain=plain_at(30, 10))


# --- one column -----------------------------------------------------------------------------------


@settings(max_examples=25)
@given(percents)
def test_an_effect_is_above_zero_or_below_the_smallest_effect(percent: list[int]) -> None:
    data = column(percent)
    assert both(Effect("gain", data)) == (greater(data), less(data, 0.10))
    assert both(Effect("gain", data, smallest=0.05)) == (greater(data), less(data, 0.05))


@settings(max_examples=25)
@given(percents)
def test_no_effect_is_two_one_sided_tests_and_their_mirror(percent: list[int]) -> None:
    data = column(percent)
    expected = (
        tost(data.low, margin=MARGIN).pvalue,
        inequivalence(data.low, margin=MARGIN),
    )
    assert both(NoEffect("gain", data, ())) == expected
    narrow = NoEffect("gain", data, (), margin=0.02)
    assert narrow.support(RULES).p == tost(data.low, margin=0.02).pvalue


@settings(max_examples=25)
@given(percents)
def test_positive_and_not_worse_have_one_line_each(percent: list[int]) -> None:
    data = column(percent)
    assert both(Positive("gain", data)) == (greater(data), less(data))
    assert both(NotWorse("gain", data, ())) == (greater(data, -MARGIN), less(data, -MARGIN))
    assert both(NotWorse("gain", data, (), margin=0.03)) == (
        greater(data, -0.03),
        less(data, -0.03),
    )


def test_only_what_rests_on_absence_says_so() -> None:
    absence = {
        type(statement).__name__: (
            statement.support(RULES).absence,
            statement.refute(RULES).absence,
        )
        for statement in (
            Effect("", GAIN),
            NoEffect("", GAIN, ()),
            Positive("", GAIN),
            NotWorse("", GAIN, ()),
            Peak("", (GAIN, GAIN, GAIN), (1, 2, 3), (NONE, NONE, NONE)),
            Trend("", (GAIN, GAIN), (1, 2), (NONE, NONE)),
            Lasting("", (GAIN, GAIN), (1, 2), (NONE, NONE), (2,)),
        )
    }
    assert absence == {
        "Effect": (False, True),
        "NoEffect": (True, False),
        "Positive": (False, False),
        "NotWorse": (True, False),
        "Peak": (False, True),
        "Trend": (False, True),
        "Lasting": (False, True),
    }


@pytest.mark.parametrize(("percent", "enough"), [(9, False), (10, True), (11, True)])
def test_an_effect_must_reach_the_smallest_effect_itself(percent: int, enough: bool) -> None:
    assert Effect("gain", column([percent] * 8)).large_enough(RULES) is enough
    assert Effect("gain", column([percent] * 8), smallest=0.09).large_enough(RULES)
    assert Positive("gain", column([percent] * 8)).large_enough(RULES)


def test_nothing_observed_is_no_effect_of_any_size() -> None:
    nothing = Effect("gain", column([None] * 8))
    assert not nothing.large_enough(RULES)
    assert both(nothing) == (1.0, 1.0)
    assert nothing.describe(RULES).estimate is None


@settings(max_examples=60)
@given(percents.map(column))
def test_an_effect_is_never_supported_and_refuted_by_the_same_seeds(data: Column) -> None:
    effect = Effect("gain", data)
    support, refute = both(effect)
    # An estimate on the line itself is large enough, and ties there can favour either side:
    # three gains of 0 and seven of 0.1 have .008 for a gain and .125 against a tenth.
    above = stats.pseudomedian(data.low) > Fraction(repr(RULES.smallest_effect))
    assert not (support < 0.5 and above and refute < 0.5)
    assert not (effect.large_enough(RULES) and refute < 0.1)


@settings(max_examples=40)
@given(percents.map(column), percents.map(column))
def test_no_effect_positive_and_not_worse_never_have_it_both_ways(
    data: Column, gate: Column
) -> None:
    seen = Gate(label="control", gain=gate)
    for statement in (NoEffect("", data, (seen,)), NotWorse("", data, (seen,)), Positive("", data)):
        assert max(both(statement)) >= 0.5


# --- missing seeds --------------------------------------------------------------------------------


def with_gaps(percent: Sequence[int | None], value: int) -> Column:
    return column([value if p is None else p for p in percent])


GAPS = [14, 35, None, 12, 20, 41, None, 18, 25, 16]


def test_a_missing_seed_is_the_worst_for_support_and_the_worst_for_refutation() -> None:
    lowest, highest = with_gaps(GAPS, -100), with_gaps(GAPS, 100)
    support, refute = both(Effect("gain", column(GAPS)))
    assert support == greater(lowest) > greater(highest)
    assert refute == less(highest, 0.10) > less(lowest, 0.10)

    support, refute = both(NoEffect("gain", column(GAPS), ()))
    assert support == max(greater(lowest, -MARGIN), less(highest, MARGIN))
    assert refute == min(1, 2 * min(greater(lowest, MARGIN), less(highest, -MARGIN)))

    support, refute = both(NotWorse("gain", column(GAPS), ()))
    assert (support, refute) == (greater(lowest, -MARGIN), less(highest, -MARGIN))


def test_a_missing_seed_of_the_control_closes_the_gate_further() -> None:
    complete, gaps = (Gate(label="", gain=g).p(RULES) for g in (GAIN, column(GAPS)))
    assert gaps == greater(with_gaps(GAPS, -100), MARGIN) > complete


@settings(max_examples=25)
@given(percents, st.data())
def test_whatever_a_missing_seed_was_no_p_value_is_smaller_than_with_it(
    percent: list[int], data: st.DataObject
) -> None:
    gap = data.draw(st.integers(0, len(percent) - 1))
    gaps = column([None if seed == gap else p for seed, p in enumerate(percent)])
    for kind in (Effect, Positive):
        for worst, known in zip(both(kind("", gaps)), both(kind("", column(percent))), strict=True):
            # Above a half ties can turn the order around, where it decides nothing.
            assert worst >= min(known, 0.5)


def test_an_estimate_is_of_the_observed_seeds_and_counts_the_others() -> None:
    finding = Effect("gain", column(GAPS)).describe(RULES)
    observed = [Fraction(p, 100) for p in GAPS if p is not None]
    assert finding.estimate == stats.hodges_lehmann(observed).estimate
    assert (finding.seeds, finding.missing) == (10, 2)


# --- gates ----------------------------------------------------------------------------------------


def test_a_gate_asks_for_more_than_the_margin_unless_it_says_otherwise() -> None:
    assert SEEN.p(RULES) == greater(GAIN, MARGIN)
    assert dataclasses.replace(SEEN, above=0).p(RULES) == greater(GAIN)


def test_an_absence_is_as_good_as_the_worst_of_its_test_and_its_gates() -> None:
    weak = Gate(label="weak", gain=column([12, 9, 20, 14, 8, 13, 11, 15, 9, 16]))
    side = NoEffect("gain", SMALL, (SEEN, weak)).support(RULES)
    assert side.ungated < SEEN.p(RULES) < weak.p(RULES) < 1
    assert side.p == weak.p(RULES)
    strong_gate = NoEffect("gain", column([12, 9] * 5), (SEEN,)).support(RULES)
    assert strong_gate.p == strong_gate.ungated > SEEN.p(RULES)


def test_gates_bear_on_absence_alone() -> None:
    closed = (UNSEEN,)
    assert both(Effect("gain", GAIN, closed))[0] == greater(GAIN)
    assert both(NoEffect("gain", GAIN, closed))[1] == inequivalence(GAIN.low, margin=MARGIN)
    worse = column([-30, -20, -25, -40, -31, -22, -18, -27])
    gate = Gate(label="", gain=plain_at(0, 8))
    assert both(NotWorse("gain", worse, (gate,)))[1] == less(worse, -MARGIN) < 0.01


@pytest.mark.parametrize("seeds", [16, 32])
def test_a_trainer_that_returns_constants_never_shows_absence(seeds: int) -> None:
    zero = column([0] * seeds)
    gate = (Gate(label="control", gain=zero, plain=plain_at(30, seeds)),)
    effect, none, worse = Effect("", zero, gate), NoEffect("", zero, gate), NotWorse("", zero, gate)
    doses = ((zero,) * 3, (1, 2, 3), (plain_at(30, seeds),) * 3)
    for side in (
        effect.refute(RULES),
        none.support(RULES),
        worse.support(RULES),
        AllOf((none, effect)).support(RULES),
        AllOf((effect, Positive("", zero))).refute(RULES),
        Peak("", *doses).refute(RULES),
        Trend("", *doses).refute(RULES),
        Lasting("", *doses, asked=(3,)).refute(RULES),
    ):
        assert side.absence
        assert side.p == 1.0
    # Without its gate each of these would have passed: that is what the gates are for.
    for side in (effect.refute(RULES), none.support(RULES), worse.support(RULES)):
        assert side.ungated < RULES.level / 2


@pytest.mark.parametrize(("percent", "room"), [(89, True), (90, True), (91, False)])
def test_a_plain_network_without_headroom_closes_the_gate(percent: int, room: bool) -> None:
    gate = dataclasses.replace(SEEN, plain=plain_at(percent, 10))
    assert gate.p(RULES) == (greater(GAIN, MARGIN) if room else 1.0)


def test_headroom_is_judged_by_the_median_of_the_observed_seeds() -> None:
    half_full = column([20, 20, 20, 95, 95, None, None, None, None, None])
    assert dataclasses.replace(SEEN, plain=half_full).p(RULES) < 1
    mostly_full = column([20, 20, 95, 95, 95, None, None, None, None, None])
    assert dataclasses.replace(SEEN, plain=mostly_full).p(RULES) == 1


# --- conjunctions ---------------------------------------------------------------------------------


def test_all_of_is_supported_by_its_weakest_part_and_refuted_by_its_clearest() -> None:
    parts = (Effect("one", GAIN, (SEEN,)), Positive("two", SMALL), NotWorse("three", SMALL, ()))
    whole = AllOf(parts)
    supports = [part.support(RULES).p for part in parts]
    refutes = [part.refute(RULES).p for part in parts]
    assert both(whole) == (max(supports), min(1, 3 * min(refutes)))


def test_random_signs_are_drawn_by_the_rules_of_the_protocol() -> None:
    # Too many seeds, and of too many denominators, for an exact sign-flip test.
    values = tuple(Fraction(-500 if i % 8 == 0 else 90 + i, 10_007 + i) for i in range(48))
    data = Column(
        seeds=tuple(range(48)),
        low=values,
        high=values,
        leave_out=lambda: np.zeros((GROUPS, 48)),
        share=Fraction(1),
        bounds=(Fraction(-1), Fraction(1)),
    )
    for rules in (RULES, dataclasses.replace(RULES, draws=501, random_seed=7)):
        draws, seed = rules.draws, rules.random_seed
        up = stats.judged(values, alternative="greater", draws=draws, seed=seed)
        down = stats.judged(values, alternative="less", draws=draws, seed=seed)
        statement = Positive("gain", data)
        assert (statement.support(rules).p, statement.refute(rules).p) == (up, down)
        assert up == stats.sign_flip_mean(values, draws=draws, seed=seed).pvalue
        assert up != stats.judged(values)


def test_refuting_one_of_three_parts_costs_three_times_its_p_value() -> None:
    negative = column([-12, -31, -25, -9, -18, -40, -22, -15, -28, -17])
    whole = AllOf((Positive("a", GAIN), Positive("b", negative), Positive("c", GAIN)))
    assert whole.refute(RULES).p == 3 * less(negative) < 0.05
    assert whole.support(RULES).p == greater(negative) > 0.9


def test_all_of_is_gated_where_one_of_its_parts_is() -> None:
    whole = AllOf((Positive("", GAIN), NoEffect("", SMALL, (UNSEEN,))))
    support, refute = whole.support(RULES), whole.refute(RULES)
    assert support.absence and not refute.absence
    assert support.p == 1.0
    assert support.ungated == max(greater(GAIN), tost(SMALL.low, margin=MARGIN).pvalue) < 0.05


def test_all_of_is_large_enough_when_every_part_is() -> None:
    large, small = Effect("", GAIN), Effect("", SMALL)
    assert AllOf((large, Positive("", SMALL))).large_enough(RULES)
    assert not AllOf((large, small)).large_enough(RULES)
    assert not AllOf((small, large)).large_enough(RULES)


def test_all_of_is_described_by_its_first_part_and_keeps_the_others() -> None:
    whole = AllOf((Effect("one", SMALL), Effect("two", GAIN)))
    finding = whole.describe(RULES)
    assert (finding.label, finding.estimate) == ("one", Effect("", SMALL).describe(RULES).estimate)
    assert (finding.p_support, finding.p_refute) == both(whole)
    assert [part.label for part in finding.parts] == ["one", "two"]


# --- curves ---------------------------------------------------------------------------------------

DOSES = (1, 2, 3, 4)
tables = st.lists(
    st.lists(st.integers(-30, 30), min_size=4, max_size=4), min_size=4, max_size=8
)  # one row per seed


def columns(table: Sequence[Sequence[int]]) -> tuple[Column, ...]:
    return tuple(column(dose) for dose in zip(*table, strict=True))


def fractions(table: Sequence[Sequence[int]]) -> list[list[Fraction]]:
    return [[Fraction(value, 100) for value in row] for row in table]


def room(seeds: int, doses: int = 4) -> tuple[Column, ...]:
    return (plain_at(30, seeds),) * doses


@settings(max_examples=20)
@given(tables)
def test_a_peak_is_judged_by_the_formula_of_the_design(table: list[list[int]]) -> None:
    gains = columns(table)
    statement = Peak("gain", gains, DOSES, room(len(table)))
    expected = peak(fractions(table), margin=RULES.peak_height)
    gate = min(1.0, 4 * min(greater(gain, MARGIN) for gain in gains))
    refute = statement.refute(RULES)
    assert statement.support(RULES).p == expected.p_support
    assert refute.ungated == expected.p_refute
    assert refute.p == max(expected.p_refute, gate)


@settings(max_examples=20)
@given(tables)
def test_a_trend_is_judged_by_slopes_and_refuted_by_equivalence_of_all_pairs(
    table: list[list[int]],
) -> None:
    gains = columns(table)
    statement = Trend("gain", gains, DOSES, room(len(table)))
    weights = slope_weights(DOSES)
    per_seed = [sum(map(mul, weights, row), Fraction(0)) for row in fractions(table)]
    up, down = (stats.judged(per_seed, alternative=side) for side in ("greater", "less"))
    gate = min(1.0, 4 * min(greater(gain, MARGIN) for gain in gains))
    refute = statement.refute(RULES)
    assert statement.slopes().observed == tuple(per_seed)
    assert statement.support(RULES).p == min(1.0, 2 * min(up, down))
    assert refute.ungated == all_pairs_equivalent(fractions(table), margin=MARGIN)
    assert refute.p == max(refute.ungated, gate)


HUMP = [[10 + n, 25 + 2 * n, 30 + n, 11 - n] for n in range(8)]
FLAT = [[20 + n, 20 + n + (-1) ** n, 20 + n - (-1) ** n, 20 + n] for n in range(8)]
SLOPE = [[5 + n, 15 + n, 25 + n, 35 + n] for n in range(8)]


@pytest.mark.parametrize(
    ("table", "supported", "refuted"),
    [(HUMP, True, False), (FLAT, False, True), (SLOPE, False, True)],
)
def test_a_hump_is_a_peak_a_plateau_and_a_slope_are_none(
    table: list[list[int]], supported: bool, refuted: bool
) -> None:
    support, refute = both(Peak("", columns(table), DOSES, room(8)))
    assert (support < 0.05) is supported
    assert (refute < 0.05) is refuted


@pytest.mark.parametrize(
    ("table", "supported", "refuted"), [(SLOPE, True, False), (FLAT, False, True)]
)
def test_a_slope_is_a_trend_and_a_plateau_is_none(
    table: list[list[int]], supported: bool, refuted: bool
) -> None:
    support, refute = both(Trend("", columns(table), DOSES, room(8)))
    assert (support < 0.05) is supported
    assert (refute < 0.05) is refuted


@pytest.mark.parametrize("kind", [Peak, Trend])
def test_a_curve_is_refuted_only_where_some_dose_shows_a_gain_with_headroom(
    kind: type[Peak] | type[Trend],
) -> None:
    gains = columns(FLAT)
    assert kind("", gains, DOSES, room(8)).refute(RULES).p < 0.05
    full = (plain_at(95, 8),) * 4
    assert kind("", gains, DOSES, full).refute(RULES).p == 1.0
    one_with_room = (plain_at(30, 8), *full[1:])
    assert kind("", gains, DOSES, one_with_room).refute(RULES).p < 0.05


def test_a_missing_seed_at_one_dose_is_the_worst_for_a_curve_too() -> None:
    def with_gap(table: list[list[int]], value: int | None) -> tuple[Column, ...]:
        first, second, *rest = columns(table)
        percent = [None if seed == 1 else int(100 * v) for seed, v in enumerate(second.low)]
        gap = column([value if p is None else p for p in percent])
        return (first, gap, *rest)

    hump = [[10, 30, 12, 11], *HUMP[1:]]
    lost = Peak("", with_gap(hump, None), DOSES, room(8))
    assert lost.support(RULES).p == Peak("", with_gap(hump, -100), DOSES, room(8)).support(RULES).p
    plateau = [Peak("", with_gap(FLAT, value), DOSES, room(8)) for value in (None, 100, -100)]
    unknown, high, low = (peak.refute(RULES).ungated for peak in plateau)
    assert unknown == high > low
    flat = Trend("", with_gap(FLAT, None), DOSES, room(8))
    assert flat.refute(RULES).p > 0.05 > Trend("", columns(FLAT), DOSES, room(8)).refute(RULES).p
    assert flat.describe(RULES).missing == 1


def test_a_curve_is_described_by_its_points_and_its_top() -> None:
    finding = Peak("gain", columns(HUMP), DOSES, room(8)).describe(RULES)
    assert [point.dose for point in finding.points] == list(DOSES)
    assert all(point.low <= point.estimate <= point.high for point in finding.points)
    # Dose 3 has the larger mean: 33.5 against 32 at dose 2.
    assert "(3)" in finding.label
    assert finding.lines == (0.0, RULES.peak_height)


@settings(max_examples=20)
@given(tables, st.sets(st.sampled_from(DOSES), min_size=1))
def test_a_lasting_gain_is_an_effect_at_every_dose_that_is_asked_about(
    table: list[list[int]], asked: set[int]
) -> None:
    gains = columns(table)
    statement = Lasting("gain at", gains, DOSES, room(len(table)), tuple(asked))
    meant = [gain for gain, dose in zip(gains, DOSES, strict=True) if dose in asked]
    gate = min(1.0, 4 * min(greater(gain, MARGIN) for gain in gains))
    refute = statement.refute(RULES)
    assert statement.support(RULES).p == max(greater(gain) for gain in meant)
    assert refute.ungated == min(1.0, len(meant) * min(less(gain, 0.10) for gain in meant))
    assert refute.p == max(refute.ungated, gate)


@pytest.mark.parametrize(
    ("asked", "supported", "refuted"),
    [((1, 2), True, False), ((4,), False, True), (DOSES, False, True)],
)
def test_a_gain_that_is_gone_at_the_last_dose_lasts_up_to_the_one_before(
    asked: tuple[int, ...], supported: bool, refuted: bool
) -> None:
    fading = [[60 + n, 50 - n, 30 + n, n % 3 - 1] for n in range(10)]
    statement = Lasting("F1 gain, epochs", columns(fading), DOSES, room(10), asked)
    support, refute = both(statement)
    assert (support < 0.05 and statement.large_enough(RULES)) is supported
    assert (refute < 0.05) is refuted
    finding = statement.describe(RULES)
    assert [point.dose for point in finding.points] == list(DOSES)
    # The weakest of the doses that are asked about, whatever their order.
    assert finding.label == f"F1 gain, epochs {max(asked)}"
    assert (finding.p_support, finding.p_refute) == (support, refute)


def test_a_refutation_needs_the_winner_to_be_a_classifier() -> None:
    worse = column([-40] * 8)
    assert both(NotWorse("", worse, ()))[1] < 0.01
    assert both(NotWorse("", worse, (), refuting=(SEEN_IN_8,)))[1] < 0.01
    unseen = Gate(label="control", gain=column([0] * 8))
    side = NotWorse("", worse, (), refuting=(unseen,)).refute(RULES)
    assert side.p == 1.0 and side.ungated < 0.01 and not side.absence


# --- what reports say -----------------------------------------------------------------------------


def test_a_finding_has_the_interval_that_inverts_the_test() -> None:
    finding = Effect("gain", GAIN).describe(RULES)
    expected = stats.hodges_lehmann(GAIN.observed, confidence=RULES.confidence)
    assert finding.estimate == expected.estimate
    assert finding.interval == (expected.low, expected.high)
    assert finding.mean_interval is None
    assert Effect("", column(range(16))).describe(RULES).mean_interval is not None


def test_intervals_from_standard_errors_end_where_the_quantity_does() -> None:
    high = column([100, 98, 100, 70, 100, 99, 98, 100, 60, 97, 100, 100, 95, 100, 98, 100])
    found = Effect("", dataclasses.replace(high, share=Fraction(1))).describe(RULES)
    least, most = map(float, high.bounds)
    assert found.new_images_interval is not None and found.mean_interval is not None
    assert found.new_images_interval[1] == most, "unclipped it would be a gain beyond 1"
    assert least <= found.mean_interval[0] <= found.mean_interval[1] <= most


def test_a_gain_that_is_shown_and_shown_to_be_small_is_called_trivial() -> None:
    small = column([3, 2, 4, 3, 2, 5, 3, 4, 2, 3])
    assert any("trivial" in note for note in Effect("", small).describe(RULES).notes)
    assert not any("trivial" in note for note in Effect("", GAIN).describe(RULES).notes)


def test_the_share_of_seeds_beyond_the_margin_has_an_upper_bound() -> None:
    finding = NoEffect("", column([1, -2, 14, 0, -11, 10, -10, 3]), ()).describe(RULES)
    upper = stats.clopper_pearson(2, 8, confidence=RULES.confidence)[1]
    assert finding.beyond == (0.25, upper)
    assert Effect("", GAIN).describe(RULES).beyond is None
