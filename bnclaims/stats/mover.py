"""MOVER: an interval for the difference of two estimates, from their own intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Mover:
    """A difference of estimates with its interval; an end that is not bounded is infinite."""

    estimate: float
    low: float
    high: float


def mover(first: Triple, second: Triple) -> Mover:
    """The second estimate minus the first, by the method of variance estimates recovery.

    The method recovers from each interval the standard error near its lower and near its upper end
    and adds their squares, so that intervals that are not symmetric stay so:

        low  = d - sqrt((second - second_low)^2 + (first_high - first)^2)
        high = d + sqrt((second_high - second)^2 + (first - first_low)^2)

    The result has approximately the confidence of the two intervals. Assumption: both have the same
    confidence, and the estimates are independent. Under a positive correlation, as that of reports
    whose seeds draw the same images, the interval is too wide rather than too narrow.

    Shapes and units: each side is (estimate, low, high) in one unit; an end may be infinite.
    Errors: ``ValueError`` for a side that is no such triple, an estimate that is not finite, or one
    outside its interval.
    Reference: Zou and Donner (2008), Construction of confidence limits about effect measures: a
    general approach, Statistics in Medicine 27:1693-1702.
    """
    one, one_low, one_high = _side(first, "first")
    other, other_low, other_high = _side(second, "second")
    change = other - one
    down = math.hypot(other - other_low, one_high - one)
    up = math.hypot(other_high - other, one - one_low)
    return Mover(change, change - down, change + up)


def _side(values: Triple, name: str) -> Triple:
    numbers = tuple(values) if isinstance(values, Iterable) else ()
    # A NaN fails every comparison, so that it is refused here as well.
    if (
        len(numbers) == 3
        and all(isinstance(value, int | float) for value in numbers)
        and math.isfinite(numbers[0])
        and numbers[1] <= numbers[0] <= numbers[2]
    ):
        return numbers
    raise ValueError(
        f"{name} is {values!r}, give a finite estimate with the low and the high end around it"
    )
