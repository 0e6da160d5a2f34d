"""What a claim asserts, as a tree of testable statements, and the two p-values of each.

Every statement has a test that can support it and a different test that can refute it. A verdict of
absence (no effect; effect too small) is only as good as the proof that this assay could have shown
an effect, so those p-values are the larger of the test's and its gate's.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from statistics import median

import numpy as np

from bnclaims import stats
from bnclaims.evidence import Column
from bnclaims.protocol import Rules


@dataclasses.dataclass(frozen=True, kw_only=True)
class Side:
    """One direction of a judgement: its p-value, the same without gates, and whether it claims absence."""

    p: float
    ungated: float
    absence: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Point:
    """One dose of a curve: its value, the gain there and the gain's interval."""

    dose: float
    estimate: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """A statement with its numbers, for reports.

    ``estimate`` is the pseudomedian over seeds of the paired differences; ``lines`` are the values
    that decide (0, margins) in the unit of the estimate; ``beyond`` is the share of seeds whose
    difference exceeds the margin in size, with the upper bound of its interval.
    """

    label: str
    kind: str
    p_support: float
    p_refute: float
    estimate: float | None
    interval: tuple[float, float] | None
    new_images_interval: tuple[float, float] | None
    lines: tuple[float, ...] = ()
    seeds: int = 0
    missing: int = 0
    notes: tuple[str, ...] = ()
    pool_only: bool = False
    points: tuple[Point, ...] = ()
    parts: tuple[Finding, ...] = ()
    mean_interval: tuple[float, float] | None = None
    beyond: tuple[float, float] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gate:
    """The proof that an effect could have been seen: a control's gain exceeds ``above``.

    ``above`` is None for the protocol's margin. ``plain`` is the arm that must have headroom.
    """

    label: str
    gain: Column
    above: float | None = None
    plain: Column | None = None

    def p(self, rules: Rules) -> float:
        """Worst-case one-sided p-value; 1 when the plain arm leaves no room for a gain."""
        if self.plain is not None and not has_headroom(self.plain, rules):
            return 1.0
        return greater(self.gain, rules.margin if self.above is None else self.above)


class Statement(ABC):
    """Something a claim asserts about paired differences."""

    @abstractmethod
    def support(self, rules: Rules) -> Side:
        """The test that can show the statement."""

    @abstractmethod
    def refute(self, rules: Rules) -> Side:
        """The test that can show its opposite; the two null hypotheses are disjoint."""

    @abstractmethod
    def large_enough(self, rules: Rules) -> bool:
        """Whether the estimate itself reaches what support asks for, beside its p-value."""

    @abstractmethod
    def describe(self, rules: Rules) -> Finding:
        """The numbers behind the statement."""


def greater(column: Column, shift: float) -> float:
    """P-value for a pseudomedian above ``shift``, missing seeds counted as worst for that."""
    return stats.judged(column.low, shift=shift, alternative="greater", zeros="pratt")


def less(column: Column, shift: float) -> float:
    """P-value for a pseudomedian below ``shift``, missing seeds counted as worst for that."""
    return stats.judged(column.high, shift=shift, alternative="less", zeros="pratt")


def has_headroom(plain: Column, rules: Rules) -> bool:
    """Whether the plain arm's median leaves room for a gain."""
    return not plain.observed or median(plain.observed) <= Fraction(repr(rules.headroom))


def _gated(test: float, gates: Sequence[Gate], rules: Rules) -> Side:
    # The IUT over test and gates costs nothing: the larger p-value is itself valid.
    return Side(p=max([test, *(gate.p(rules) for gate in gates)]), ungated=test, absence=True)


def _estimate(column: Column) -> float | None:
    return stats.hodges_lehmann(column.observed).estimate if column.observed else None


