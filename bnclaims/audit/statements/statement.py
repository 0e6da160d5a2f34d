"""Statement: what a claim asserts, as a tree of testable parts, and the two p-values of each.

Every statement has a test that can support it and a different test that can refute it. A verdict of
absence (no effect; effect too small) is only as good as the proof that this assay could have shown
an effect, so those p-values are the larger of the test's and its gate's.

Where a claim speaks of performance, a statement is about both scores (`Evidence.both`), and each of its
p-values is the larger of theirs; a sensitivity analysis puts other scores in their place.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import chain
from statistics import median

from bnclaims import stats
from bnclaims.audit.evidence.both_scores import Difference, columns_of
from bnclaims.audit.evidence.evidence import Column
from bnclaims.audit.evidence.per_seed import Direction
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
    return largest(
        (
            _one_sided(column, column.low, shift, "greater", rules, distance, guard)
            for column in columns_of(difference)
        ),
        enough=enough_of(difference),
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
    return largest(
        (
            _one_sided(column, column.high, shift, "less", rules, distance, guard)
            for column in columns_of(difference)
        ),
        enough=enough_of(difference),
    )


def largest(pvalues: Iterable[float], *, enough: float) -> float:
    """The largest p-value (intersection-union); beyond ``enough`` no further one is worked out."""
    found = 0.0
    for p in pvalues:
        found = max(found, p)
        if found > enough:
            break
    return found


def enough_of(difference: Difference) -> float:
    """The p-value of a difference beyond which it need not be exact."""
    return columns_of(difference)[0].enough


def _one_sided(
    column: Column,
    values: Values,
    shift: float,
    alternative: Direction,
    rules: Rules,
    distance: float | None,
    guard: bool,
) -> float:
    if (how := rules.accumulation) is not None:
        # It holds the evidence of the mean at the very line: its own guard.
        return column.once(
            ("any time", shift, alternative, how.bets),
            lambda: _at_any_time(values, column.worst, shift, alternative, how),
        )
    # Statements share parts, describe what they tested, and are judged again under other choices.
    p = column.once(
        ("p", shift, alternative, rules.draws, rules.random_seed),
        lambda: column.test(values, shift, alternative, rules.draws, rules.random_seed),
    )
    if not guard or p > column.enough:
        return p
    away = Fraction(repr(rules.margin if distance is None else distance))
    line = Fraction(repr(shift)) + (-away if alternative == "greater" else away)
    if (line if alternative == "less" else -line) >= column.worst:
        # No loss counts for so much that the mean could lie beyond the line.
        return p
    # It holds at all looks at once, so that it needs no share of the level: the largest weight
    # undoes, at every look, what dividing by the weight would cost it.
    mean = column.once(
        ("guard", line, alternative), lambda: _guard(values, line, alternative, column.worst)
    )
    return max(p, rules.largest_weight * mean)


def _guard(values: Values, line: Fraction, alternative: Direction, worst: Fraction) -> float:
    return stats.mean_guard(values, shift=line, alternative=alternative, worst=worst)


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


def has_headroom(plain: Column, rules: Rules) -> bool:
    """Whether the plain arm's median leaves room for a gain."""
    if not plain.observed:
        return True
    return plain.once("median", lambda: median(plain.observed)) <= Fraction(repr(rules.headroom))


def gated(test: float, gates: Sequence[Gate], rules: Rules) -> Side:
    """A side that claims absence: its test and its gates must all reject (intersection-union)."""
    enough = min((enough_of(gate.gain) for gate in gates), default=1.0)
    p = largest(chain([test], (gate.p(rules) for gate in gates)), enough=enough)
    return Side(p=p, ungated=test, absence=True)
