"""Dose response: statements about a gain over doses, that it peaks, that it depends on the dose."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import combinations

import numpy as np

from bnclaims import stats
from bnclaims.audit.evidence.both_scores import Difference, Scores, columns_of
from bnclaims.audit.evidence.per_seed import Column
from bnclaims.audit.statements.describe import finding_of, interval_of
from bnclaims.audit.statements.paired_effects import within
from bnclaims.audit.statements.statement import (
    Finding,
    Gate,
    Point,
    Side,
    Statement,
    greater,
    less,
)
from bnclaims.protocol.rules import Rules


@dataclasses.dataclass(frozen=True)
class Peak(Statement):
    """The gain at some interior dose is above the gain at both ends by the peak height, in every score.

    Supported: one and the same interior dose is (Bonferroni over interior doses, intersection-union
    over ends and scores). Refuted: every interior dose is shown to rise above one of the ends by less
    than that, so that a plateau can be refuted too, given that there is a gain at all: in ``control``,
    where the gains themselves are not the proof.
    """

    label: str
    gains: tuple[Difference, ...]
    doses: tuple[float, ...]
    plain: tuple[Column, ...]
    control: tuple[Difference, ...] | None = None

    def _rises(self) -> list[tuple[Difference, Difference]]:
        first, *interior, last = self.gains
        return [(minus(gain, first), minus(gain, last)) for gain in interior]

    def support(self, rules: Rules) -> Side:
        height = rules.peak_height
        p = stats.bonferroni(
            [
                max(greater(rise, height, rules, distance=height) for rise in both)
                for both in self._rises()
            ]
        )
        return Side(p=p, ungated=p, absence=False)

    def refute(self, rules: Rules) -> Side:
        height = rules.peak_height
        test = max(
            stats.bonferroni([less(rise, height, rules, distance=height) for rise in both])
            for both in self._rises()
        )
        gate = some_gain(self.gains if self.control is None else self.control, self.plain, rules)
        return Side(p=max(test, gate), ungated=test, absence=True)

    def _top(self) -> int:
        """Index among interior doses of the largest mean gain in the first score."""
        return int(np.argmax([_mean(columns_of(gain)[0]) for gain in self.gains[1:-1]]))

    def headline(self) -> Difference:
        """The smaller rise, above either end, of the highest interior dose: in each score its own."""
        rises = [columns_of(rise) for rise in self._rises()[self._top()]]
        smaller = [min(both, key=_mean) for both in zip(*rises, strict=True)]
        return smaller[0] if len(smaller) == 1 else Scores(*smaller)

    def describe(self, rules: Rules) -> Finding:
        dose = self.doses[self._top() + 1]
        finding = finding_of(
            self,
            self.headline(),
            rules,
            label=f"{self.label}: rise of the highest interior dose ({dose:g}) above the higher end",
            kind="peak",
            support_lines=(rules.peak_height,),
            refute_lines=(rules.peak_height,),
        )
        return dataclasses.replace(
            with_curves(finding, self.gains, self.doses, rules), peak=self._place(rules)
        )

    def _place(self, rules: Rules) -> tuple[float, float] | None:
        """Interval of the dose with the largest mean gain, over seeds that were observed at all doses."""
        gains = [columns_of(gain)[0] for gain in self.gains]
        complete = np.array([gain.known for gain in gains]).all(axis=0)
        if complete.sum() < 2:
            return None
        table = [[gain.low[seed] for gain in gains] for seed in np.flatnonzero(complete).tolist()]
        first, last = stats.peak_interval(
            table, confidence=rules.confidence, seed=rules.random_seed
        )
        return self.doses[first], self.doses[last]


@dataclasses.dataclass(frozen=True)
class DependsOnDose(Statement):
    """The gain at some dose differs from that at another by more than the margin, in every score.

    Supported: some pair of doses does, in one direction (Bonferroni over pairs and directions).
    There is no guard against rare collapses: that networks collapse at one dose and not at another is
    a dependence. Refuted: all pairs are equivalent within the margin in every score, given that there
    is a gain at all.
    """

    label: str
    gains: tuple[Difference, ...]
    doses: tuple[float, ...]
    plain: tuple[Column, ...]

    def _pairs(self) -> list[tuple[float, float, Difference]]:
        """Every pair of doses, and the gain at the first of them minus that at the second."""
        at = list(zip(self.doses, self.gains, strict=True))
        return [(b, a, minus(later, earlier)) for (a, earlier), (b, later) in combinations(at, 2)]

    def support(self, rules: Rules) -> Side:
        p = stats.bonferroni(
            [
                greater(difference, rules.margin, rules, guard=False)
                for *_, pair in self._pairs()
                for difference in (pair, -pair)
            ]
        )
        return Side(p=p, ungated=p, absence=False)

    def refute(self, rules: Rules) -> Side:
        test = max(within(pair, rules.margin, rules) for *_, pair in self._pairs())
        gate = some_gain(self.gains, self.plain, rules)
        return Side(p=max(test, gate), ungated=test, absence=True)

    def _widest(self) -> tuple[float, float, Difference]:
        """The pair that differs most in the score in which it differs least, the larger gain first."""
        both_ways = [way for b, a, pair in self._pairs() for way in ((b, a, pair), (a, b, -pair))]
        return max(both_ways, key=lambda way: min(_mean(column) for column in columns_of(way[2])))

    def headline(self) -> Difference:
        return self._widest()[2]

    def describe(self, rules: Rules) -> Finding:
        more, fewer, widest = self._widest()
        # A p-value of a fixed number of seeds has no place beside those that hold at any time.
        joint = None if rules.accumulation else _joint_contrasts(self.gains, rules)
        finding = finding_of(
            self,
            widest,
            rules,
            label=f"{self.label}: {more:g} minus {fewer:g}",
            kind="dose",
            support_lines=(rules.margin,),
            # All pairs of doses refute, not this one.
            refute_lines=(),
            notes=[joint] if joint else [],
        )
        return with_curves(finding, self.gains, self.doses, rules)


def _joint_contrasts(gains: Sequence[Difference], rules: Rules) -> str | None:
    """The joint sign-flip test that any two doses differ at all, in every score, as a note."""
    tables = list(zip(*(columns_of(gain) for gain in gains), strict=True))
    if any(column.missing for table in tables for column in table):
        return None
    p = max(
        _max_t(tuple(column.observed for column in table), rules.draws, rules.random_seed)
        for table in tables
    )
    return f"joint sign-flip max-t over all pairs of doses: p = {p:.4g}"


@lru_cache(maxsize=64)
def _max_t(gains: tuple[tuple[Fraction, ...], ...], draws: int, seed: int) -> float:
    table = np.array([[float(value) for value in gain] for gain in gains]).T
    return stats.max_t(table, draws=draws, seed=seed).pvalue


def some_gain(gains: Sequence[Difference], plain: Sequence[Column], rules: Rules) -> float:
    """P-value for a gain above the margin at some dose with headroom, Bonferroni over the doses.

    The proof that a curve could have shown something: a trainer that returns constants has none.
    """
    gates = [
        Gate(label="", gain=gain, plain=before).p(rules)
        for gain, before in zip(gains, plain, strict=True)
    ]
    return stats.bonferroni(gates)


def minus(one: Difference, other: Difference) -> Difference:
    """The difference of two quantities of one kind; ``TypeError`` for different kinds."""
    match one, other:
        case Column(), Column():
            return one - other
        case Scores(), Scores():
            return one - other
    raise TypeError("a quantity in both scores cannot be paired with one that is not")


def with_curves(
    finding: Finding, gains: Sequence[Difference], doses: Sequence[float], rules: Rules
) -> Finding:
    """The finding with the gain and its interval at every dose, in every score."""
    tables = zip(*(columns_of(gain) for gain in gains), strict=True)
    points = [curve(table, doses, rules) for table in tables]
    scores = tuple(
        dataclasses.replace(score, points=own)
        for score, own in zip(finding.scores, points, strict=True)
    )
    return dataclasses.replace(finding, points=points[0], scores=scores)


def curve(gains: Sequence[Column], doses: Sequence[float], rules: Rules) -> tuple[Point, ...]:
    """Gain and interval at every dose that was observed."""
    points = []
    for gain, dose in zip(gains, doses, strict=True):
        if gain.observed:
            effect = interval_of(gain.observed, rules.confidence)
            points.append(
                Point(dose=dose, estimate=effect.estimate, low=effect.low, high=effect.high)
            )
    return tuple(points)


def _mean(column: Column) -> float:
    return float(np.mean([float(value) for value in column.observed] or [-math.inf]))