def _finding(
    statement: Statement,
    column: Column,
    rules: Rules,
    *,
    label: str,
    kind: str,
    lines: tuple[float, ...],
    notes: Sequence[str] = (),
    margin: float | None = None,
) -> Finding:
    """The numbers that all statements about one column share."""
    observed = column.observed
    support, refute = statement.support(rules), statement.refute(rules)
    estimate = interval = new_images = mean_interval = beyond = None
    if observed:
        effect = stats.hodges_lehmann(observed, confidence=rules.confidence)
        estimate, interval = effect.estimate, (effect.low, effect.high)
    if len(observed) >= 2:
        left_out = column.replicates_observed()
        wider = stats.new_images_interval(
            observed,
            [_pseudomedian(row) for row in left_out],
            train_images=column.share.numerator,
            pool_images=column.share.denominator,
            confidence=rules.confidence,
        )
        new_images = (wider.low, wider.high)
    if len(observed) >= 16:
        mean = stats.bootstrap_t(observed, confidence=rules.confidence, seed=rules.random_seed)
        mean_interval = (mean.low, mean.high)
    if margin is not None and observed:
        outside = sum(abs(value) > Fraction(repr(margin)) for value in observed)
        upper = stats.clopper_pearson(outside, len(observed), confidence=rules.confidence)[1]
        beyond = (outside / len(observed), upper)
    crossing = (
        []
        if new_images is None or estimate is None
        else [line for line in lines if new_images[0] < line < new_images[1]]
    )
    return Finding(
        label=label,
        kind=kind,
        p_support=support.p,
        p_refute=refute.p,
        estimate=estimate,
        interval=interval,
        new_images_interval=new_images,
        lines=lines,
        seeds=len(column.seeds),
        missing=column.missing,
        notes=tuple(notes),
        pool_only=bool(crossing),
        mean_interval=mean_interval,
        beyond=beyond,
    )


def _pseudomedian(values: np.ndarray) -> float:
    """Median of the Walsh averages of floats; NaN when any value is missing."""
    if np.isnan(values).any() or not len(values):
        return math.nan
    first, second = np.triu_indices(len(values))
    return float(np.median((values[first] + values[second]) / 2))


@dataclasses.dataclass(frozen=True)
class Effect(Statement):
    """The difference is positive, and at least the smallest effect of interest.

    Supported: theta <= 0 rejected and the estimate reaches the smallest effect. Refuted:
    theta >= smallest effect rejected, given that the assay could have shown one.
    """

    label: str
    column: Column
    gates: tuple[Gate, ...] = ()
    smallest: float | None = None

    def _smallest(self, rules: Rules) -> float:
        return rules.smallest_effect if self.smallest is None else self.smallest

    def support(self, rules: Rules) -> Side:
        p = greater(self.column, 0.0)
        return Side(p=p, ungated=p, absence=False)

    def refute(self, rules: Rules) -> Side:
        return _gated(less(self.column, self._smallest(rules)), self.gates, rules)

    def large_enough(self, rules: Rules) -> bool:
        estimate = _estimate(self.column)
        return estimate is not None and estimate >= self._smallest(rules)

    def describe(self, rules: Rules) -> Finding:
        smallest = self._smallest(rules)
        notes = []
        if self.refute(rules).ungated <= rules.level and self.support(rules).p <= rules.level:
            notes.append(f"trivial: above 0, but below {smallest:g}")
        lines = (0.0, smallest)
        return _finding(
            self, self.column, rules, label=self.label, kind="effect", lines=lines, notes=notes
        )


@dataclasses.dataclass(frozen=True)
class NoEffect(Statement):
    """The difference lies within the margin on both sides.

    Supported: two one-sided tests, given that the assay could have shown an effect. Refuted:
    |theta| <= margin rejected in either direction (Bonferroni over the two).
    """

    label: str
    column: Column
    gates: tuple[Gate, ...]
    margin: float | None = None

    def _margin(self, rules: Rules) -> float:
        return rules.margin if self.margin is None else self.margin

    def support(self, rules: Rules) -> Side:
        margin = self._margin(rules)
        test = max(greater(self.column, -margin), less(self.column, margin))
        return _gated(test, self.gates, rules)

    def refute(self, rules: Rules) -> Side:
        margin = self._margin(rules)
        p = min(1.0, 2 * min(greater(self.column, margin), less(self.column, -margin)))
        return Side(p=p, ungated=p, absence=False)

    def large_enough(self, rules: Rules) -> bool:
        return True

    def describe(self, rules: Rules) -> Finding:
        margin = self._margin(rules)
        return _finding(
            self,
            self.column,
            rules,
            label=self.label,
            kind="no effect",
            lines=(-margin, margin),
            margin=margin,
        )


