"""Paired effects: statements about one paired difference, and their conjunction."""

from __future__ import annotations

import dataclasses

from bnclaims import stats
from bnclaims.audit.evidence.evidence import Column
from bnclaims.audit.statements.describe import estimate_of, finding_of, interval_of
from bnclaims.audit.statements.statement import (
    Finding,
    Gate,
    Side,
    Statement,
    gated,
    greater,
    less,
    test_of,
)
from bnclaims.protocol.rules import Rules


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
    # Named columns that decide nothing and stand beside the estimate in the report.
    beside: tuple[tuple[str, Column], ...] = ()

    def headline(self) -> Column:
        return self.column

    def _smallest(self, rules: Rules) -> float:
        return rules.smallest_effect if self.smallest is None else self.smallest

    def support(self, rules: Rules) -> Side:
        p = greater(self.column, 0.0, rules)
        return Side(p=p, ungated=p, absence=False)

    def refute(self, rules: Rules) -> Side:
        return gated(less(self.column, self._smallest(rules), rules), self.gates, rules)

    def large_enough(self, rules: Rules) -> bool:
        estimate = estimate_of(self.column)
        return estimate is not None and estimate >= self._smallest(rules)

    def describe(self, rules: Rules) -> Finding:
        smallest = self._smallest(rules)
        notes = []
        if self.refute(rules).ungated <= rules.level and self.support(rules).p <= rules.level:
            notes.append(f"trivial: above 0, but below {smallest:g}")
        for name, column in self.beside:
            if column.observed:
                other = interval_of(column.observed, rules.confidence)
                notes.append(f"{name} {other.estimate:.2f} [{other.low:.2f}, {other.high:.2f}]")
        return finding_of(
            self,
            self.column,
            rules,
            label=self.label,
            kind="effect",
            support_lines=(0.0,),
            refute_lines=(smallest,),
            notes=notes,
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

    def headline(self) -> Column:
        return self.column

    def _margin(self, rules: Rules) -> float:
        return rules.margin if self.margin is None else self.margin

    def support(self, rules: Rules) -> Side:
        test = stats.tost(
            self.column.low,
            highest=self.column.high,
            margin=self._margin(rules),
            test=test_of(rules, self.column),
        )
        return gated(test.pvalue, self.gates, rules)

    def refute(self, rules: Rules) -> Side:
        p = stats.inequivalence(
            self.column.low,
            highest=self.column.high,
            margin=self._margin(rules),
            test=test_of(rules, self.column),
        )
        return Side(p=p, ungated=p, absence=False)

    def describe(self, rules: Rules) -> Finding:
        margin = self._margin(rules)
        return finding_of(
            self,
            self.column,
            rules,
            label=self.label,
            kind="no effect",
            support_lines=(-margin, margin),
            refute_lines=(-margin, margin),
            margin=margin,
        )


@dataclasses.dataclass(frozen=True)
class Positive(Statement):
    """The difference is above 0; refuted when it is below 0. No margin on either side."""

    label: str
    column: Column

    def headline(self) -> Column:
        return self.column

    def support(self, rules: Rules) -> Side:
        p = greater(self.column, 0.0, rules)
        return Side(p=p, ungated=p, absence=False)

    def refute(self, rules: Rules) -> Side:
        p = less(self.column, 0.0, rules)
        return Side(p=p, ungated=p, absence=False)

    def describe(self, rules: Rules) -> Finding:
        return finding_of(
            self,
            self.column,
            rules,
            label=self.label,
            kind="positive",
            support_lines=(0.0,),
            refute_lines=(0.0,),
        )


@dataclasses.dataclass(frozen=True)
class NotWorse(Statement):
    """The difference is above minus the margin (non-inferiority); refuted when it is below that.

    Two dead networks are not worse than each other, so support is a verdict of absence and gated.
    ``refuting`` is what must be shown, too, before a refutation counts.
    """

    label: str
    column: Column
    gates: tuple[Gate, ...]
    margin: float | None = None
    refuting: tuple[Gate, ...] = ()

    def headline(self) -> Column:
        return self.column

    def _line(self, rules: Rules) -> float:
        return -(rules.margin if self.margin is None else self.margin)

    def support(self, rules: Rules) -> Side:
        return gated(greater(self.column, self._line(rules), rules), self.gates, rules)

    def refute(self, rules: Rules) -> Side:
        p = less(self.column, self._line(rules), rules)
        gates = [gate.p(rules) for gate in self.refuting]
        return Side(p=max([p, *gates]), ungated=p, absence=False)

    def describe(self, rules: Rules) -> Finding:
        line = (self._line(rules),)
        return finding_of(
            self,
            self.column,
            rules,
            label=self.label,
            kind="not worse",
            support_lines=line,
            refute_lines=line,
        )


@dataclasses.dataclass(frozen=True)
class AllOf(Statement):
    """Every part holds (intersection-union test); refuted when one part is, Bonferroni over the parts.

    The first part gives the headline estimate.
    """

    parts: tuple[Statement, ...]

    def headline(self) -> Column | None:
        return self.parts[0].headline()

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
            p=stats.bonferroni([side.p for side in sides]),
            ungated=stats.bonferroni([side.ungated for side in sides]),
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
            missing=max(finding.missing for finding in findings),
            parts=findings,
        )
