"""Power of cells: spreads from claims' own columns, smallest effects, simulated verdicts."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims import stats
from bnclaims.audit.claim import Claim, discover
from bnclaims.audit.evidence.both_scores import Scores
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.forecast.contrasts import Contrast, contrasts, spread
from bnclaims.audit.forecast.pilot_evidence import (
    Pilot,
    assumed,
    assumed_spread,
    drawn,
    pilot_of,
    resampled,
    whole_seeds,
)
from bnclaims.audit.forecast.power import POWER, smallest_at, standardised
from bnclaims.audit.forecast.simulate import CANDIDATES, Simulation, seeds_for, with_last_look
from bnclaims.audit.results import Verdict
from bnclaims.audit.statements.paired_effects import Effect, NoEffect
from bnclaims.audit.verdicts import judge_cell
from bnclaims.protocol.cells import Cell, Selection, cells_of
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record
from bnclaims.training import synthetic
from fixtures.projects import with_every_claim

PROTOCOL = load_protocol("calibration")
RULES = PROTOCOL.rules
CLAIMS = {claim.id: claim for claim in discover(Path(__file__).parents[3] / "claims")}
EVERY_CLAIM = with_every_claim(CLAIMS)
WORLD_DATA = Selection(
    dataset="digits", fingerprints=dict.fromkeys(PROTOCOL.file.datasets, "world")
)


def primary(claim: str) -> tuple[Claim, Cell]:
    """A claim and the first of its cells in the protocol of the calibration."""
    return CLAIMS[claim], cells_of(PROTOCOL, claim, WORLD_DATA)[0]


def records_of(
    claim: Claim, cell: Cell, seeds: Sequence[int], world: str, suite: int = 0
) -> dict[str, Record]:
    make = synthetic.trainer(world, suite=suite)
    return {trial.key: make(trial) for trial in cell.trials(claim.arms, seeds)}


def pilot(claim: str, seeds: int, world: str, suite: int = 0) -> tuple[Claim, Evidence]:
    """The evidence that a world gives of the first seeds of a claim's first cell."""
    declared, cell = primary(claim)
    records = records_of(declared, cell, RULES.seeds(seeds), world, suite)
    return declared, Evidence(cell, tuple(RULES.seeds(seeds)), RULES, records)


def assumed_contrasts(claim: str) -> list[Contrast]:
    declared, cell = primary(claim)
    return contrasts(declared.assertion(assumed(cell, RULES)), RULES)


# --- contrasts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "kinds", "lengths"),
    [
        # in F1 and in J
        ("premise", ["effect"] * 2, [1] * 2),
        ("i", [*["effect"] * 4, "not worse"], [1] * 5),
        # one gain minus another
        ("ii", ["peak"] * 2, [math.sqrt(2)] * 2),
        ("iii", ["dose"] * 2, [math.sqrt(2)] * 2),
        ("v", [*["no effect"] * 2, *["effect"] * 4], [1, 1, 1, 1, math.sqrt(2), math.sqrt(2)]),
        ("vi", ["no effect"] * 4, [1] * 4),
        ("alt-threshold", ["no effect"] * 2, [1] * 2),
        ("alt-ranking", ["no effect"], [1]),
        ("alt-epochs", ["effect"] * 2, [1] * 2),
        ("alt-learning-rates", ["effect"] * 6, [1] * 6),
    ],
)
def test_a_claim_says_itself_what_it_measures(
    claim: str, kinds: list[str], lengths: list[float]
) -> None:
    declared = CLAIMS[claim]
    cell = cells_of(EVERY_CLAIM, claim, WORLD_DATA)[0]
    found = contrasts(declared.assertion(assumed(cell, RULES)), RULES)
    assert [contrast.kind for contrast in found] == kinds
    spreads = [assumed_spread(contrast.column, 0.2) for contrast in found]
    assert spreads == pytest.approx([0.2 * length for length in lengths])


def test_every_claim_of_the_project_has_contrasts() -> None:
    for claim in CLAIMS.values():
        for cell in cells_of(EVERY_CLAIM, claim.id, WORLD_DATA):
            if cell.unavailable is None:
                found = contrasts(claim.assertion(assumed(cell, RULES)), RULES)
                assert found, claim.id
                assert all(assumed_spread(contrast.column, 1) > 0 for contrast in found)
                # By which a reader tells both scores apart.
                labels = [contrast.label for contrast in found]
                assert len({*labels}) == len(labels), labels


