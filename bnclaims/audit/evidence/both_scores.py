"""Both scores of performance: whatever is said of a gain is asked of minority F1 and of Youden's J.

F1 alone rewards a network that calls everything the minority (0.667 on a balanced test), J alone
does not see how few of those that are called it belong to it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from bnclaims.audit.evidence.per_seed import Column


@dataclasses.dataclass(frozen=True)
class Scores:
    """A quantity in minority F1 and in Youden's J, each for every seed."""

    f1: Column
    j: Column

    def __iter__(self) -> Iterator[Column]:
        yield from (self.f1, self.j)

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of either column."""
        return self.f1.seeds

    def __sub__(self, other: Scores) -> Scores:
        return Scores(self.f1 - other.f1, self.j - other.j)

    def __add__(self, other: Scores) -> Scores:
        return Scores(self.f1 + other.f1, self.j + other.j)

    def __neg__(self) -> Scores:
        return Scores(-self.f1, -self.j)


# What a statement is about: a quantity in both scores, or one of another kind.
Difference = Scores | Column


def columns_of(difference: Difference) -> tuple[Column, ...]:
    """The columns of a difference, F1 first; the one that is not of performance alone."""
    return (difference,) if isinstance(difference, Column) else tuple(difference)


def in_f1(difference: Difference) -> Column:
    """The first column, of which a statement states its estimate."""
    return columns_of(difference)[0]
