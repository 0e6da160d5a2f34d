"""Column: a quantity for every seed, with what it would be without some images."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from fractions import Fraction
from functools import cached_property, partial
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from bnclaims import stats

Made = TypeVar("Made")
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
    ``metrics`` names what was measured to get it, ``test`` is the one that judges it;
    of its p-values those above ``enough`` need not be exact, only above it.
    ``bounds`` hold whatever the quantity could be; a loss beyond ``worst`` counts as ``worst`` where
    rare collapses are looked for (`bnclaims.audit.evidence.metrics.Metric`).

    A column remembers its parts, what was made of it and its p-values: an audit asks for the same
    under every margin and without every seed. ``whole`` is the column that it is some seeds of.
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
    enough: float = 1.0
    worst: Fraction = Fraction(1)
    # Not to be copied: a column that differs in anything is a part of nothing.
    whole: Column | None = dataclasses.field(default=None, init=False, repr=False, compare=False)
    _memory: dict[Hashable, Any] = dataclasses.field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def once(self, name: Hashable, make: Callable[[], Made]) -> Made:
        """What ``make`` gives, made when it is first asked for by this name."""
        if name not in self._memory:
            self._memory[name] = make()
        made: Made = self._memory[name]
        return made

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
        whole = self if self.whole is None else self.whole
        return whole.once(("of", seeds), lambda: whole._part(seeds))

    def _part(self, seeds: tuple[int, ...]) -> Column:
        place_of = self.once("places", lambda: {seed: at for at, seed in enumerate(self.seeds)})
        places = [place_of[seed] for seed in seeds]
        low = tuple([self.low[place] for place in places])
        part = dataclasses.replace(
            self,
            seeds=seeds,
            low=low,
            high=low if self.low is self.high else tuple([self.high[place] for place in places]),
            leave_out=lambda: self.replicates[:, places],
        )
        object.__setattr__(part, "whole", self)
        return part

    def _made(self, name: Hashable, make: Callable[..., Column], *others: Column) -> Column:
        """``make`` of this column and others.

        What is done to columns is done seed by seed, so that what is made of parts is the part of
        what is made of the wholes: (a - b) without a seed is a without it minus b without it.
        """
        if any(other.seeds != self.seeds for other in others):
            raise ValueError("columns of different seeds cannot be paired")
        wholes = [column.whole for column in (self, *others) if column.whole is not None]
        if len(wholes) == 1 + len(others) and len({whole.seeds for whole in wholes}) == 1:
            return wholes[0]._made(name, make, *wholes[1:]).of(self.seeds)
        # With the others, so that no new column gets the identity of one that is gone.
        named = (name, *map(id, others))
        _, made = self.once(named, lambda: (others, make(self, *others)))
        return made

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
        return self._made("+", _sum, other)

    def __sub__(self, other: Column) -> Column:
        return self._made("-", _difference, other)

    def __mul__(self, factor: int | float | Fraction) -> Column:
        exact = factor if isinstance(factor, Fraction | int) else Fraction(repr(factor))
        if not exact:
            raise ValueError("a column times 0 would forget which seeds are missing: leave it out")
        return self._made(("*", exact), partial(_multiple, exact))

    __rmul__ = __mul__


def _sum(one: Column, other: Column) -> Column:
    low = tuple(a + b for a, b in zip(one.low, other.low, strict=True))
    complete = one.low is one.high and other.low is other.high
    return Column(
        seeds=one.seeds,
        low=low,
        high=low if complete else tuple(a + b for a, b in zip(one.high, other.high, strict=True)),
        leave_out=lambda: one.replicates + other.replicates,
        share=max(one.share, other.share),
        metrics=one.metrics | other.metrics,
        test=one.test,
        enough=one.enough,
        worst=max(one.worst, other.worst),
        bounds=(one.bounds[0] + other.bounds[0], one.bounds[1] + other.bounds[1]),
    )


def _difference(one: Column, other: Column) -> Column:
    # A difference is least where the first is and the second is most: ends change sides.
    low = tuple(a - b for a, b in zip(one.low, other.high, strict=True))
    complete = one.low is one.high and other.low is other.high
    return Column(
        seeds=one.seeds,
        low=low,
        high=low if complete else tuple(a - b for a, b in zip(one.high, other.low, strict=True)),
        leave_out=lambda: one.replicates - other.replicates,
        share=max(one.share, other.share),
        metrics=one.metrics | other.metrics,
        test=one.test,
        enough=one.enough,
        worst=max(one.worst, other.worst),
        bounds=(one.bounds[0] - other.bounds[1], one.bounds[1] - other.bounds[0]),
    )


def _multiple(exact: int | Fraction, one: Column) -> Column:
    low = tuple(value * exact for value in one.low)
    high = low if one.low is one.high else tuple(value * exact for value in one.high)
    # A negative factor turns the ends round, those of each seed and the bounds alike.
    first, second = sorted(bound * exact for bound in one.bounds)
    return Column(
        seeds=one.seeds,
        low=low if exact > 0 else high,
        high=high if exact > 0 else low,
        leave_out=lambda: one.replicates * float(exact),
        share=one.share,
        metrics=one.metrics,
        test=one.test,
        enough=one.enough,
        worst=one.worst,
        bounds=(first, second),
    )