@dataclasses.dataclass(frozen=True)
class Positive(Statement):
    """The difference is above 0; refuted when it is below 0. No margin on either side."""

    label: str
    column: Column

    def support(self, rules: Rules) -> Side:
        p = greater(self.column, 0.0)
        return Side(p=p, ungated=p, absence=False)

    def refute(self, rules: Rules) -> Side:
        p = less(self.column, 0.0)
        return Side(p=p, ungated=p, absence=False)

    def large_enough(self, rules: Rules) -> bool:
        return True

    def describe(self, rules: Rules) -> Finding:
        return _finding(self, self.column, rules, label=self.label, kind="positive", lines=(0.0,))


@dataclasses.dataclass(frozen=True)
class NotWorse(Statement):
    """The difference is above minus the margin (non-inferiority); refuted when it is below that.

    Two dead networks are not worse than each other, so support is a verdict of absence and gated.
    """

    label: str
    column: Column
    gates: tuple[Gate, ...]
    margin: float | None = None

    def _line(self, rules: Rules) -> float:
        return -(rules.margin if self.margin is None else self.margin)

    def support(self, rules: Rules) -> Side:
        return _gated(greater(self.column, self._line(rules)), self.gates, rules)

    def refute(self, rules: Rules) -> Side:
        p = less(self.column, self._line(rules))
        return Side(p=p, ungated=p, absence=False)

    def large_enough(self, rules: Rules) -> bool:
        return True

    def describe(self, rules: Rules) -> Finding:
        lines = (self._line(rules),)
        return _finding(self, self.column, rules, label=self.label, kind="not worse", lines=lines)


@dataclasses.dataclass(frozen=True)
class AllOf(Statement):
    """Every part holds (intersection-union test); refuted when one part is, Bonferroni over the parts.

    The first part gives the headline estimate.
    """

    parts: tuple[Statement, ...]

    def support(self, rules: Rules) -> Side:
        sides = [part.support(rules) for part in self.parts]
        return Side(
            p=max(side.p for side in sides),
            ungated=max(side.ungated for side in sides),
            absence=any(side.absence for side in sides),
        )

    def refute(self, rules: Rules) -> Side:
        sides = [part.refute(rules) for part in self.parts]
        return Side(
            p=min(1.0, len(sides) * min(side.p for side in sides)),
            ungated=min(1.0, len(sides) * min(side.ungated for side in sides)),
            absence=any(side.absence for side in sides),
        )

    def large_enough(self, rules: Rules) -> bool:
        return all(part.large_enough(rules) for part in self.parts)

    def describe(self, rules: Rules) -> Finding:
        findings = tuple(part.describe(rules) for part in self.parts)
        return dataclasses.replace(
            findings[0],
            p_support=self.support(rules).p,
            p_refute=self.refute(rules).p,
            notes=tuple(note for finding in findings for note in finding.notes),
            pool_only=any(finding.pool_only for finding in findings),
            missing=max(finding.missing for finding in findings),
            parts=findings,
        )


