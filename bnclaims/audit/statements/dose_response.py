"""Dose response: statements about a gain over doses, that it peaks, that it has a trend."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import combinations

import numpy as np

from bnclaims import stats
from bnclaims.audit.evidence.evidence import Column
from bnclaims.audit.statements.describe import estimate_of, finding_of, interval_of
from bnclaims.audit.statements.statement import Finding, Gate, Point, Side, Statement, test_of
from bnclaims.protocol.rules import Rules


@dataclasses.dataclass(frozen=True)
class Peak(Statement):
    """The gain at some interior dose is above the gain at both ends.

    Supported: some interior dose is above both ends (Bonferroni over interior doses, IUT over the
    ends) and its estimated rise reaches the peak height. Refuted: every interior dose is shown to
    rise above one of the ends by less than the peak height, so that a plateau can be refuted too,
    given that there is a gain at all.
    """

    label: str
    gains: tuple[Column, ...]
    doses: tuple[float, ...]
    plain: tuple[Column, ...]

    def _rises(self) -> list[tuple[Column, Column]]:
        first, *interior, last = self.gains
        return [(gain - first, gain - last) for gain in interior]

    def _test(self, rules: Rules) -> stats.PeakTest:
        lowest, highest = tables(self.gains)
        rises = [rise for pair in self._rises() for rise in pair]
        return stats.peak(
            lowest, highest=highest, margin=rules.peak_height, test=test_of(rules, *rises)
        )

    def support(self, rules: Rules) -> Side:
        p = self._test(rules).p_support
        return Side(p=p, ungated=p, absence=False)

    def refute(self, rules: Rules) -> Side:
        test = self._test(rules).p_refute
        gate = some_gain(self.gains, self.plain, rules)
        return Side(p=max(test, gate), ungated=test, absence=True)

    def _top(self) -> int:
        """Index among interior doses of the largest mean gain."""
        means = [np.mean([float(v) for v in gain.observed] or [-math.inf]) for gain in self.gains]
        return int(np.argmax(means[1:-1]))

    def headline(self) -> Column:
        """The smaller rise, above either end, of the highest interior dose."""
        return min(self._rises()[self._top()], key=lambda column: float(estimate_of(column) or 0.0))

    def large_enough(self, rules: Rules) -> bool:
        """Whether the estimated rise reaches the height below which no one would call it a peak."""
        estimate = estimate_of(self.headline())
        return estimate is not None and estimate >= rules.peak_height

    def describe(self, rules: Rules) -> Finding:
        lower = self.headline()
        dose = self.doses[self._top() + 1]
        finding = finding_of(
            self,
            lower,
            rules,
            label=f"{self.label}: rise of the highest interior dose ({dose:g}) above the higher end",
            kind="peak",
            support_lines=(0.0,),
            refute_lines=(rules.peak_height,),
        )
        points = curve(self.gains, self.doses, rules)
        return dataclasses.replace(finding, points=points, peak=self._place(rules))

    def _place(self, rules: Rules) -> tuple[float, float] | None:
        """Interval of the dose with the largest mean gain, over seeds that were observed at all doses."""
        complete = np.array([gain.known for gain in self.gains]).all(axis=0)
        if complete.sum() < 2:
            return None
        table = [
            [gain.low[seed] for gain in self.gains] for seed in np.flatnonzero(complete).tolist()
        ]
        first, last = stats.peak_interval(
            table, confidence=rules.confidence, seed=rules.random_seed
        )
        return self.doses[first], self.doses[last]


@dataclasses.dataclass(frozen=True)
class Trend(Statement):
    """The gain changes with the dose.

    Supported: the per-seed least-squares slopes have a pseudomedian other than 0 (two-sided), and
    the estimated slope amounts to the margin over the row of doses.
    Refuted: the gains of all pairs of doses are equivalent within the margin, given that there is
    a gain at all.
    """

    label: str
    gains: tuple[Column, ...]
    doses: tuple[float, ...]
    plain: tuple[Column, ...]

    def headline(self) -> Column:
        return self.slopes()

    def slopes(self) -> Column:
        """Least-squares slope of the gain per unit of dose, for every seed."""
        # A dose in the middle has no part in a slope, and a seed that is missing there none either.
        terms = [
            gain * weight
            for gain, weight in zip(self.gains, stats.slope_weights(self.doses), strict=True)
            if weight
        ]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    def support(self, rules: Rules) -> Side:
        slopes = self.slopes()
        p = stats.two_sided(slopes.low, highest=slopes.high, test=test_of(rules, slopes))
        return Side(p=p, ungated=p, absence=False)

    def refute(self, rules: Rules) -> Side:
        lowest, highest = tables(self.gains)
        pairs = [a - b for a, b in combinations(self.gains, 2)]
        test = stats.all_pairs_equivalent(
            lowest, highest=highest, margin=rules.margin, test=test_of(rules, *pairs)
        )
        gate = some_gain(self.gains, self.plain, rules)
        return Side(p=max(test, gate), ungated=test, absence=True)

    def large_enough(self, rules: Rules) -> bool:
        """Whether the estimated slope, over the whole row of doses, amounts to the margin."""
        estimate = estimate_of(self.slopes())
        width = max(self.doses) - min(self.doses)
        return estimate is not None and abs(estimate) * width >= rules.margin

    def describe(self, rules: Rules) -> Finding:
        # A p-value of a fixed number of seeds has no place beside those that hold at any time.
        joint = None if rules.accumulation else _joint_contrasts(self.gains, rules)
        finding = finding_of(
            self,
            self.slopes(),
            rules,
            label=self.label,
            kind="trend",
            support_lines=(0.0,),
            # All pairs of doses refute, not this slope.
            refute_lines=(),
            notes=[joint] if joint else [],
        )
        return dataclasses.replace(finding, points=curve(self.gains, self.doses, rules))


def _joint_contrasts(gains: Sequence[Column], rules: Rules) -> str | None:
    """The joint sign-flip test over all contrasts, which also sees a U shape, as a note."""
    if any(gain.missing for gain in gains):
        return None
    p = _max_t(tuple(gain.observed for gain in gains), rules.draws, rules.random_seed)
    return f"joint sign-flip max-t over all pairs of doses: p = {p:.4g}"


@lru_cache(maxsize=64)
def _max_t(gains: tuple[tuple[Fraction, ...], ...], draws: int, seed: int) -> float:
    table = np.array([[float(value) for value in gain] for gain in gains]).T
    return stats.max_t(table, draws=draws, seed=seed).pvalue


def some_gain(gains: Sequence[Column], plain: Sequence[Column], rules: Rules) -> float:
    """P-value for a gain above the margin at some dose with headroom, Bonferroni over the doses.

    The proof that a curve could have shown something: a trainer that returns constants has none.
    """
    gates = [
        Gate(label="", gain=gain, plain=before).p(rules)
        for gain, before in zip(gains, plain, strict=True)
    ]
    return stats.bonferroni(gates)


Rows = list[tuple[Fraction, ...]]


def tables(gains: Sequence[Column]) -> tuple[Rows, Rows]:
    """Gains of shape (seeds, doses): the least and the most that each could have been."""
    lowest, highest = ([gain.low for gain in gains], [gain.high for gain in gains])
    return list(zip(*lowest, strict=True)), list(zip(*highest, strict=True))


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