def test_lines_and_shares_of_the_level_are_those_of_the_statements() -> None:
    peak, dose = assumed_contrasts("ii")[0], assumed_contrasts("iii")[0]
    assert (peak.target, peak.share) == (RULES.peak_height, 1 / 2)  # two interior ratios
    assert (dose.target, dose.share) == (RULES.margin, 1 / 6)  # three pairs, two directions
    none, _, gain, *_ = assumed_contrasts("v")
    assert (none.target, none.sides, none.absence) == (RULES.margin, 2, True)
    assert (gain.target, gain.sides, gain.absence) == (RULES.smallest_effect, 1, False)


def test_the_spread_of_a_pilot_is_that_of_its_paired_differences() -> None:
    claim, evidence = pilot("premise", 10, "grey_zone")
    contrast, _ = contrasts(claim.assertion(evidence), RULES)
    gains = [
        float(b - a) for a, b in zip(evidence.f1(PLAIN).low, evidence.f1(FINAL_BN).low, strict=True)
    ]
    assert spread(contrast.column) == pytest.approx(np.std(gains, ddof=1))
    assert spread(contrast.column) > 0


def test_the_rises_of_a_peak_are_those_of_its_highest_interior_dose() -> None:
    claim, evidence = pilot("ii", 12, "peak")
    contrast, _ = contrasts(claim.assertion(evidence), RULES)
    finding = claim.assertion(evidence).describe(RULES)
    gains = [float(np.mean([float(v) for v in g.f1.observed])) for g in _gains(claim, evidence)]
    highest = int(np.argmax(gains[1:-1])) + 1
    rises = {highest_minus(claim, evidence, highest, end) for end in (0, -1)}
    assert contrast.column.low in rises
    assert f"({evidence.doses[highest]})" in finding.label


def _gains(claim: Claim, evidence: Evidence) -> tuple[Scores, ...]:
    return claim.assertion(evidence).gains  # type: ignore[attr-defined, no-any-return]


def highest_minus(claim: Claim, evidence: Evidence, highest: int, end: int) -> tuple[Fraction, ...]:
    gains = _gains(claim, evidence)
    return (gains[highest] - gains[end]).f1.low


# --- the smallest effect --------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "level"), [(8, 0.00417), (16, 0.00208), (24, 0.01)])
def test_the_real_test_sees_the_smallest_effect_as_often_as_promised(n: int, level: float) -> None:
    distance = standardised(n, level, 1)
    assert distance is not None
    samples = np.random.default_rng(5).normal(distance, 1, size=(300, n))
    seen = sum(stats.judged(row) <= level for row in samples.round(3))
    # The guard of `judged` costs a little.
    assert POWER - 0.08 <= seen / len(samples) <= POWER + 0.05


def test_the_real_test_shows_absence_within_the_smallest_margin_as_often_as_promised() -> None:
    n, level = 16, 0.05 / 6 / 2
    margin = standardised(n, level, 2)
    assert margin is not None
    samples = np.random.default_rng(6).normal(0, 1, size=(200, n)).round(3)
    seen = sum(
        stats.judged(row, shift=-margin) <= level
        and stats.judged(row, shift=margin, alternative="less") <= level
        for row in samples
    )
    assert POWER - 0.1 <= seen / len(samples) <= POWER + 0.06


def test_what_no_data_could_show_has_no_smallest_effect() -> None:
    assert standardised(8, 2.0**-8, 1) is not None
    assert standardised(8, 2.0**-8 * 0.99, 1) is None
    gain, _ = assumed_contrasts("premise")
    assert smallest_at(gain, 0.1, 16, RULES.level / 1e4, RULES) is None
    assert smallest_at(gain, 0.1, 17, RULES.level, RULES) is None  # no look there
    none, *_ = assumed_contrasts("vi")
    assert smallest_at(none, 0.1, 16, RULES.level, RULES) is None  # no look of absence there
    assert smallest_at(none, 0.1, 32, RULES.level, RULES) is not None