@dataclasses.dataclass(frozen=True)
class Peak(Statement):
    """The gain at some interior dose is above the gain at both ends.

    Supported: some interior dose is above both ends (Bonferroni over interior doses, IUT over the
    ends). Refuted: every interior dose is shown to rise above one of the ends by less than the
    peak height, so that a plateau can be refuted too, given that there is a gain at all.
    """

    label: str
    gains: tuple[Column, ...]
    doses: tuple[float, ...]
    plain: tuple[Column, ...]

    def _rises(self) -> list[tuple[Column, Column]]:
        first, *interior, last = self.gains
        return [(gain - first, gain - last) for gain in interior]

    def support(self, rules: Rules) -> Side:
        rises = self._rises()
        best = min(max(greater(left, 0.0), greater(right, 0.0)) for left, right in rises)
        p = min(1.0, len(rises) * best)
        return Side(p=p, ungated=p, absence=False)

    def refute(self, rules: Rules) -> Side:
        height = rules.peak_height
        test = max(
            min(1.0, 2 * min(less(left, height), less(right, height)))
            for left, right in self._rises()
        )
        # Some gain somewhere, Bonferroni over the doses; a trainer that returns constants has none.
        gate = min(
            1.0,
            len(self.gains)
            * min(
                Gate(label="", gain=gain, plain=plain).p(rules)
                for gain, plain in zip(self.gains, self.plain, strict=True)
            ),
        )
        return Side(p=max(test, gate), ungated=test, absence=True)

    def large_enough(self, rules: Rules) -> bool:
        return True

    def _top(self) -> int:
        """Index among interior doses of the largest mean gain."""
        means = [np.mean([float(v) for v in gain.observed] or [-math.inf]) for gain in self.gains]
        return int(np.argmax(means[1:-1]))

    def describe(self, rules: Rules) -> Finding:
        left, right = self._rises()[self._top()]
        lower = min(left, right, key=lambda column: _estimate(column) or 0.0)
        dose = self.doses[self._top() + 1]
        finding = _finding(
            self,
            lower,
            rules,
            label=f"{self.label}: rise of the highest interior dose ({dose:g}) above the higher end",
            kind="peak",
            lines=(0.0, rules.peak_height),
        )
        return dataclasses.replace(finding, points=curve(self.gains, self.doses, rules))


@dataclasses.dataclass(frozen=True)
class Trend(Statement):
    """The gain changes with the dose.

    Supported: the per-seed least-squares slopes have a pseudomedian other than 0 (two-sided).
    Refuted: the gains of all pairs of doses are equivalent within the margin, given that there is
    a gain at all.
    """

    label: str
    gains: tuple[Column, ...]
    doses: tuple[float, ...]
    plain: tuple[Column, ...]

    def slopes(self) -> Column:
        """Least-squares slope of the gain per unit of dose, for every seed."""
        doses = [Fraction(repr(float(dose))) for dose in self.doses]
        centre = sum(doses, Fraction(0)) / len(doses)
        spread = sum(((dose - centre) ** 2 for dose in doses), Fraction(0))
        terms = [
            gain * ((dose - centre) / spread) for gain, dose in zip(self.gains, doses, strict=True)
        ]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    def support(self, rules: Rules) -> Side:
        slopes = self.slopes()
        p = min(1.0, 2 * min(greater(slopes, 0.0), less(slopes, 0.0)))
        return Side(p=p, ungated=p, absence=False)

    def refute(self, rules: Rules) -> Side:
        margin = rules.margin
        test = max(
            max(greater(a - b, -margin), less(a - b, margin))
            for a, b in combinations(self.gains, 2)
        )
        gates = [
            Gate(label="", gain=gain, plain=plain).p(rules)
            for gain, plain in zip(self.gains, self.plain, strict=True)
        ]
        gate = min(1.0, len(gates) * min(gates))
        return Side(p=max(test, gate), ungated=test, absence=True)

    def large_enough(self, rules: Rules) -> bool:
        return True

    def describe(self, rules: Rules) -> Finding:
        joint = _joint_contrasts(self.gains, rules)
        finding = _finding(
            self,
            self.slopes(),
            rules,
            label=self.label,
            kind="trend",
            lines=(0.0,),
            notes=[joint] if joint else [],
        )
        return dataclasses.replace(finding, points=curve(self.gains, self.doses, rules))


def _joint_contrasts(gains: Sequence[Column], rules: Rules) -> str | None:
    """The joint sign-flip test over all contrasts, which also sees a U shape, as a note."""
    if any(gain.missing for gain in gains):
        return None
    table = np.array([[float(value) for value in gain.observed] for gain in gains]).T
    joint = stats.max_t(table, draws=rules.draws, seed=rules.random_seed)
    return f"joint sign-flip max-t over all pairs of doses: p = {joint.pvalue:.4g}"


def curve(gains: Sequence[Column], doses: Sequence[float], rules: Rules) -> tuple[Point, ...]:
    """Gain and interval at every dose that was observed."""
    points = []
    for gain, dose in zip(gains, doses, strict=True):
        if gain.observed:
            effect = stats.hodges_lehmann(gain.observed, confidence=rules.confidence)
            points.append(
                Point(dose=dose, estimate=effect.estimate, low=effect.low, high=effect.high)
            )
    return tuple(points)
