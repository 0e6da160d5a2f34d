"""Column: a quantity for every seed, with what it would be without some images."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bnclaims import stats

Replicates = NDArray[np.float64]
Direction = Literal["greater", "less"]
# One-sided p-value of a quantity's values, by seed, against a shift; then draws and seed for where
# it is not exact.
Test = Callable[[tuple[Fraction, ...], stats.Number, Direction, int, int], float]


def rank_and_flip(
    values: tuple[Fraction, ...], shift: stats.Number, alternative: Direction, draws: int, seed: int
) -> float:
    """The p-value of the verdicts: signed rank, never below the sign-flip test of the mean."""
    return stats.judged(
        values, shift=shift, alternative=alternative, zeros="pratt", draws=draws, seed=seed
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """A quantity for every seed.

    ``low`` and ``high`` are equal where it was observed; where a trial diverged or a metric is
    undefined they are the bounds of what it could have been, so that each p-value can assume the
    worst. ``leave_out`` makes the ``replicates``. ``share`` is the largest fraction of a minority
    class's pool that one seed trains on: which of the few are drawn is what seeds differ by.
    ``metrics`` names what was measured to get it, ``test`` is the one that judges it.
    ``bounds`` hold whatever the quantity could be; a loss beyond ``worst`` counts as ``worst`` where
    rare collapses are looked for (`bnclaims.audit.evidence.metrics.Metric`).
    """

    seeds: tuple[int, ...]
    # The very same tuple twice where nothing is missing, so that nothing need be compared.
    low: tuple[Fraction, ...]
    high: tuple[Fraction, ...]
    leave_out: Callable[[], Replicates]
    share: Fraction
    bounds: tuple[Fraction, Fraction]
    metrics: frozenset[str] = frozenset()
    test: Test = rank_and_flip
    worst: Fraction = Fraction(1)

    @cached_property
    def replicates(self) -> Replicates:
        """The quantity with one group of test images left out, shape (image groups, seeds).

        NaN where it was not observed. Computed when first asked for: most looks never ask.
        """
        made = self.leave_out()
        if np.isnan(made[:, self.known]).all(axis=0).any():
            raise ValueError("an observed seed has no replicate")
        return made

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether the quantity was observed, by seed."""
        if self.low is self.high:
            return np.ones(len(self.seeds), dtype=np.bool_)
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

    def of(self, seeds: tuple[int, ...]) -> Column:
        """The quantity for some of the seeds."""
        if seeds == self.seeds:
            return self
        places = [self.seeds.index(seed) for seed in seeds]
        low = tuple(self.low[place] for place in places)
        return dataclasses.replace(
            self,
            seeds=seeds,
            low=low,
            high=low if self.low is self.high else tuple(self.high[place] for place in places),
            leave_out=lambda: self.replicates[:, places],
        )

    def above(self, line: float) -> Column:
        """How far the quantity is above a fixed line, e.g. an AUC above .5."""
        exact = Fraction(repr(line))
        low = tuple(value - exact for value in self.low)
        return dataclasses.replace(
            self,
            low=low,
            high=low if self.low is self.high else tuple(value - exact for value in self.high),
            leave_out=lambda: self.replicates - line,
            bounds=(self.bounds[0] - exact, self.bounds[1] - exact),
        )

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
            leave_out=lambda: self.replicates + other.replicates,
            share=max(self.share, other.share),
            metrics=self.metrics | other.metrics,
            test=self.test,
            worst=max(self.worst, other.worst),
            bounds=(self.bounds[0] + other.bounds[0], self.bounds[1] + other.bounds[1]),
        )

    def __sub__(self, other: Column) -> Column:
        if self.seeds != other.seeds:
            raise ValueError("columns of different seeds cannot be paired")
        # A difference is least where the first is and the second is most: ends change sides.
        low = tuple(a - b for a, b in zip(self.low, other.high, strict=True))
        complete = self.low is self.high and other.low is other.high
        return Column(
            seeds=self.seeds,
            low=low,
            high=low
            if complete
            else tuple(a - b for a, b in zip(self.high, other.low, strict=True)),
            leave_out=lambda: self.replicates - other.replicates,
            share=max(self.share, other.share),
            metrics=self.metrics | other.metrics,
            test=self.test,
            worst=max(self.worst, other.worst),
            bounds=(self.bounds[0] - other.bounds[1], self.bounds[1] - other.bounds[0]),
        )

    def __mul__(self, factor: int | float | Fraction) -> Column:
        exact = factor if isinstance(factor, Fraction | int) else Fraction(repr(factor))
        if not exact:
            raise ValueError("a column times 0 would forget which seeds are missing: leave it out")
        low = tuple(value * exact for value in self.low)
        high = low if self.low is self.high else tuple(value * exact for value in self.high)
        # A negative factor turns the ends round, those of each seed and the bounds alike.
        first, second = sorted(bound * exact for bound in self.bounds)
        return Column(
            seeds=self.seeds,
            low=low if exact > 0 else high,
            high=high if exact > 0 else low,
            leave_out=lambda: self.replicates * float(exact),
            share=self.share,
            metrics=self.metrics,
            test=self.test,
            worst=self.worst,
            bounds=(first, second),
        )

    __rmul__ = __mul__