@pytest.mark.parametrize("claim", ["premise", "vi"])
def test_the_smallest_effect_grows_with_the_spread_and_falls_with_the_seeds(claim: str) -> None:
    contrast, *_ = assumed_contrasts(claim)
    by_seeds = [smallest_at(contrast, 0.1, n, RULES.level, RULES) for n in (32, 64)]
    twice = smallest_at(contrast, 0.2, 64, RULES.level, RULES)
    assert None not in (*by_seeds, twice)
    assert by_seeds[0] > by_seeds[1] > 0  # type: ignore[operator]
    assert twice > by_seeds[1]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("claim", "deviation"), [("premise", 0.05), ("premise", 0.3), ("vi", 0.05)]
)
@pytest.mark.parametrize("n", [32, 64])
def test_what_is_called_the_smallest_is_shown_as_often_as_promised_guard_and_all(
    claim: str, deviation: float, n: int
) -> None:
    contrast, *_ = assumed_contrasts(claim)
    smallest = smallest_at(contrast, deviation, n, RULES.level, RULES)
    assert smallest is not None
    centre = 0.0 if contrast.within else smallest
    sizes = {"margin": smallest, "smallest_effect": 0.1} if contrast.within else {}
    rules = dataclasses.replace(RULES, draws=999, **sizes)
    weights = rules.absence_looks if contrast.absence else rules.effect_looks
    stream, shown = np.random.default_rng(7), []
    for _ in range(120):
        values = tuple(Fraction(round(1000 * x), 1000) for x in stream.normal(centre, deviation, n))
        column = dataclasses.replace(
            contrast.column, seeds=tuple(range(n)), low=values, high=values
        )
        statement = NoEffect("", column, ()) if contrast.within else Effect("", column)
        shown.append(statement.support(rules).p <= rules.level * weights[n])
    assert abs(np.mean(shown) - POWER) < 0.12


def test_the_guard_asks_for_large_gains_at_the_first_look_however_little_seeds_differ() -> None:
    gain, _ = assumed_contrasts("premise")
    first, last = (smallest_at(gain, 0.001, n, RULES.level, RULES) for n in (16, 64))
    assert first == pytest.approx((0.00625 ** (-1 / 16) - 1) / 0.98, abs=0.01)
    assert last == pytest.approx(max(0.1, ((0.00625 / 2) ** (-1 / 64) - 1) / 0.98), abs=0.02)


# --- seeds drawn from a pilot ---------------------------------------------------------------------


@given(
    m=st.integers(4, 12), lost=st.sets(st.integers(0, 11), max_size=3), seed=st.integers(0, 2**32)
)
def test_drawn_seeds_are_weighted_sums_and_lost_ones_are_drawn_as_they_are(
    m: int, lost: set[int], seed: int
) -> None:
    whole = np.array([index not in lost for index in range(m)])
    weights = resampled(np.random.default_rng(seed), 20, whole)
    assert weights.shape == (20, m)
    assert weights.sum(axis=1) == pytest.approx(1)
    for row in weights:
        if row[~whole].any():
            assert sorted(row) == [0.0] * (m - 1) + [1.0]


def test_drawn_seeds_have_the_mean_and_covariance_of_the_pilot() -> None:
    stream = np.random.default_rng(1)
    table = stream.normal(size=(8, 3)) @ np.array([[1, 0.5, 0], [0, 1, -1], [0, 0, 0.3]])
    made = resampled(stream, 60_000, np.ones(8, dtype=bool)) @ table
    assert made.mean(axis=0) == pytest.approx(table.mean(axis=0), abs=0.02)
    assert np.cov(made.T) == pytest.approx(np.cov(table.T), abs=0.05)


def test_drawn_evidence_is_the_pilot_where_the_weights_say_so() -> None:
    claim, evidence = pilot("premise", 6, "diverging")
    order = [5, 0, 3, 3]
    made = drawn(Pilot(evidence), np.eye(6)[order])
    for column, known in (
        (made.f1(FINAL_BN) - made.f1(PLAIN), evidence.f1(FINAL_BN) - evidence.f1(PLAIN)),
    ):
        for side in ("low", "high"):
            ours = [float(value) for value in getattr(column, side)]
            theirs = [float(getattr(known, side)[index]) for index in order]
            assert ours == pytest.approx(theirs, abs=1e-3)
    assert (
        whole_seeds(evidence, claim).tolist()
        == (evidence.f1(FINAL_BN) - evidence.f1(PLAIN)).known.tolist()
    )
    with pytest.raises(ValueError, match="no images to leave out"):
        made.f1(PLAIN).leave_out()


