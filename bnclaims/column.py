"""A quantity for every seed, with what it would be without some images."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Replicates = NDArray[np.float64]


class _Deferred:
    """A field that may be given as a function, called when the field is first read."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> Replicates:
        if instance is None:
            # So that the field has no default.
            raise AttributeError(self._name)
        value = vars(instance)[self._name]
        if callable(value):
            value = vars(instance)[self._name] = _checked(value(), instance)
        return value  # type: ignore[no-any-return]

    def __set__(self, instance: object, value: Replicates | Callable[[], Replicates]) -> None:
        vars(instance)[self._name] = value if callable(value) else _checked(value, instance)


def _checked(replicates: Replicates, column: object) -> Replicates:
    """The replicates; ``ValueError`` when an observed seed has none."""
    assert isinstance(column, Column)
    if np.isnan(replicates[:, column.known]).all(axis=0).any():
        raise ValueError("an observed seed has no replicate")
    return replicates


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """A quantity for every seed.

    ``low`` and ``high`` are equal where it was observed; where a trial diverged or a metric is
    undefined they are the bounds of what it could have been, so that each p-value can assume the
    worst. ``replicates`` has shape (image groups, seeds): the quantity with one group of test
    images left out, NaN where it was not observed; given as a function it is computed when it is
    asked for, since most looks never ask. ``share`` is the largest fraction of a minority class's
    pool that one seed trains on: which of the few are drawn is what seeds differ by.
    """

    seeds: tuple[int, ...]
    low: tuple[Fraction, ...]
    high: tuple[Fraction, ...]
    replicates: _Deferred = _Deferred()
    share: Fraction

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether the quantity was observed, by seed."""
        return np.array([low == high for low, high in zip(self.low, self.high, strict=True)])

    @property
    def observed(self) -> tuple[Fraction, ...]:
        """Values of the seeds for which the quantity was observed."""
        if self.low is self.high:
            return self.low
        return tuple(low for low, high in zip(self.low, self.high, strict=True) if low == high)

    @property
    def missing(self) -> int:
        """Number of seeds for which it was not."""
        return len(self.seeds) - len(self.observed)

    def replicates_observed(self) -> Replicates:
        """Replicates of the observed seeds, shape (image groups, observed seeds)."""
        return self.replicates[:, self.known]

    def __neg__(self) -> Column:
        return self * -1

    def __add__(self, other: Column) -> Column:
        if self.seeds != other.seeds:
            raise ValueError("columns of different seeds cannot be paired")
        low = tuple(a + b for a, b in zip(self.low, other.low, strict=True))
        complete = self.low is self.high and other.low is other.high
        return Column(
            seeds=self.seeds,
            low=low,
            high=low
            if complete
            else tuple(a + b for a, b in zip(self.high, other.high, strict=True)),
            replicates=lambda: self.replicates + other.replicates,
            share=max(self.share, other.share),
        )

    def __sub__(self, other: Column) -> Column:
        return self + -other

    def __mul__(self, factor: int | float | Fraction) -> Column:
        exact = factor if isinstance(factor, Fraction | int) else Fraction(repr(factor))
        if not exact:
            raise ValueError("a column times 0 would forget which seeds are missing: leave it out")
        low = tuple(value * exact for value in self.low)
        high = low if self.low is self.high else tuple(value * exact for value in self.high)
        return Column(
            seeds=self.seeds,
            low=low if exact > 0 else high,
            high=high if exact > 0 else low,
            replicates=lambda: self.replicates * float(exact),
            share=self.share,
        )

    __rmul__ = __mul__
