"""Contrasts: what a claim's statement tests, as columns with a spread and a line."""

from __future__ import annotations

import dataclasses

import numpy as np

from bnclaims.audit.evidence.per_seed import Column
from bnclaims.audit.statements.dose_response import Peak, Trend
from bnclaims.audit.statements.every_dose import Lasting
from bnclaims.audit.statements.paired_effects import AllOf, Effect, NoEffect, NotWorse, Positive
from bnclaims.audit.statements.statement import Statement
from bnclaims.protocol.rules import Rules


@dataclasses.dataclass(frozen=True, kw_only=True)
class Contrast:
    """One test that can support a statement: its column and where its line is.

    ``target`` is what the true value, or for absence the margin, is held against, in the unit of
    the column; None where any value will do. ``share`` is the part of the level that this test
    gets, ``sides`` how many of a margin's ends must be rejected (2 for equivalence). ``absence``
    says that support waits for the looks of absence.
    """

    label: str
    kind: str
    column: Column
    target: float | None
    share: float = 1.0
    sides: int = 1
    absence: bool = False


def contrasts(statement: Statement, rules: Rules) -> list[Contrast]:
    """The contrasts of a statement, one for each part; none for statements of other makers."""
    match statement:
        case AllOf():
            return [found for part in statement.parts for found in contrasts(part, rules)]
        case Lasting():
            return contrasts(statement.effects(), rules)
        case Effect(label=label, column=column):
            target = rules.smallest_effect if statement.smallest is None else statement.smallest
            return [Contrast(label=label, kind="effect", column=column, target=target)]
        case Positive(label=label, column=column):
            return [Contrast(label=label, kind="positive", column=column, target=None)]
        case NoEffect(label=label, column=column) | NotWorse(label=label, column=column):
            both = isinstance(statement, NoEffect)
            return [
                Contrast(
                    label=label,
                    kind="no effect" if both else "not worse",
                    column=column,
                    target=rules.margin if statement.margin is None else statement.margin,
                    sides=2 if both else 1,
                    absence=True,
                )
            ]
        case Trend(label=label):
            return [
                Contrast(
                    label=label,
                    kind="trend",
                    column=statement.slopes(),
                    target=rules.margin / (max(statement.doses) - min(statement.doses)),
                    share=1 / 2,
                )
            ]
        case Peak(label=label):
            return [
                Contrast(
                    label=label,
                    kind="peak",
                    column=_widest_rise(statement),
                    target=rules.peak_height,
                    share=1 / (len(statement.gains) - 2),
                )
            ]
        case _:
            return []


def spread(column: Column) -> float:
    """Standard deviation of the observed values, with n - 1."""
    return float(np.std([float(value) for value in column.observed], ddof=1))


def _widest_rise(peak: Peak) -> Column:
    """The more variable rise, above either end, of the highest interior dose: both must be shown."""
    first, *interior, last = peak.gains
    highest = max(interior, key=lambda gain: float(np.mean([float(v) for v in gain.observed])))
    return max(highest - first, highest - last, key=spread)
