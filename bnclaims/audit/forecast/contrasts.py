"""Contrasts: what a claim's statement tests, as columns with a spread and a line."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from bnclaims.audit.evidence.both_scores import Difference, columns_of
from bnclaims.audit.evidence.per_seed import Column
from bnclaims.audit.statements.comparison import Comparison
from bnclaims.audit.statements.dose_response import DependsOnDose, Peak, minus
from bnclaims.audit.statements.every_dose import Lasting
from bnclaims.audit.statements.paired_effects import AllOf, Effect, NoEffect, NotWorse
from bnclaims.audit.statements.remedies import AnyOf, StillNeeded
from bnclaims.audit.statements.statement import Statement
from bnclaims.protocol.rules import Rules


@dataclasses.dataclass(frozen=True, kw_only=True)
class Contrast:
    """One test, in one score, that can support a statement: its column and where its line is.

    ``target`` is the line, in the unit of the column: an effect must be shown to be above it, for
    absence it is the margin. ``share`` is the part of the level that this test gets, ``sides`` how
    many of a margin's ends must be rejected (2 for equivalence). ``absence`` says that support waits
    for the looks of absence.
    """

    label: str
    kind: str
    column: Column
    target: float
    share: float = 1.0
    sides: int = 1
    absence: bool = False

    @property
    def within(self) -> bool:
        """Whether the truth lies within the line and not beyond it."""
        return self.kind in ("no effect", "not worse")


def contrasts(statement: Statement, rules: Rules) -> list[Contrast]:
    """The contrasts of a statement, one for each part and score; none for statements of other makers."""
    match statement:
        case AllOf():
            return [found for part in statement.parts for found in contrasts(part, rules)]
        # The likeliest of the ways in which it can hold.
        case AnyOf():
            parts = len(statement.parts)
            strongest = contrasts(statement.strongest(), rules)
            return [dataclasses.replace(found, share=found.share / parts) for found in strongest]
        case StillNeeded():
            return contrasts(statement.at_last(), rules)
        case Lasting():
            return contrasts(statement.effects(), rules)
        case Effect(label=label, difference=difference):
            target = rules.smallest_effect if statement.smallest is None else statement.smallest
            return [
                Contrast(label=name, kind="effect", column=column, target=target)
                for name, column in _named(label, difference)
            ]
        # Of a comparison the answer "as good", which takes the most seeds.
        case (
            NoEffect(label=label, difference=difference, margin=margin)
            | Comparison(label=label, difference=difference, margin=margin)
        ):
            return [
                Contrast(
                    label=name,
                    kind="no effect",
                    column=column,
                    target=rules.margin if margin is None else margin,
                    sides=2,
                    absence=True,
                )
                for name, column in _named(label, difference)
            ]
        case NotWorse(label=label, difference=difference, margin=margin, absence=absence):
            return [
                Contrast(
                    label=name,
                    kind="not worse",
                    column=column,
                    target=rules.margin if margin is None else margin,
                    absence=absence,
                )
                for name, column in _named(label, difference)
            ]
        case DependsOnDose(label=label, gains=gains):
            pairs = list(combinations(gains, 2))
            return [
                Contrast(
                    label=name,
                    kind="dose",
                    column=column,
                    target=rules.margin,
                    share=1 / (2 * len(pairs)),
                )
                for name, column in _named(label, *(minus(b, a) for a, b in pairs))
            ]
        case Peak(label=label, gains=gains):
            return [
                Contrast(
                    label=name,
                    kind="peak",
                    column=column,
                    target=rules.peak_height,
                    share=1 / (len(gains) - 2),
                )
                for name, column in _named(label, *_rises(statement))
            ]
        case _:
            return []


def _named(label: str, *differences: Difference) -> Iterator[tuple[str, Column]]:
    """In every score the more variable of the differences, with its name."""
    by_score = list(zip(*(columns_of(difference) for difference in differences), strict=True))
    for columns in by_score:
        score = f" ({', '.join(sorted(columns[0].metrics))})" if len(by_score) > 1 else ""
        yield f"{label}{score}", max(columns, key=spread) if len(columns) > 1 else columns[0]


def spread(column: Column) -> float:
    """Standard deviation of the observed values, with n - 1."""
    return float(np.std([float(value) for value in column.observed], ddof=1))


def _rises(peak: Peak) -> tuple[Difference, Difference]:
    """The rises of the highest interior dose above either end: both must be shown."""
    first, *interior, last = peak.gains
    highest = max(interior, key=lambda gain: _mean(columns_of(gain)[0]))
    return minus(highest, first), minus(highest, last)


def _mean(column: Column) -> float:
    return float(np.mean([float(value) for value in column.observed]))
