"""Overview of the report page: how the claims came out, in one small drawing each."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from bnclaims.report.formatting import interval, number, precision
from bnclaims.report.model import StatedClaim
from bnclaims.report.page.estimates import Bounds, Estimate, estimates_of, limits

# More estimates than this are drawn in one strip of the overview instead of one by one.
MOST_STRIPS = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Strip:
    """A small drawing of estimates in the overview, placed on a scale of 0 to 1.

    ``text`` is the estimate in words, ``others`` that in other scores, ``label`` what it is an
    estimate of, ``value`` what to sort by, ``clear`` how far the interval is from the nearest line;
    ``lines`` are the values that decide, each with its place.
    """

    label: str
    text: str
    others: tuple[str, ...]
    value: float
    clear: str
    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, str], ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bar:
    """An estimate, its interval and its new-images interval as places between 0 and 1."""

    at: float
    inner: tuple[float, float] | None
    outer: tuple[float, float] | None


def strips(claim: StatedClaim) -> list[Strip]:
    """The drawings of a claim's effect for the overview, all on one scale."""
    cell = claim.headline
    cells = claim.cells if cell is None else (cell,)
    rows = [row for cell in cells for row in estimates_of(cell) if row.value is not None]
    if not rows:
        return []
    low, high = limits(rows)
    if cell is not None and len(rows) <= MOST_STRIPS:
        return [
            _strip(
                [row],
                low,
                high,
                row.label,
                *(row.in_scores or [interval(row.value, row.interval)]),
            )
            for row in rows
        ]
    estimates = sorted(row.value for row in rows if row.value is not None)
    digits = precision(estimates)
    text = f"{number(estimates[0], digits)} to {number(estimates[-1], digits)}"
    return [_strip(rows, low, high, f"{rows[0].label}, {len(rows)} cells", text)]


def _strip(
    rows: Sequence[Estimate], low: float, high: float, label: str, text: str, *others: str
) -> Strip:
    def place(value: float | None, unbounded: float) -> float:
        at = unbounded if value is None else (value - low) / (high - low)
        return round(min(max(at, 0.0), 1.0), 4)

    def ends(bounds: Bounds | None) -> tuple[float, float] | None:
        return None if bounds is None else (place(bounds[0], 0.0), place(bounds[1], 1.0))

    bars = [
        Bar(at=place(row.value, 0.5), inner=ends(row.interval), outer=ends(row.new_images))
        for row in rows
    ]
    lines = sorted({line for row in rows for line in row.lines})
    labels = tuple((place(line, 0.0), f"{line:g}".replace("-", "−")) for line in lines)
    value = min(row.value for row in rows if row.value is not None)
    return Strip(
        label=label,
        text=text,
        others=others,
        value=value,
        clear=_clear(rows),
        bars=tuple(bars),
        lines=labels,
    )


def _clear(rows: Sequence[Estimate]) -> str:
    """How far the intervals stay from the value that decides, or that one reaches over it."""
    gaps: list[tuple[float, float, str]] = []
    for row in rows:
        if row.interval is None:
            continue
        low, high = row.interval
        for line in row.deciding:
            above = -math.inf if low is None else low - line
            below = -math.inf if high is None else line - high
            gaps.append((max(above, below), line, "above" if above > below else "below"))
    if not gaps:
        return ""
    gap, line, side = min(gaps)
    named = f"{line:g}".replace("-", "−")
    if gap <= 0:
        return f"the interval reaches over {named}"
    return f"its nearer end lies {number(gap, precision([gap]))} {side} {named}"
