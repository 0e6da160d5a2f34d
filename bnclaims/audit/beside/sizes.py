"""Sizes and p-values of what stands beside a verdict, at the look where its cell stopped."""

from __future__ import annotations

from bnclaims.audit.beside.results import Size
from bnclaims.audit.evidence.both_scores import Difference, columns_of
from bnclaims.audit.evidence.per_seed import Column
from bnclaims.audit.statements.describe import interval_of
from bnclaims.audit.statements.statement import Side
from bnclaims.audit.verdicts import sequential
from bnclaims.protocol.rules import Rules


def size_of(column: Column, rules: Rules) -> Size:
    """Pseudomedian of the observed seeds with its interval."""
    metric, observed = ", ".join(sorted(column.metrics)), column.observed
    if not observed:
        return Size(metric=metric, estimate=None, interval=None)
    found = interval_of(observed, rules.confidence)
    return Size(metric=metric, estimate=found.estimate, interval=(found.low, found.high))


def sizes_of(difference: Difference, rules: Rules) -> tuple[Size, ...]:
    """The size in every score."""
    return tuple(size_of(column, rules) for column in columns_of(difference))


def at_stop(p: float, seeds: int, rules: Rules) -> float:
    """A p-value of the look where a cell stopped, divided by that look's share of the error.

    A claim that is false would have to be shown at whichever look that was, and the shares of all
    looks add up to one (union bound).
    """
    return sequential([(seeds, Side(p=p, ungated=p, absence=False))], rules)
