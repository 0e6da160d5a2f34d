"""Statement: what a claim asserts, as a tree of testable parts, and the two p-values of each.

Every statement has a test that can support it and a different test that can refute it. A verdict of
absence (no effect; effect too small) is only as good as the proof that this assay could have shown
an effect, so those p-values are the larger of the test's and its gate's.

A statement is about columns of one score. Where a claim speaks of performance that is what
`bnclaims.audit.evidence.evidence.Evidence.f1` measures; a sensitivity analysis puts another in its place.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from statistics import median

from bnclaims import stats
from bnclaims.audit.evidence.evidence import Column
from bnclaims.audit.evidence.per_seed import Direction, Test
from bnclaims.protocol.rules import Accumulation, Rules

Values = tuple[Fraction, ...]


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

    ``estimate`` is the pseudomedian over seeds of the paired differences. ``support_lines`` are the
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
        return greater(self.gain, rules.margin if self.above is None else self.above, rules)


class Statement(ABC):
    """Something a claim asserts about paired differences."""

    def headline(self) -> Column | None:
        """The quantity that the statement's estimate is of; None where it has none."""
        return None

    @abstractmethod
    def support(self, rules: Rules) -> Side:
        """The test that can show the statement."""

    @abstractmethod
    def refute(self, rules: Rules) -> Side:
        """The test that can show its opposite; the two null hypotheses are disjoint."""

    def large_enough(self, rules: Rules) -> bool:
        """Whether the estimate itself reaches what support asks for, beside its p-value."""
        return True

    @abstractmethod
    def describe(self, rules: Rules) -> Finding:
        """The numbers behind the statement."""


def greater(column: Column, shift: float, rules: Rules) -> float:
    """P-value for a pseudomedian above ``shift``, missing seeds counted as worst for that."""
    return test_of(rules, column)(column.low, shift=shift, alternative="greater")


def less(column: Column, shift: float, rules: Rules) -> float:
    """P-value for a pseudomedian below ``shift``, missing seeds counted as worst for that."""
    return test_of(rules, column)(column.high, shift=shift, alternative="less")


def test_of(rules: Rules, *columns: Column) -> stats.OneSidedTest:
    """The one-sided test that judges differences of these columns, for the functions of `stats`.

    At looks it is the columns' own, where evidence is accumulated the one that holds at any time:
    that needs to know how far such differences can reach.
    """

    def test(
        differences: Sequence[Fraction], /, *, shift: stats.Number, alternative: Direction
    ) -> float:
        values = tuple(differences)
        if rules.accumulation is not None:
            bounds = min(c.bounds[0] for c in columns), max(c.bounds[1] for c in columns)
            return _at_any_time(values, bounds, shift, alternative, rules.accumulation)
        return _p_value(values, shift, alternative, columns[0].test, rules.draws, rules.random_seed)

    return test


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
def _at_any_time(
    values: Values,
    bounds: tuple[Fraction, Fraction],
    shift: stats.Number,
    alternative: Direction,
    how: Accumulation,
) -> float:
    return stats.anytime_p(
        values,
        bounds=bounds,
        shift=shift,
        alternative=alternative,
        bets=how.bets,
    )


def has_headroom(plain: Column, rules: Rules) -> bool:
    """Whether the plain arm's median leaves room for a gain."""
    return not plain.observed or _median(plain.observed) <= Fraction(repr(rules.headroom))


@lru_cache(maxsize=1024)
def _median(values: Values) -> Fraction:
    return median(values)


def gated(test: float, gates: Sequence[Gate], rules: Rules) -> Side:
    """A side that claims absence: its test and its gates must all reject (intersection-union)."""
    return Side(p=max([test, *(gate.p(rules) for gate in gates)]), ungated=test, absence=True)
