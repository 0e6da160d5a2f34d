"""Paired effects: statements about one paired difference, and their conjunction."""

from __future__ import annotations

import dataclasses

from bnclaims import stats
from bnclaims.audit.evidence.both_scores import Difference
from bnclaims.audit.evidence.evidence import Column
from bnclaims.audit.statements.describe import finding_of, interval_of
from bnclaims.audit.statements.statement import (
    Finding,
    Gate,
    Side,
    Statement,
    enough_of,
    gated,
    greater,
    largest,
    less,
)
from bnclaims.protocol.rules import Rules


@dataclasses.dataclass(frozen=True)
class Effect(Statement):
    """The difference is above the smallest effect of interest, in every score.

    Supported: theta <= smallest effect rejected, so that the size is tested. Refuted: theta >=
    smallest effect rejected, given that the assay could have shown one.
    """

    label: str
    difference: Difference
    gates: tuple[Gate, ...] = ()
    smallest: float | None = None
    # Named columns that decide nothing and stand beside the estimate in the report.
    beside: tuple[tuple[str, Column], ...] = ()

    def headline(self) -> Difference:
        return self.difference

    def _smallest(self, rules: Rules) -> float:
        return rules.smallest_effect if self.smallest is None else self.smallest

    def support(self, rules: Rules) -> Side:
        line = self._smallest(rules)
        p = greater(self.difference, line, rules, distance=line)
        return Side(p=p, ungated=p, absence=False)

    def refute(self, rules: Rules) -> Side:
        line = self._smallest(rules)
        return gated(less(self.difference, line, rules, distance=line), self.gates, rules)

    def describe(self, rules: Rules) -> Finding:
        line = self._smallest(rules)
        notes = ["beyond 0, too small to matter"] if self._trivial(rules) else []
        for name, column in self.beside:
            if column.observed:
                other = interval_of(column.observed, rules.confidence)
                notes.append(f"{name} {other.estimate:.2f} [{other.low:.2f}, {other.high:.2f}]")
        return finding_of(
            self,
            self.difference,
            rules,
            label=self.label,
            kind="effect",
            support_lines=(line,),
            refute_lines=(line,),
            notes=notes,
        )

    def _trivial(self, rules: Rules) -> bool:
        line = self._smallest(rules)
        # Shown at whichever look the cell stopped, which the share of any look makes up for.
        level = rules.level * rules.smallest_weight
        return (
            max(
                greater(self.difference, 0.0, rules, distance=line),
                less(self.difference, line, rules, distance=line),
            )
            <= level
        )


@dataclasses.dataclass(frozen=True)
class NoEffect(Statement):
    """The difference lies within the margin on both sides, in every score.

    Supported: two one-sided tests, given that the assay could have shown an effect. Refuted: beyond
    the margin on one side in every score (Bonferroni over the two sides).
    """

    label: str
    difference: Difference
    gates: tuple[Gate, ...]
    margin: float | None = None

    def headline(self) -> Difference:
        return self.difference

    def _margin(self, rules: Rules) -> float:
        return rules.margin if self.margin is None else self.margin

    def support(self, rules: Rules) -> Side:
        return gated(within(self.difference, self._margin(rules), rules), self.gates, rules)

    def refute(self, rules: Rules) -> Side:
        margin = self._margin(rules)
        sides = (
            greater(self.difference, margin, rules, distance=margin),
            less(self.difference, -margin, rules, distance=margin),
        )
        p = stats.bonferroni(sides)
        return Side(p=p, ungated=p, absence=False)

    def describe(self, rules: Rules) -> Finding:
        margin = self._margin(rules)
        return finding_of(
            self,
            self.difference,
            rules,
            label=self.label,
            kind="no effect",
            support_lines=(-margin, margin),
            refute_lines=(-margin, margin),
            margin=margin,
        )


def within(difference: Difference, margin: float, rules: Rules) -> float:
    """P-value for a difference within the margin on both sides, in every score: two one-sided tests."""
    sides = (
        side(difference, line, rules, distance=margin)
        for side, line in ((greater, -margin), (less, margin))
    )
    return largest(sides, enough=enough_of(difference))


@dataclasses.dataclass(frozen=True)
class NotWorse(Statement):
    """The difference is above minus the margin (non-inferiority); refuted when it is below that.

    Two dead networks are not worse than each other, so that support is gated. It is one of absence
    unless a rare loss would matter as little as a rare gain (``absence`` is False). ``refuting`` is
    what must be shown, too, before a refutation counts.
    """

    label: str
    difference: Difference
    gates: tuple[Gate, ...]
    margin: float | None = None
    refuting: tuple[Gate, ...] = ()
    absence: bool = True

    def headline(self) -> Difference:
        return self.difference

    def _margin(self, rules: Rules) -> float:
        return rules.margin if self.margin is None else self.margin

    def support(self, rules: Rules) -> Side:
        margin = self._margin(rules)
        test = greater(self.difference, -margin, rules, distance=margin)
        return dataclasses.replace(gated(test, self.gates, rules), absence=self.absence)

    def refute(self, rules: Rules) -> Side:
        margin = self._margin(rules)
        p = less(self.difference, -margin, rules, distance=margin)
        gates = [gate.p(rules) for gate in self.refuting]
        return Side(p=max([p, *gates]), ungated=p, absence=False)

    def describe(self, rules: Rules) -> Finding:
        line = (-self._margin(rules),)
        return finding_of(
            self,
            self.difference,
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

    def headline(self) -> Difference | None:
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