def test_a_pilot_has_the_seeds_of_which_every_trial_is_stored() -> None:
    claim, cell = primary("premise")
    records = records_of(claim, cell, RULES.seeds(6), "effect")
    lost = cell.trials(claim.arms, [10002])[1].key
    found = pilot_of(claim, cell, 5, RULES, {k: r for k, r in records.items() if k != lost})
    assert found.seeds == (10000, 10001, 10003, 10004)


# --- schedules ------------------------------------------------------------------------------------


@given(n=st.integers(8, 200))
def test_an_audit_that_ends_elsewhere_keeps_its_earlier_looks_and_its_share_of_the_level(
    n: int,
) -> None:
    ending = with_last_look(RULES, n)
    for looks, ours in (
        (RULES.effect_looks, ending.effect_looks),
        (RULES.absence_looks, ending.absence_looks),
    ):
        if ours:
            assert max(ours) == n and list(ours) == sorted(ours)
            assert sum(ours.values()) <= 1
            assert all(looks[k] == w for k, w in ours.items() if k < min(n, max(looks)))
        else:
            assert n < min(looks)


def test_schedules_at_and_between_the_looks() -> None:
    assert with_last_look(RULES, 64) == RULES
    assert with_last_look(RULES, 40).effect_looks == {16: 0.5, 32: 0.25, 40: 0.25}
    assert with_last_look(RULES, 40).absence_looks == {32: 0.5, 40: 0.5}
    assert with_last_look(RULES, 24).effect_looks == {16: 0.5, 24: 0.25}
    assert with_last_look(RULES, 24).absence_looks == {}
    assert with_last_look(RULES, 96).effect_looks == {16: 0.5, 32: 0.25, 96: 0.25}


# --- simulated verdicts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "world", "verdict"),
    [
        ("premise", "effect", Verdict.SUPPORTED),
        ("premise", "null", Verdict.REFUTED),
        ("vi", "effect", Verdict.REFUTED),
        ("vi", "peak", Verdict.REFUTED),
        ("vi", "two_majority_effect", Verdict.SUPPORTED),
        ("v", "null", Verdict.REFUTED),
    ],
)
def test_a_clear_pilot_foretells_the_verdict_of_its_world(
    claim: str, world: str, verdict: Verdict
) -> None:
    declared, evidence = pilot(claim, 12, world)
    chance = Simulation(declared, evidence, cells=1, seed=0).chance(32, draws=20)
    assert chance.decided >= POWER
    assert chance.verdict is verdict


def test_gates_of_absence_hold_in_a_simulation_too() -> None:
    # Nothing is seen anywhere: "no gain with sigmoid" must not come out.
    declared, evidence = pilot("vi", 12, "broken_trainer")
    chance = Simulation(declared, evidence, cells=1, seed=0).chance(32, draws=20)
    assert (chance.supported, chance.refuted) == (0, 0)


def test_the_simulated_chance_is_how_often_real_audits_are_decided() -> None:
    declared, cell = primary("premise")
    # A pilot this large is nearly the truth.
    _, evidence = pilot("premise", 150, "grey_zone", suite=10**6)
    told = Simulation(declared, evidence, cells=1, seed=0).chance(32, draws=150)
    rules = with_last_look(RULES, 32)
    words: Counter[Verdict] = Counter()
    for suite in range(60):
        make, made = synthetic.trainer("grey_zone", suite=suite), {}

        def obtain(
            trials: Sequence[Trial], make=make, made: dict[str, Record] = made
        ) -> Mapping[str, Record]:
            made |= {trial.key: make(trial) for trial in trials if trial.key not in made}
            return made

        words[judge_cell(declared, cell, rules, obtain, describe=False)[0].verdict] += 1
    low, high = stats.clopper_pearson(words[Verdict.REFUTED], 60, confidence=0.99)
    # The pilot's own error shifts the chance by about 0.1.
    assert low - 0.1 <= told.refuted / told.draws <= high + 0.1
    assert 0.03 < told.refuted / told.draws < 0.9
    assert told.supported / told.draws < 0.05


