"""Statement: what a claim asserts, as a tree of testable parts, and the two p-values of each.

Every statement has a test that can support it and a different test that can refute it. A verdict of
absence (no effect; effect too small) is only as good as the proof that this assay could have shown
an effect, so those p-values are the larger of the test's and its gate's.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from statistics import median

import numpy as np
from numpy.typing import NDArray

from bnclaims import stats
from bnclaims.audit.evidence.both_scores import Difference, columns_of
from bnclaims.audit.evidence.evidence import Column
from bnclaims.audit.evidence.per_seed import Direction, Test
from bnclaims.audit.verdict import Answer
from bnclaims.protocol.rules import Accumulation, Rules

Values = tuple[Fraction, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Side:
    """One direction of a judgement: its p-value, the same without gates, and whether it claims absence."""

    p: float
    ungated: float
    absence: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One of the disjoint ways in which a statement can hold: its test, and its answer if it has one."""

    side: Side
    answer: Answer | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Point:
    """One dose of a curve: its value, the gain there and the gain's interval."""

    dose: float
    estimate: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Estimate:
    """The difference of a statement in one score: the pseudomedian over seeds, and its intervals.

    ``metric`` names the score, ``points`` are those of a curve in it.
    """

    metric: str
    estimate: float | None
    interval: tuple[float, float] | None
    new_images_interval: tuple[float, float] | None
    points: tuple[Point, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """A statement with its numbers, for reports.

    ``scores`` has the difference in every score that the statement asks, F1 before Youden's J; all
    other numbers are those of the first. ``estimate`` is the pseudomedian over seeds of the paired
    differences. ``support_lines`` are the
    values (0, margins), in its unit, that it must be shown to be beyond or between for support,
    ``refute_lines`` those for refutation, and ``lines`` all that have a part in the verdict. ``beyond``
    is the share of seeds whose difference exceeds the margin in size, with the upper bound of its
    interval; ``peak`` is the interval of the dose with the largest gain; ``metrics`` names what was
    measured. ``pool_only`` is set where the verdict is known (`bnclaims.audit.generalisation`).
    """

    label: str
    kind: str
    p_support: float
    p_refute: float
    estimate: float | None
    interval: tuple[float, float] | None
    new_images_interval: tuple[float, float] | None
    lines: tuple[float, ...] = ()
    support_lines: tuple[float, ...] = ()
    refute_lines: tuple[float, ...] = ()
    seeds: int = 0
    missing: int = 0
    notes: tuple[str, ...] = ()
    pool_only: bool = False
    points: tuple[Point, ...] = ()
    peak: tuple[float, float] | None = None
    metrics: tuple[str, ...] = ()
    parts: tuple[Finding, ...] = ()
    mean_interval: tuple[float, float] | None = None
    beyond: tuple[float, float] | None = None
    scores: tuple[Estimate, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gate:
    """The proof that an effect could have been seen: a control's gain exceeds ``above``.

    ``above`` is None for the protocol's margin. ``plain`` is Youden's J of the arm that must have
    headroom.
    """

    label: str
    gain: Difference
    above: float | None = None
    plain: Column | None = None

    def p(self, rules: Rules) -> float:
        """Worst-case one-sided p-value; 1 when the plain arm leaves no room for a gain."""
        if self.plain is not None and not has_headroom(self.plain, rules):
            return 1.0
        return greater(self.gain, rules.margin if self.above is None else self.above, rules)


class Statement(ABC):
    """Something a claim asserts about paired differences."""

    def headline(self) -> Difference | None:
        """The quantity that the statement's estimates are of; None where it has none."""
        return None

    @abstractmethod
    def support(self, rules: Rules) -> Side:
        """The test that can show the statement."""

    @property
    def opposite(self) -> Answer | None:
        """The answer where the statement is refuted; None where it has no answers."""
        return None

    def cases(self, rules: Rules) -> tuple[Case, ...]:
        """The tests that can show the statement, any one of which does.

        No two of them can be true at once, so that each is made at the whole level (partition).
        """
        return (Case(side=self.support(rules)),)

    @abstractmethod
    def refute(self, rules: Rules) -> Side:
        """The test that can show its opposite; the two null hypotheses are disjoint."""

    @abstractmethod
    def describe(self, rules: Rules) -> Finding:
        """The numbers behind the statement."""


def greater(
    difference: Difference,
    shift: float,
    rules: Rules,
    *,
    distance: float | None = None,
    guard: bool = True,
) -> float:
    """P-value for a pseudomedian above ``shift``, in both scores where the difference has both.

    Missing seeds count as worst for that. With ``guard`` it is shown, too, that the mean is above
    ``shift - distance``, whatever the distribution: rare collapses have no part in a pseudomedian.
    ``distance`` is None for the protocol's margin.
    """
    return max(
        _one_sided(column, column.low, shift, "greater", rules, distance, guard)
        for column in columns_of(difference)
    )


def less(
    difference: Difference,
    shift: float,
    rules: Rules,
    *,
    distance: float | None = None,
    guard: bool = True,
) -> float:
    """P-value for a pseudomedian below ``shift`` and a mean below ``shift + distance``: see `greater`."""
    return max(
        _one_sided(column, column.high, shift, "less", rules, distance, guard)
        for column in columns_of(difference)
    )


def _one_sided(
    column: Column,
    values: Values,
    shift: float,
    alternative: Direction,
    rules: Rules,
    distance: float | None,
    guard: bool,
) -> float:
    if rules.accumulation is not None:
        # It holds the evidence of the mean at the very line: its own guard.
        return _at_any_time(values, column.worst, shift, alternative, rules.accumulation)
    p = _p_value(values, shift, alternative, column.test, rules.draws, rules.random_seed)
    if not guard:
        return p
    away = Fraction(repr(rules.margin if distance is None else distance))
    line = Fraction(repr(shift)) + (-away if alternative == "greater" else away)
    # It holds at all looks at once, so that it needs no share of the level: the largest weight
    # undoes, at every look, what dividing by the weight would cost it.
    return max(p, rules.largest_weight * _guard(values, line, alternative, column.worst))


# A run judges, and then audits what it judged; statements share parts, and describe what they
# tested. All of it is a function of the values and the protocol's Monte-Carlo rules alone.
@lru_cache(maxsize=4096)
def _p_value(
    values: Values,
    shift: stats.Number,
    alternative: Direction,
    test: Test,
    draws: int,
    seed: int,
) -> float:
    return test(values, shift, alternative, draws, seed)


@lru_cache(maxsize=4096)
def _guard(values: Values, line: Fraction, alternative: Direction, worst: Fraction) -> float:
    return stats.mean_guard(values, shift=line, alternative=alternative, worst=worst)


@lru_cache(maxsize=4096)
def _at_any_time(
    values: Values,
    worst: Fraction,
    shift: stats.Number,
    alternative: Direction,
    how: Accumulation,
) -> float:
    return stats.anytime_p(
        [min(max(value, -worst), worst) for value in values],
        bounds=(-worst, worst),
        shift=shift,
        alternative=alternative,
        bets=how.bets,
    )


@lru_cache(maxsize=1024)
def interval_of(values: tuple[Fraction, ...], confidence: float) -> stats.HodgesLehmann:
    """Hodges-Lehmann estimate and interval."""
    return stats.hodges_lehmann(values, confidence=confidence)


@lru_cache(maxsize=1024)
def _mean_interval(
    values: tuple[Fraction, ...], confidence: float, seed: int
) -> tuple[float, float]:
    mean = stats.bootstrap_t(values, confidence=confidence, seed=seed)
    return mean.low, mean.high


def has_headroom(plain: Column, rules: Rules) -> bool:
    """Whether the plain arm's median leaves room for a gain."""
    return not plain.observed or _median(plain.observed) <= Fraction(repr(rules.headroom))


@lru_cache(maxsize=1024)
def _median(values: Values) -> Fraction:
    return median(values)


def gated(test: float, gates: Sequence[Gate], rules: Rules) -> Side:
    """A side that claims absence: its test and its gates must all reject (intersection-union)."""
    return Side(p=max([test, *(gate.p(rules) for gate in gates)]), ungated=test, absence=True)


def estimate_of(column: Column) -> float | None:
    """Hodges-Lehmann estimate of the observed values, None when nothing was observed."""
    return float(stats.pseudomedian(column.observed)) if column.observed else None


def finding_of(
    statement: Statement,
    difference: Difference,
    rules: Rules,
    *,
    label: str,
    kind: str,
    support_lines: tuple[float, ...],
    refute_lines: tuple[float, ...],
    notes: Sequence[str] = (),
    margin: float | None = None,
) -> Finding:
    """The numbers that all statements about one difference share."""
    first, *_ = columns = columns_of(difference)
    observed = first.observed
    support, refute = statement.support(rules), statement.refute(rules)
    mean_interval = beyond = None
    if len(observed) >= 16:
        mean_interval = _possible(
            first, *_mean_interval(observed, rules.confidence, rules.random_seed)
        )
    if margin is not None and observed:
        outside = sum(abs(value) > Fraction(repr(margin)) for value in observed)
        upper = stats.clopper_pearson(outside, len(observed), confidence=rules.confidence)[1]
        beyond = (outside / len(observed), upper)
    scores = tuple(_estimate(column, rules) for column in columns)
    return Finding(
        label=label,
        kind=kind,
        p_support=support.p,
        p_refute=refute.p,
        estimate=scores[0].estimate,
        interval=scores[0].interval,
        new_images_interval=scores[0].new_images_interval,
        lines=tuple(sorted({*support_lines, *refute_lines})),
        support_lines=support_lines,
        refute_lines=refute_lines,
        seeds=len(first.seeds),
        missing=max(column.missing for column in columns),
        notes=tuple(notes),
        mean_interval=mean_interval,
        beyond=beyond,
        metrics=tuple(sorted(frozenset().union(*(column.metrics for column in columns)))),
        scores=scores,
    )


def _estimate(column: Column, rules: Rules) -> Estimate:
    observed = column.observed
    estimate = interval = new_images = None
    if observed:
        effect = interval_of(observed, rules.confidence)
        estimate, interval = effect.estimate, (effect.low, effect.high)
    if len(observed) >= 2:
        wider = stats.new_images_interval(
            observed,
            _pseudomedians(column.replicates_observed()),
            train_images=column.share.numerator,
            pool_images=column.share.denominator,
            confidence=rules.confidence,
        )
        new_images = _possible(column, wider.low, wider.high)
    return Estimate(
        metric=", ".join(sorted(column.metrics)),
        estimate=estimate,
        interval=interval,
        new_images_interval=new_images,
    )


def _possible(column: Column, low: float, high: float) -> tuple[float, float]:
    """The part of an interval that the quantity can reach: a difference of F1 ends at 1.

    An interval that is made from a standard error knows no such end. What is cut off holds no value
    that could be the true one, so that nothing is lost in coverage.
    """
    least, most = map(float, column.bounds)
    return min(max(low, least), most), max(min(high, most), least)


def _pseudomedians(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of the Walsh averages of each row's floats; NaN when any of them is missing."""
    first, second = np.triu_indices(rows.shape[1])
    walsh = (rows[:, first] + rows[:, second]) / 2
    # Sorted, as a median of NaN would warn; they come last.
    walsh.sort(axis=1)
    middle = walsh.shape[1] // 2
    medians = (walsh[:, middle] + walsh[:, -1 - middle]) / 2
    return np.where(np.isnan(walsh[:, -1]), np.nan, medians)
