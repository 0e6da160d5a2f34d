"""Statements: both p-values of each are what the design's formulas give, gates and gaps included."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims import stats
from bnclaims.audit.evidence.both_scores import Scores
from bnclaims.audit.evidence.evidence import Column
from bnclaims.audit.statements.dose_response import DependsOnDose, Peak
from bnclaims.audit.statements.every_dose import Lasting
from bnclaims.audit.statements.paired_effects import AllOf, Effect, NoEffect, NotWorse
from bnclaims.audit.statements.statement import Gate, Statement
from bnclaims.protocol.load import load_protocol

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


# Written out here once more, from the specification: max(rank and sign-flip test, W x guard).
def greater(data: Column, shift: float = 0.0, distance: float = 0.1) -> float:
    line = Fraction(repr(shift)) - Fraction(repr(distance))
    guard = stats.mean_guard(data.low, shift=line, alternative="greater", worst=data.worst)
    test = stats.judged(data.low, shift=shift, alternative="greater", zeros="pratt")
    return max(test, 0.5 * guard)


def less(data: Column, shift: float = 0.0, distance: float = 0.1) -> float:
    line = Fraction(repr(shift)) + Fraction(repr(distance))
    guard = stats.mean_guard(data.high, shift=line, alternative="less", worst=data.worst)
    test = stats.judged(data.high, shift=shift, alternative="less", zeros="pratt")
    return max(test, 0.5 * guard)


def both(statement: Statement) -> tuple[float, float]:
    return statement.support(RULES).p, statement.refute(RULES).p


GAIN = column([52, 61, 55, 49, 58, 70, 52, 45, 58, 57] * 2)
SMALL = column([1, -2, 3, 0, 2, -1, 1, 4, -3, 2] * 4)
NONE = column([0] * 10)
SEEN = Gate(label="control", gain=GAIN, plain=plain_at(30, 20))
UNSEEN = Gate(label="control", gain=NONE, plain=plain_at(30, 10))


# --- one column -----------------------------------------------------------------------------------


@settings(max_examples=25)
@given(percents)
def test_an_effect_is_above_the_smallest_effect_or_below_it(percent: list[int]) -> None:
    data = column(percent)
    assert both(Effect("gain", data)) == (greater(data, 0.10), less(data, 0.10))
    narrow = Effect("gain", data, smallest=0.05)
    assert both(narrow) == (greater(data, 0.05, 0.05), less(data, 0.05, 0.05))


@settings(max_examples=25)
@given(percents)
def test_no_effect_is_two_one_sided_tests_and_their_mirror(percent: list[int]) -> None:
    data = column(percent)
    within = max(greater(data, -MARGIN), less(data, MARGIN))
    beyond = min(1.0, 2 * min(greater(data, MARGIN), less(data, -MARGIN)))
    assert both(NoEffect("gain", data, ())) == (within, beyond)
    narrow = NoEffect("gain", data, (), margin=0.02)
    assert narrow.support(RULES).p == max(greater(data, -0.02, 0.02), less(data, 0.02, 0.02))


@settings(max_examples=25)
@given(percents)
def test_not_worse_has_one_line(percent: list[int]) -> None:
    data = column(percent)
    assert both(NotWorse("gain", data, ())) == (greater(data, -MARGIN), less(data, -MARGIN))
    assert both(NotWorse("gain", data, (), margin=0.03)) == (
        greater(data, -0.03, 0.03),
        less(data, -0.03, 0.03),
    )


def test_only_what_rests_on_absence_says_so() -> None:
    curve = ((GAIN, GAIN, GAIN), (1, 2, 3), (NONE, NONE, NONE))
    absence = {
        name: (statement.support(RULES).absence, statement.refute(RULES).absence)
        for name, statement in {
            "effect": Effect("", GAIN),
            "no effect": NoEffect("", GAIN, ()),
            "not worse": NotWorse("", GAIN, ()),
            "not worse, rare losses allowed": NotWorse("", GAIN, (), absence=False),
            "peak": Peak("", *curve),
            "dose": DependsOnDose("", *curve),
            "lasting": Lasting("", *curve, (2,)),
        }.items()
    }
    assert absence == {
        "effect": (False, True),
        "no effect": (True, False),
        "not worse": (True, False),
        "not worse, rare losses allowed": (False, False),
        "peak": (False, True),
        "dose": (False, True),
        "lasting": (False, True),
    }


def test_nothing_observed_is_no_effect_of_any_size() -> None:
    nothing = Effect("gain", column([None] * 8))
    assert both(nothing) == (1.0, 1.0)
    assert nothing.describe(RULES).estimate is None


@settings(max_examples=60)
@given(percents.map(column), percents.map(column))
def test_no_statement_has_it_both_ways(data: Column, gate: Column) -> None:
    seen = Gate(label="control", gain=gate)
    for statement in (Effect("", data), NoEffect("", data, (seen,)), NotWorse("", data, (seen,))):
        assert max(both(statement)) >= 0.5


# --- the size, and rare collapses -------------------------------------------------------------------


def test_a_gain_just_below_the_smallest_effect_is_never_an_effect_however_sure() -> None:
    sure = column([9] * 64)
    support, refute = both(Effect("gain", sure))
    assert support == 1.0
    assert "beyond 0, too small to matter" in Effect("", column([5] * 64)).describe(RULES).notes
    assert Effect("", column([50] * 64)).describe(RULES).notes == ()
    assert refute < RULES.level, "it is shown to be too small to matter"


@pytest.mark.parametrize("seeds", [16, 32])
def test_rare_collapses_that_a_median_does_not_see_keep_an_effect_from_being_shown(
    seeds: int,
) -> None:
    # Mean 0: +.15 in most seeds, -.95 in about one of seven.
    rare = [-95 if seed % 7 == 3 else 15 for seed in range(seeds)]
    assert stats.signed_rank([Fraction(v, 100) for v in rare], shift=0.1).pvalue < 0.5
    assert greater(column(rare), 0.10) == Effect("", column(rare)).support(RULES).p > 0.2
    # Equal gains that no seed has yet lost: the guard asks for more seeds, not the test.
    spared = column([12] * seeds)
    assert stats.judged(spared.low, shift=0.1) < 1e-4
    assert Effect("", spared).support(RULES).p > RULES.level


def test_the_largest_weight_undoes_what_any_look_divides_by() -> None:
    data = column([30] * 16)
    guard = stats.mean_guard(data.low, shift=0)
    p = Effect("", data).support(RULES).p
    assert p == RULES.largest_weight * guard == 0.5 * guard
    assert min(p / weight for weight in RULES.effect_looks.values()) >= guard


@pytest.mark.parametrize("sign", [1, -1])
def test_a_line_beyond_what_a_seed_can_lose_is_guarded_by_nothing(sign: int) -> None:
    auc = dataclasses.replace(column([2 * sign] * 48), worst=Fraction(1, 2))
    side = NotWorse("", auc, (), margin=0.45).refute(RULES)
    assert side.p == pytest.approx(stats.judged(auc.low, shift=-0.45, alternative="less"))
    wide = dataclasses.replace(RULES, smallest_effect=0.45, margin=0.45)
    side = Effect("", auc).refute(wide)
    assert 0 <= side.p <= 1


def test_an_area_under_a_curve_loses_a_half_at_most() -> None:
    auc = dataclasses.replace(column([-2] * 48), worst=Fraction(1, 2))
    side = NotWorse("", auc, (), margin=0.05).support(RULES)
    assert side.p == greater(auc, -0.05, 0.05) < greater(column([-2] * 48), -0.05, 0.05)


# --- both scores ------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(-40, 40), st.integers(-40, 40)), min_size=4, max_size=10))
def test_what_is_said_of_both_scores_is_as_sure_as_the_less_sure_one(
    pairs: list[tuple[int, int]],
) -> None:
    f1, j = (column(side) for side in zip(*pairs, strict=True))
    two = Scores(f1, j)
    assert both(Effect("", two)) == (
        max(greater(f1, 0.1), greater(j, 0.1)),
        max(less(f1, 0.1), less(j, 0.1)),
    )
    support, refute = both(NoEffect("", two, ()))
    assert support == max(both(NoEffect("", c, ()))[0] for c in two)
    up = max(greater(f1, MARGIN), greater(j, MARGIN))
    down = max(less(f1, -MARGIN), less(j, -MARGIN))
    assert refute == min(1.0, 2 * min(up, down))


def test_a_predictor_that_calls_everything_the_minority_gains_nothing() -> None:
    one_sided = Scores(column([67] * 32), column([0] * 32))
    support, refute = both(Effect("", one_sided, (SEEN,)))
    assert support == 1.0 and refute == 1.0, "F1 is beyond the line, J is not: not known"
    assert both(Effect("", one_sided.f1))[0] < RULES.level, "by F1 alone it would be an effect"
    assert both(NoEffect("", one_sided, (SEEN,))) == (1.0, 1.0)


def test_a_finding_states_both_scores_and_leads_with_f1() -> None:
    finding = Effect("gain", Scores(GAIN, SMALL.of(GAIN.seeds))).describe(RULES)
    f1, j = finding.scores
    assert (finding.estimate, finding.interval) == (f1.estimate, f1.interval)
    assert finding.new_images_interval == f1.new_images_interval
    assert j.estimate == stats.hodges_lehmann(SMALL.low[:20]).estimate
    (alone,) = Effect("gain", GAIN).describe(RULES).scores
    assert alone.estimate == f1.estimate


# --- missing seeds --------------------------------------------------------------------------------


def with_gaps(percent: Sequence[int | None], value: int) -> Column:
    return column([value if p is None else p for p in percent])


GAPS = [54, 75, None, 52, 60, 81, None, 58, 65, 56]


def test_a_missing_seed_is_the_worst_for_support_and_the_worst_for_refutation() -> None:
    lowest, highest = with_gaps(GAPS, -100), with_gaps(GAPS, 100)
    support, refute = both(Effect("gain", column(GAPS)))
    assert support == greater(lowest, 0.10) > greater(highest, 0.10)
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
    known = both(Effect("", column(percent)))
    for worst, before in zip(both(Effect("", gaps)), known, strict=True):
        # Above a half ties can turn the order around, where it decides nothing.
        assert worst >= min(before, 0.5)


def test_an_estimate_is_of_the_observed_seeds_and_counts_the_others() -> None:
    finding = Effect("gain", column(GAPS)).describe(RULES)
    observed = [Fraction(p, 100) for p in GAPS if p is not None]
    assert finding.estimate == stats.hodges_lehmann(observed).estimate
    assert (finding.seeds, finding.missing) == (10, 2)


# --- gates ----------------------------------------------------------------------------------------


def test_a_gate_asks_for_more_than_the_margin_unless_it_says_otherwise() -> None:
    assert SEEN.p(RULES) == greater(GAIN, MARGIN)
    assert dataclasses.replace(SEEN, above=0).p(RULES) == greater(GAIN, 0)


def test_an_absence_is_as_good_as_the_worst_of_its_test_and_its_gates() -> None:
    weak = Gate(label="weak", gain=column([12, 9, 20, 14, 8, 13, 11, 15, 9, 16]))
    side = NoEffect("gain", SMALL, (SEEN, weak)).support(RULES)
    assert max(side.ungated, SEEN.p(RULES)) < weak.p(RULES) < 1
    assert side.p == weak.p(RULES)
    strong_gate = NoEffect("gain", column([12, 9] * 5), (SEEN,)).support(RULES)
    assert strong_gate.p == strong_gate.ungated > SEEN.p(RULES)


def test_gates_bear_on_absence_alone() -> None:
    closed = (UNSEEN,)
    assert both(Effect("gain", GAIN, closed))[0] == greater(GAIN, 0.1) < 0.01
    assert both(NoEffect("gain", GAIN, closed))[1] == 2 * greater(GAIN, 0.1)
    worse = column([-60, -50, -55, -70, -61, -52, -48, -57] * 2)
    gate = Gate(label="", gain=plain_at(0, 8))
    assert both(NotWorse("gain", worse, (gate,)))[1] == less(worse, -MARGIN) < 0.01


@pytest.mark.parametrize("seeds", [32, 64])
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
        AllOf((effect, effect)).refute(RULES),
        Peak("", *doses).refute(RULES),
        DependsOnDose("", *doses).refute(RULES),
        Lasting("", *doses, asked=(3,)).refute(RULES),
    ):
        assert side.absence
        assert side.p == 1.0
    # Without its gate each of these would have passed: that is what the gates are for.
    for side in (effect.refute(RULES), none.support(RULES), worse.support(RULES)):
        assert side.ungated < RULES.level


@pytest.mark.parametrize(("percent", "room"), [(79, True), (80, True), (81, False)])
def test_a_plain_network_without_headroom_closes_the_gate(percent: int, room: bool) -> None:
    gate = dataclasses.replace(SEEN, plain=plain_at(percent, 20))
    assert gate.p(RULES) == (greater(GAIN, MARGIN) if room else 1.0)


def test_headroom_is_judged_by_the_median_of_the_observed_seeds() -> None:
    half_full = column([20, 20, 20, 95, 95, None, None, None, None, None])
    assert dataclasses.replace(SEEN, plain=half_full).p(RULES) < 1
    mostly_full = column([20, 20, 95, 95, 95, None, None, None, None, None])
    assert dataclasses.replace(SEEN, plain=mostly_full).p(RULES) == 1


# --- conjunctions ---------------------------------------------------------------------------------


def test_all_of_is_supported_by_its_weakest_part_and_refuted_by_its_clearest() -> None:
    parts = (Effect("one", GAIN, (SEEN,)), NoEffect("two", SMALL, ()), NotWorse("", SMALL, ()))
    whole = AllOf(parts)
    supports = [part.support(RULES).p for part in parts]
    refutes = [part.refute(RULES).p for part in parts]
    assert both(whole) == (max(supports), min(1, 3 * min(refutes)))


def test_random_signs_are_drawn_by_the_rules_of_the_protocol() -> None:
    # Too many seeds, and of too many denominators, for an exact sign-flip test.
    values = tuple(Fraction(3500 if i % 8 == 0 else 5090 + i, 10_007 + i) for i in range(48))
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
        up = stats.judged(values, shift=0.5, draws=draws, seed=seed)
        gate = Gate(label="", gain=data, above=0.5)
        assert gate.p(rules) == up
        assert up != stats.judged(values, shift=0.5)


def test_refuting_one_of_three_parts_costs_three_times_its_p_value() -> None:
    negative = column([-52, -61, -55, -49, -58, -70, -52, -45, -58, -57] * 2)
    worse = NotWorse("b", negative, ())
    whole = AllOf((Effect("a", GAIN), worse, Effect("c", GAIN)))
    assert whole.refute(RULES).p == 3 * less(negative, -MARGIN) < 0.05
    assert whole.support(RULES).p == greater(negative, -MARGIN) > 0.9


def test_all_of_is_gated_where_one_of_its_parts_is() -> None:
    absent = NoEffect("", SMALL, (UNSEEN,))
    whole = AllOf((Effect("", GAIN), absent))
    support, refute = whole.support(RULES), AllOf((absent, absent)).refute(RULES)
    assert support.absence and not refute.absence
    assert support.p == 1.0
    assert support.ungated == max(greater(GAIN, 0.1), absent.support(RULES).ungated) < 0.05


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


def room(seeds: int, doses: int = 4) -> tuple[Column, ...]:
    return (plain_at(30, seeds),) * doses


def test_a_peak_rises_above_the_higher_end_of_each_score() -> None:
    f1, j = ((0, 60, 20), (30, 60, 10))
    gains = tuple(Scores(column([a] * 16), column([b] * 16)) for a, b in zip(f1, j, strict=True))
    rise = Peak("", gains, (3.0, 10.0, 30.0), room(16, 3)).headline()
    assert isinstance(rise, Scores)
    assert (rise.f1.low[0], rise.j.low[0]) == (Fraction(40, 100), Fraction(30, 100))


@settings(max_examples=20)
@given(tables)
def test_a_peak_is_judged_by_the_formula_of_the_design(table: list[list[int]]) -> None:
    first, *interior, last = gains = columns(table)
    refute = Peak("gain", gains, DOSES, room(len(table))).refute(RULES)
    rises = [(gain - first, gain - last) for gain in interior]
    gate = min(1.0, 4 * min(greater(gain, MARGIN) for gain in gains))
    assert Peak("gain", gains, DOSES, room(len(table))).support(RULES).p == min(
        1.0, 2 * min(max(greater(rise, 0.1) for rise in pair) for pair in rises)
    )
    assert refute.ungated == max(
        min(1.0, 2 * min(less(rise, 0.1) for rise in pair)) for pair in rises
    )
    assert refute.p == max(refute.ungated, gate)


@settings(max_examples=20)
@given(tables)
def test_a_dependence_is_some_pair_of_doses_apart_and_refuted_by_equivalence_of_all(
    table: list[list[int]],
) -> None:
    gains = columns(table)
    statement = DependsOnDose("gain", gains, DOSES, room(len(table)))
    pairs = [b - a for a, b in combinations(gains, 2)]
    # No guard: that networks collapse at a dose is a dependence on it.
    unguarded = [stats.judged(way.low, shift=MARGIN) for pair in pairs for way in (pair, -pair)]
    gate = min(1.0, 4 * min(greater(gain, MARGIN) for gain in gains))
    refute = statement.refute(RULES)
    assert statement.support(RULES).p == min(1.0, 12 * min(unguarded))
    assert refute.ungated == max(max(greater(p, -MARGIN), less(p, MARGIN)) for p in pairs)
    assert refute.p == max(refute.ungated, gate)


HUMP = [[30 + n % 5, 85 + n % 4, 90 + n % 5, 31 - n % 3] for n in range(32)]
FLAT = [[60 + n % 5, 60 + n % 5 + (-1) ** n, 60 + n % 5 - (-1) ** n, 60 + n % 5] for n in range(32)]
SLOPE = [[25 + n % 5, 35 + n % 5, 45 + n % 5, 55 + n % 5] for n in range(32)]
VALLEY = [[80 + n % 5, 40 + n % 3, 41, 80 + n % 4] for n in range(32)]


@pytest.mark.parametrize(
    ("table", "supported", "refuted"),
    [(HUMP, True, False), (FLAT, False, True), (SLOPE, False, True), (VALLEY, False, True)],
)
def test_a_hump_is_a_peak_a_plateau_and_a_slope_are_none(
    table: list[list[int]], supported: bool, refuted: bool
) -> None:
    support, refute = both(Peak("", columns(table), DOSES, room(32)))
    assert (support < 0.05) is supported
    assert (refute < 0.05) is refuted


@pytest.mark.parametrize(
    ("table", "supported", "refuted"),
    [(SLOPE, True, False), (HUMP, True, False), (VALLEY, True, False), (FLAT, False, True)],
)
def test_any_two_doses_apart_are_a_dependence_a_slope_or_not(
    table: list[list[int]], supported: bool, refuted: bool
) -> None:
    support, refute = both(DependsOnDose("", columns(table), DOSES, room(32)))
    assert (support < 0.05) is supported
    assert (refute < 0.05) is refuted


def test_a_peak_must_be_one_in_both_scores_at_the_same_dose() -> None:
    hump, flat = columns(HUMP), columns(FLAT)
    left = columns([[30, 90 + n % 3, 32, 31] for n in range(32)])
    right = columns([[30, 32 + n % 3, 90, 31] for n in range(32)])
    for f1, j, peaks in ((hump, hump, True), (hump, flat, False), (left, right, False)):
        gains = tuple(map(Scores, f1, j))
        assert (Peak("", gains, DOSES, room(32)).support(RULES).p < 0.05) is peaks
    assert all(Peak("", one, DOSES, room(32)).support(RULES).p < 0.05 for one in (left, right))


@pytest.mark.parametrize("kind", [Peak, DependsOnDose])
def test_a_curve_is_refuted_only_where_some_dose_shows_a_gain_with_headroom(
    kind: type[Peak] | type[DependsOnDose],
) -> None:
    gains = columns(FLAT)
    assert kind("", gains, DOSES, room(32)).refute(RULES).p < 0.05
    full = (plain_at(95, 32),) * 4
    assert kind("", gains, DOSES, full).refute(RULES).p == 1.0
    one_with_room = (plain_at(30, 32), *full[1:])
    assert kind("", gains, DOSES, one_with_room).refute(RULES).p < 0.05


def test_a_peak_over_a_moved_threshold_is_gated_by_the_gain_of_the_layer() -> None:
    nothing = columns([[n % 3 - 1, 1 - n % 3, 0, n % 2] for n in range(32)])
    alone = Peak("", nothing, DOSES, room(32)).refute(RULES)
    assert alone.ungated < 0.05 < alone.p
    assert Peak("", nothing, DOSES, room(32), control=columns(FLAT)).refute(RULES).p < 0.05


def test_a_missing_seed_at_one_dose_is_the_worst_for_a_curve_too() -> None:
    def with_gap(table: list[list[int]], value: int | None) -> tuple[Column, ...]:
        first, second, *rest = columns(table)
        percent = [None if seed == 1 else int(100 * v) for seed, v in enumerate(second.low)]
        gap = column([value if p is None else p for p in percent])
        return (first, gap, *rest)

    lost, low = (
        Peak("", with_gap(HUMP, value), DOSES, room(32)).support(RULES).p for value in (None, -100)
    )
    assert lost == low
    # A plateau is refuted on the worst of what the missing seed could have been.
    plateau = [Peak("", with_gap(FLAT, value), DOSES, room(32)) for value in (None, 100, -100)]
    unknown, high, low = (peak.refute(RULES).ungated for peak in plateau)
    assert unknown == high > low
    flat, whole = (
        DependsOnDose("", g, DOSES, room(32)) for g in (with_gap(FLAT, None), columns(FLAT))
    )
    assert flat.refute(RULES).p > whole.refute(RULES).p
    assert flat.describe(RULES).missing == 1


def test_a_curve_is_described_by_its_points_and_its_top() -> None:
    gains = tuple(map(Scores, columns(HUMP), columns(SLOPE)))
    finding = Peak("gain", gains, DOSES, room(32)).describe(RULES)
    assert [point.dose for point in finding.points] == list(DOSES)
    assert all(point.low <= point.estimate <= point.high for point in finding.points)
    # Dose 3 has the larger mean: 92 against 86.5 at dose 2.
    assert "(3)" in finding.label
    assert finding.lines == (RULES.peak_height,)
    f1, j = finding.scores
    assert finding.points == f1.points != j.points
    assert [round(point.estimate, 2) for point in j.points] == [0.27, 0.37, 0.47, 0.57]


def test_a_dependence_is_described_by_the_pair_furthest_apart_the_larger_gain_first() -> None:
    finding = DependsOnDose("gain", columns(VALLEY), DOSES, room(32)).describe(RULES)
    assert finding.label == "gain: 1 minus 2" and finding.estimate == pytest.approx(0.41, abs=0.02)
    assert any("max-t" in note for note in finding.notes)


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
    assert statement.support(RULES).p == max(greater(gain, 0.10) for gain in meant)
    assert refute.ungated == min(1.0, len(meant) * min(less(gain, 0.10) for gain in meant))
    assert refute.p == max(refute.ungated, gate)


@pytest.mark.parametrize(
    ("asked", "supported", "refuted"),
    [((1, 2), True, False), ((4,), False, True), (DOSES, False, True)],
)
def test_a_gain_that_is_gone_at_the_last_dose_lasts_up_to_the_one_before(
    asked: tuple[int, ...], supported: bool, refuted: bool
) -> None:
    fading = [[80 + n % 9, 70 - n % 7, 50 + n % 8, n % 3 - 1] for n in range(32)]
    statement = Lasting("F1 gain, epochs", columns(fading), DOSES, room(32), asked)
    support, refute = both(statement)
    assert (support < 0.05) is supported
    assert (refute < 0.05) is refuted
    finding = statement.describe(RULES)
    assert [point.dose for point in finding.points] == list(DOSES)
    # The weakest of the doses that are asked about, whatever their order.
    assert finding.label == f"F1 gain, epochs {max(asked)}"
    assert (finding.p_support, finding.p_refute) == (support, refute)


def test_a_refutation_needs_the_winner_to_be_a_classifier() -> None:
    worse = column([-60] * 20)
    assert both(NotWorse("", worse, ()))[1] < 0.01
    assert both(NotWorse("", worse, (), refuting=(SEEN,)))[1] < 0.01
    unseen = Gate(label="control", gain=column([0] * 20))
    side = NotWorse("", worse, (), refuting=(unseen,)).refute(RULES)
    assert side.p == 1.0 and side.ungated < 0.01 and not side.absence


# --- what reports say -----------------------------------------------------------------------------


def test_a_finding_has_the_interval_that_inverts_the_test() -> None:
    finding = Effect("gain", GAIN).describe(RULES)
    expected = stats.hodges_lehmann(GAIN.observed, confidence=RULES.confidence)
    assert finding.estimate == expected.estimate
    assert finding.interval == (expected.low, expected.high)
    assert Effect("", column(range(15))).describe(RULES).mean_interval is None
    assert Effect("", column(range(16))).describe(RULES).mean_interval is not None


def test_intervals_from_standard_errors_end_where_the_quantity_does() -> None:
    high = column([100, 98, 100, 70, 100, 99, 98, 100, 60, 97, 100, 100, 95, 100, 98, 100])
    found = Effect("", dataclasses.replace(high, share=Fraction(1))).describe(RULES)
    least, most = map(float, high.bounds)
    assert found.new_images_interval is not None and found.mean_interval is not None
    assert found.new_images_interval[1] == most, "unclipped it would be a gain beyond 1"
    assert least <= found.mean_interval[0] <= found.mean_interval[1] <= most


def test_the_share_of_seeds_beyond_the_margin_has_an_upper_bound() -> None:
    finding = NoEffect("", column([1, -2, 14, 0, -11, 10, -10, 3]), ()).describe(RULES)
    upper = stats.clopper_pearson(2, 8, confidence=RULES.confidence)[1]
    assert finding.beyond == (0.25, upper)
    assert Effect("", GAIN).describe(RULES).beyond is None
