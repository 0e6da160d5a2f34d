"""What makes an executor pass: margins, spreads and words, each on its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from bnclaims.audit.claim import discover
from bnclaims.audit.evidence.evidence import Column, Evidence
from bnclaims.audit.plan import plan
from bnclaims.protocol.cells import Cell, Selection
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import FINAL_BN
from bnclaims.run.selfcheck.acceptance import ALPHA
from bnclaims.run.selfcheck.equivalence import hold, rows
from bnclaims.run.selfcheck.result import Held, Words, spread_agrees
from bnclaims.run.selfcheck.scope import Scope, scope_of
from bnclaims.run.selfcheck.verdict_agreement import agreement
from bnclaims.store.record import Record
from bnclaims.training.synthetic import trainer

PROTOCOL = load_protocol("calibration")
RULES = PROTOCOL.rules
MARGIN = Fraction(1, 20)
SEEDS = 32
RANDOM = np.random.default_rng(5)
LOOP = [float(value) for value in RANDOM.uniform(0.3, 0.7, SEEDS).round(3)]


def column(values: Sequence[float | None]) -> Column:
    """Scores from 0 to 1 by seed, None where there is none."""
    low = tuple(Fraction(0) if v is None else Fraction(repr(v)) for v in values)
    high = tuple(Fraction(1) if v is None else Fraction(repr(v)) for v in values)
    return Column(
        seeds=tuple(range(len(values))),
        low=low,
        high=low if None not in values else high,
        leave_out=lambda: np.zeros((20, len(values))),
        share=Fraction(0),
        bounds=(Fraction(0), Fraction(1)),
    )


def held(values: Sequence[float | None], loop: Sequence[float | None] = LOOP) -> Held:
    return hold(column(values), column(loop), MARGIN, RULES)


def moved(by: float, noise: float = 0.0) -> list[float]:
    random = np.random.default_rng(6)
    return [
        round(v + by + float(e), 4)
        for v, e in zip(LOOP, random.normal(0, noise, SEEDS), strict=True)
    ]


def test_equal_scores_are_shown_to_be_equal() -> None:
    found = held(LOOP)
    assert (found.estimate, found.largest, found.noise, found.ratio) == (0, 0, 0, 1)
    assert found.p < 1e-6 and spread_agrees(found, float(MARGIN))


@pytest.mark.parametrize(
    ("by", "shown"), [(0.02, True), (-0.02, True), (0.05, False), (-0.08, False)]
)
def test_a_shift_is_shown_to_be_small_only_inside_the_margin(by: float, shown: bool) -> None:
    found = held(moved(by, 0.02))
    assert (found.p <= ALPHA) is shown
    assert found.estimate == pytest.approx(by, abs=0.01)


def test_noise_alone_can_hide_what_32_seeds_cannot_show() -> None:
    assert held(moved(0.0, 0.3)).p > ALPHA


def test_twice_the_standard_deviation_is_seen_where_the_mean_is_equal() -> None:
    centre = sum(LOOP) / SEEDS
    wide = [round(centre + 2 * (value - centre), 6) for value in LOOP]
    found = held(wide)
    assert found.ratio == pytest.approx(4, rel=1e-3)
    assert not spread_agrees(found, float(MARGIN))


def test_a_spread_below_the_margin_is_too_small_to_matter() -> None:
    found = held([0.5] * 31 + [0.51], [0.5] * SEEDS)
    assert found.ratio is None and spread_agrees(found, float(MARGIN))


def test_a_score_that_neither_has_is_agreement() -> None:
    without = [None, *LOOP[1:]]
    found = held(without, without)
    assert (found.unpaired, found.largest) == (0, 0) and found.p < 1e-6


def test_scores_that_one_lacks_count_as_the_worst() -> None:
    without = [None] * 8 + list(LOOP[8:])
    found = held(without)
    assert found.unpaired == 8 and found.p > ALPHA


@pytest.mark.parametrize(
    ("agrees", "null", "passes"),
    [(1.0, 1.0, True), (0.9, 1.0, True), (0.89, 1.0, False), (0.7, 0.7, True), (0.6, 0.7, False)],
)
def test_words_must_agree_in_most_orders_or_as_often_as_rounding_lets_them(
    agrees: float, null: float, passes: bool
) -> None:
    words = Words(
        cell="a",
        loop="SUPPORTED",
        executor="REFUTED",
        null="SUPPORTED",
        agreement=agrees,
        null_agreement=null,
    )
    assert words.agrees is passes


# --- on whole records ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scope() -> Scope:
    selection = Selection(
        dataset="digits", fingerprints=dict.fromkeys(PROTOCOL.file.datasets, "content")
    )
    known = PROTOCOL.file.claims
    claims = [c for c in discover(Path(__file__).parents[3] / "claims") if c.id in known]
    return scope_of(plan(claims, PROTOCOL, selection), PROTOCOL, seeds=SEEDS)


def records_of(cell: Cell, world: str, seeds: Sequence[int]) -> dict[str, Record]:
    train = trainer(world)
    trials = cell.trials(("plain", FINAL_BN), seeds)
    return {trial.key: train(trial) for trial in trials}


def test_the_premise_is_compared_in_two_architectures_on_seeds_of_its_own(scope: Scope) -> None:
    assert scope.claim.id == "premise"
    architectures = [cell.settings["main"].architecture for cell in scope.cells]
    assert architectures == ["simple_cnn", "mlp"]
    assert min(scope.seeds) > 10**5 and len(scope.seeds) == SEEDS


def test_first_steps_are_taken_of_every_network_of_the_plan(scope: Scope) -> None:
    kinds = {(t.setting.architecture, t.setting.head, t.arm) for t in scope.steps}
    assert {("simple_cnn", "sigmoid", FINAL_BN), ("mlp", "softmax", "plain")} <= kinds
    classes = {len(trial.setting.task.classes) for trial in scope.steps}
    assert classes == {2, 3}


def test_every_metric_is_compared_by_arm_and_as_a_gain(scope: Scope) -> None:
    cell, seeds = scope.cells[0], tuple(scope.seeds)
    evidence = Evidence(cell, seeds, RULES, records_of(cell, "effect", seeds))
    found = list(rows(cell.name, scope.claim.arms, evidence, evidence, evidence))
    assert len({row.metric for row in found}) == 7
    assert {row.of for row in found if row.metric == "minority F1"} == {
        "plain",
        "final_bn",
        "final_bn minus plain",
        "final_bn, removed",
        "final_bn, removed minus plain",
    }
    assert all(row.executor.p <= ALPHA and row.executor.largest == 0 for row in found)


def test_another_world_gets_another_word_in_every_order(scope: Scope) -> None:
    cell, seeds = scope.cells[0], tuple(scope.seeds)
    effect, null = ((cell, records_of(cell, world, seeds)) for world in ("effect", "null"))
    same = agreement(scope.claim, RULES, seeds, loop=effect, executor=effect, null=effect)
    assert (same.executor, same.agreement, same.agrees) == ("SUPPORTED", 1, True)
    other = agreement(scope.claim, RULES, seeds, loop=effect, executor=null, null=effect)
    assert other.executor == "REFUTED" and other.agreement == 0 and not other.agrees


def test_a_cap_on_seeds_leaves_out_the_looks_above_it(scope: Scope) -> None:
    cell = dataclasses.replace(scope.cells[0], max_seeds=30)
    seeds = tuple(scope.seeds)[:30]
    source = (cell, records_of(cell, "effect", seeds))
    assert agreement(scope.claim, RULES, seeds, loop=source, executor=source, null=source).agrees
