"""An interval for the difference of two estimates, from their own intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """A difference of estimates with its interval; an end that is not bounded is infinite."""

    estimate: float
    low: float
    high: float


def difference(first: tuple[float, float, float], second: tuple[float, float, float]) -> Difference:
    """The second estimate minus the first, with a MOVER interval.

    Each side is (estimate, low, high), both intervals of one confidence, which the result has
    approximately. The method recovers from each interval the standard error near its lower and
    near its upper end and adds their squares, so that intervals that are not symmetric stay so:

        low  = d - sqrt((second - second_low)^2 + (first_high - first)^2)
        high = d + sqrt((second_high - second)^2 + (first - first_low)^2)

    Assumption: independent estimates. Under a positive correlation, as that of two reports whose
    seeds draw the same images, the interval is too wide and never too narrow.

    Shapes and units: numbers of one unit. Errors: ``ValueError`` for an estimate that is not
    finite or lies outside its interval.
    Reference: Zou and Donner (2008), Construction of confidence limits about effect measures,
    Statistics in Medicine 27:1693-1702.
    """
    for estimate, low, high in (first, second):
        if not (math.isfinite(estimate) and low <= estimate <= high):
            raise ValueError(f"{estimate} is not a finite number within [{low}, {high}]")
    change = second[0] - first[0]
    down = math.hypot(second[0] - second[1], first[2] - first[0])
    up = math.hypot(second[2] - second[0], first[0] - first[1])
    return Difference(change, change - down, change + up)