def test_stored_seeds_are_not_drawn_again() -> None:
    declared, evidence = pilot("premise", 16, "grey_zone")
    real, _ = judge_cell(
        declared, evidence.cell, with_last_look(RULES, 16), lambda trials: evidence.records
    )
    simulation = Simulation(declared, evidence, cells=1, seed=0, stored=True)
    chance = simulation.chance(16, draws=5)
    word = real.verdict is Verdict.SUPPORTED, real.verdict is Verdict.REFUTED
    assert (chance.supported, chance.refuted) == tuple(5 * said for said in word)
    fresh = Simulation(declared, evidence, cells=1, seed=0)
    assert len({_first_gain(simulation, draw) for draw in range(3)}) == 1
    assert len({_first_gain(fresh, draw) for draw in range(3)}) == 3


def _first_gain(simulation: Simulation, draw: int) -> tuple[float, ...]:
    return tuple(simulation._draw(draw)._weights[0])


def test_a_simulation_depends_on_its_seed_and_on_nothing_else() -> None:
    declared, evidence = pilot("premise", 8, "grey_zone")

    def told(seed: int, *, before: bool = False, uncertain: bool = False) -> object:
        simulation = Simulation(declared, evidence, cells=1, seed=seed, uncertain=uncertain)
        if before:
            simulation.chance(64, draws=5)
        chances = [simulation.chance(n, draws=12) for n in (32, 64)]
        return chances, [_first_gain(simulation, draw) for draw in range(3)]

    assert told(1) == told(1) == told(1, before=True)
    assert told(1) != told(2)
    assert told(1) != told(1, uncertain=True)


def test_a_cell_that_goes_on_is_not_decided_by_its_last_word() -> None:
    # One of a thousand cells of a list is decided at a thousandth of the level, which 16 seeds cannot
    # reach; an audit that ends there gives its word all the same.
    declared, cell = primary("iv")
    seeds = RULES.seeds(8)
    records = records_of(declared, cell, seeds, "effect")
    simulation = Simulation(
        declared, Evidence(cell, tuple(seeds), RULES, records), cells=1000, seed=0
    )
    assert simulation.chance(16, draws=20, as_planned=True).decided == 0
    assert simulation.chance(16, draws=20).decided == 1
    assert simulation.chance(32, draws=20, as_planned=True).decided == 1


def test_a_clear_chance_ends_a_simulation_early() -> None:
    declared, evidence = pilot("premise", 8, "effect")
    simulation = Simulation(declared, evidence, cells=1, seed=0)
    assert simulation.chance(16, draws=200, power=0.8).draws < 200
    assert simulation.chance(16, draws=30).draws == 30
    unclear = simulation.chance(16, draws=30).decided
    assert unclear == 1


def test_the_smallest_number_of_seeds_is_found_and_one_less_is_not_enough() -> None:
    declared, evidence = pilot("premise", 16, "grey_zone")
    simulation = Simulation(declared, evidence, cells=1, seed=0)
    chance, reached = seeds_for(simulation, 0.5, draws=40)
    assert reached and chance.decided >= 0.5
    before = CANDIDATES[CANDIDATES.index(chance.seeds) - 1]
    assert simulation.chance(before, draws=40, power=0.5).decided < 0.5


def test_more_seeds_than_are_ever_proposed_are_said_to_be_too_few() -> None:
    declared, evidence = pilot("vi", 8, "broken_trainer")
    simulation = Simulation(declared, evidence, cells=1, seed=0)
    chance, reached = seeds_for(simulation, 0.8, draws=20, candidates=(8, 16))
    assert (chance.seeds, chance.decided, reached) == (16, 0, False)


@settings(max_examples=10, deadline=None)
@given(n=st.sampled_from(CANDIDATES[:6]), cells=st.integers(1, 5))
def test_every_draw_of_a_chance_has_one_word(n: int, cells: int) -> None:
    declared, evidence = pilot("premise", 5, "diverging")
    chance = Simulation(declared, evidence, cells=cells, seed=n).chance(n, draws=5)
    assert 0 <= chance.supported + chance.refuted <= chance.draws == 5
    low, high = chance.interval(0.95)
    assert low <= chance.decided <= high


def test_a_look_spends_its_own_share_of_the_level() -> None:
    gain, _ = assumed_contrasts("premise")
    halved = dataclasses.replace(RULES, effect_looks={16: 0.125})
    assert smallest_at(gain, 0.1, 16, RULES.level, halved) > smallest_at(  # type: ignore[operator]
        gain, 0.1, 16, RULES.level, RULES
    )
