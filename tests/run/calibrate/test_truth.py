"""Truth of a world: what it calls wrong is what its generator makes wrong, simulated at length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bnclaims.audit.claim import Claim, discover
from bnclaims.audit.evidence.evidence import Column, Evidence
from bnclaims.audit.statements.dose_response import Peak, Trend
from bnclaims.audit.statements.paired_effects import AllOf, Effect, NoEffect, Positive
from bnclaims.audit.statements.statement import Gate, Statement
from bnclaims.protocol.cells import Cell, Selection, cells_of
from bnclaims.protocol.load import load_protocol
from bnclaims.training import synthetic

SEEDS = 200
# Where few networks differ a lot, or a truth is near a line, it takes more to see what is true.
MORE_SEEDS = {"zero_inflated": 1500, "two_majority_effect": 800}
# Standard errors by which a truth must be clear of the line that it is judged by.
CLEAR = 4.5
PROTOCOL = load_protocol("calibration")
RULES = PROTOCOL.rules
NAMES = dict.fromkeys(PROTOCOL.file.datasets, "world")
SELECTION = Selection(dataset=PROTOCOL.file.default_dataset, fingerprints=NAMES)
CLAIMS = {claim.id: claim for claim in discover(Path(__file__).parents[3] / "claims")}
SHORT = ("null", "two_majority_effect", "broken_trainer")


def above(column: Column, line: float, *, or_equal: bool = False) -> bool:
    """Whether the pseudomedian is above a line; at 0 it may also be there, by symmetry."""
    values = np.array([float(value) for value in column.observed])
    theta = pseudomedian(values)
    # The mean's standard error, which the pseudomedian's does not exceed by more than a few percent.
    error = CLEAR * values.std() / len(values) ** 0.5
    if line == 0 and abs(theta) <= error:
        return or_equal
    assert abs(theta - line) > error, f"pseudomedian {theta:.3f} is not clear of {line}"
    return theta > line


def pseudomedian(values: NDArray[np.float64]) -> float:
    first, second = np.triu_indices(len(values))
    return float(np.median((values[first] + values[second]) / 2))


def within(column: Column, margin: float) -> bool:
    return above(column, -margin) and not above(column, margin)


def passes(gate: Gate) -> bool:
    if gate.plain is not None and np.median([float(v) for v in gate.plain.observed]) > 0.9:
        return False
    return above(gate.gain, RULES.margin if gate.above is None else gate.above)


def truth(statement: Statement) -> tuple[bool, bool]:
    """Whether what SUPPORTED, and what REFUTED asserts is so, gates included."""
    match statement:
        case Effect():
            large = above(statement.column, RULES.smallest_effect)
            return large, not large and all(map(passes, statement.gates))
        case Positive():
            column = statement.column
            return above(column, 0), not above(column, 0, or_equal=True)
        case NoEffect():
            absent = within(statement.column, RULES.margin)
            return absent and all(map(passes, statement.gates)), not absent
        case AllOf():
            supported, refuted = zip(*map(truth, statement.parts), strict=True)
            return all(supported), any(refuted)
        case Peak():
            first, *interior, last = statement.gains
            rises = [(gain - first, gain - last) for gain in interior]
            peak = any(above(left, 0) and above(right, 0) for left, right in rises)
            if peak:
                # How high is left to the refutation, which no world with a peak has.
                height = RULES.peak_height
                assert any(above(left, height) and above(right, height) for left, right in rises)
            return peak, not peak and any(map(passes, _gates(statement)))
        case Trend():
            slopes = statement.slopes()
            changes = above(slopes, 0) or not above(slopes, 0, or_equal=True)
            return changes, not changes and any(map(passes, _gates(statement)))
    raise AssertionError(f"no truth for {type(statement).__name__}")


def _gates(curve: Peak | Trend) -> list[Gate]:
    pairs = zip(curve.gains, curve.plain, strict=True)
    return [Gate(label="", gain=gain, plain=plain) for gain, plain in pairs]


def truth_of(claim: Claim, world: str) -> tuple[bool, bool]:
    found = [
        truth(_statement(claim, cell, world)) for cell in cells_of(PROTOCOL, claim.id, SELECTION)
    ]
    if claim.combine == "primary":
        ((supported, refuted),) = found
        return supported, refuted
    holds = sum(supported for supported, _ in found)
    fails = sum(refuted for _, refuted in found)
    return holds >= RULES.replications, fails > len(found) - RULES.replications


def _statement(claim: Claim, cell: Cell, world: str) -> Statement:
    seeds = tuple(range(MORE_SEEDS.get(world, SEEDS)))
    # Where pools differ, every seed is from a suite of its own: what is true of all, not of one.
    pools = synthetic.world(world).pool is not None
    makers = [synthetic.trainer(world, suite=suite) for suite in (seeds if pools else (0,))]
    records = {
        trial.key: makers[trial.seed if pools else 0](trial)
        for trial in cell.trials(claim.arms, seeds)
    }
    return claim.assertion(Evidence(cell, seeds, RULES, records))


@pytest.mark.parametrize(
    "world",
    [
        pytest.param(name, marks=() if name in SHORT else pytest.mark.long)
        for name in synthetic.WORLDS
    ],
)
def test_the_wrong_words_of_a_world_are_those_that_its_generator_makes_wrong(world: str) -> None:
    wrong = {}
    for claim in synthetic.world(world).wrong:
        words = zip(("SUPPORTED", "REFUTED"), truth_of(CLAIMS[claim], world), strict=True)
        wrong[claim] = {word for word, so in words if not so}
    assert wrong == synthetic.world(world).wrong


def test_no_world_makes_both_words_right_of_any_claim() -> None:
    for world in synthetic.WORLDS.values():
        assert all(world.wrong.values()), world.truth
