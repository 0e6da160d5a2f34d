"""Evidence that was not collected: seeds drawn from a pilot's, and columns whose spread is assumed."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bnclaims.audit.claim import Claim
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.evidence.metrics import Metric
from bnclaims.audit.evidence.per_seed import Column, Replicates
from bnclaims.audit.evidence.scores import Floats
from bnclaims.protocol.cells import MAIN, Cell
from bnclaims.protocol.names import KEPT
from bnclaims.protocol.rules import Rules
from bnclaims.store.record import Record

# Fewer stored seeds say too little about a spread.
LEAST_SEEDS = 4

# Drawn values are rounded to this many parts of one: finer than any line of a protocol, and short
# enough for exact tests in integers.
_PARTS = 10_000

# Independent directions of an assumed evidence: more than a cell has (metric, arm, readout, setting).
_DIRECTIONS = 256
_ONE, _NONE = Fraction(1), Fraction(0)


def pilot_of(
    claim: Claim, cell: Cell, seeds: int, rules: Rules, records: Mapping[str, Record]
) -> Evidence:
    """The evidence of those of the first ``seeds`` seeds of which every trial has a record."""
    complete = tuple(
        seed
        for seed in rules.seeds(seeds)
        if all(trial.key in records for trial in cell.trials(claim.arms, [seed]))
    )
    return Evidence(cell, complete, rules, records)


def whole_seeds(pilot: Evidence, claim: Claim) -> NDArray[np.bool_]:
    """Whether no trial of the seed diverged, for every seed of a pilot."""
    return np.array(
        [
            not any(
                pilot.records[trial.key].diverged for trial in pilot.cell.trials(claim.arms, [seed])
            )
            for seed in pilot.seeds
        ],
        dtype=np.bool_,
    )


def resampled(stream: np.random.Generator, n: int, whole: NDArray[np.bool_]) -> Floats:
    """Floats over the seeds of a pilot that make ``n`` new ones, shape (n, pilot seeds).

    A smoothed bootstrap: a pilot seed at random, plus normal noise with the pilot's own covariance
    and Silverman's bandwidth h = 0.9 m^(-1/5), drawn together to keep the variance, which is that
    with m - 1. All columns of a seed get the same weights, so arms and settings stay paired, and
    weights add up to 1, so that the pilot's mean stays. A seed in which a trial diverged
    (``whole`` is false) is drawn as it is. References: Silverman and Young (1987).
    """
    m, count = len(whole), int(whole.sum())
    drawn = stream.integers(m, size=n)
    weights = np.eye(m)[drawn]
    if count >= 2:
        mean = whole / count
        width = 0.9 * count**-0.2
        shrink = 1 / math.sqrt((count - 1) / count + width**2)
        noise = stream.normal(size=(n, m)) * whole
        noise -= noise.sum(axis=1, keepdims=True) * mean
        smooth = mean + shrink * (weights - mean + width / math.sqrt(count - 1) * noise)
        weights = np.where(whole[drawn][:, np.newaxis], smooth, weights)
    return weights


class Pilot:
    """The columns of a pilot as arrays, measured once for all that is drawn from it."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._columns: dict[tuple[str, str, str, str], tuple[Column, Floats, Floats]] = {}

    def column(
        self, metric: Metric, arm: str, readout: str, setting: str
    ) -> tuple[Column, Floats, Floats]:
        """A column and its low and high ends, shape (pilot seeds,)."""
        name = (metric.name, arm, readout, setting)
        if name not in self._columns:
            column = self.evidence.of(metric, arm, readout, setting)
            low, high = (np.array(list(map(float, end))) for end in (column.low, column.high))
            self._columns[name] = column, low, high
        return self._columns[name]


@dataclasses.dataclass(frozen=True)
class DrawnEvidence(Evidence):
    """Evidence whose seeds are weighted sums of a pilot's; nothing can be left out of it."""

    pilot: Pilot = dataclasses.field(kw_only=True)
    weights: Floats = dataclasses.field(kw_only=True)

    def of(self, metric: Metric, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        column, low, high = self.pilot.column(metric, arm, readout, setting)
        drawn_low = self.weights @ low
        if column.low is column.high:
            values = _exact(drawn_low)
            return _column(values, values, column.share, metric.bounds)
        # A metric that is undefined for a seed has bounds, which a negative weight turns round.
        ends = np.sort([drawn_low, self.weights @ high], axis=0)
        return _column(_exact(ends[0]), _exact(ends[1]), column.share, metric.bounds)


def drawn(pilot: Pilot, weights: Floats) -> DrawnEvidence:
    """The evidence of the seeds that ``weights`` make of a pilot's, shape (seeds, pilot seeds)."""
    known = pilot.evidence
    seeds = tuple(range(len(weights)))
    return DrawnEvidence(known.cell, seeds, known.rules, {}, pilot=pilot, weights=weights)


@dataclasses.dataclass(frozen=True)
class AssumedEvidence(Evidence):
    """Evidence of columns that are independent, each a direction of its own.

    A statement's column is then the row of coefficients with which it sums up the metrics of single
    networks, and the length of that row gives its spread (`assumed_spread`).
    """

    directions: dict[tuple[str, str, str, str], int] = dataclasses.field(default_factory=dict)

    def of(self, metric: Metric, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        name = (metric.name, arm, readout, setting)
        own = self.directions.setdefault(name, len(self.directions))
        values = tuple(_ONE if index == own else _NONE for index in range(_DIRECTIONS))
        column = _column(values, values, _NONE, metric.bounds)
        # Which score it would be, by which a forecast names it.
        return dataclasses.replace(column, metrics=frozenset({metric.name}))


def assumed(cell: Cell, rules: Rules) -> AssumedEvidence:
    """Evidence without records, for the coefficients of a claim's columns."""
    return AssumedEvidence(cell, tuple(range(_DIRECTIONS)), rules, {})


def assumed_spread(column: Column, difference: float) -> float:
    """Standard deviation of a column of `assumed`.

    ``difference`` is that of the difference of two networks, which are taken as independent and
    equally variable.
    """
    length = math.sqrt(sum(float(value) ** 2 for value in column.low))
    return difference * length / math.sqrt(2)


def _exact(values: NDArray[np.float64]) -> tuple[Fraction, ...]:
    return tuple(Fraction(part, _PARTS) for part in np.rint(values * _PARTS).astype(int).tolist())


def _column(
    low: tuple[Fraction, ...],
    high: tuple[Fraction, ...],
    share: Fraction,
    bounds: tuple[Fraction, Fraction],
) -> Column:
    return Column(
        seeds=tuple(range(len(low))),
        low=low,
        high=high,
        leave_out=_no_images,
        share=share,
        bounds=bounds,
    )


def _no_images() -> Replicates:
    raise ValueError("seeds that were drawn or assumed have no images to leave out")
