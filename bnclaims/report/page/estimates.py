"""The estimates of a cell, as the page draws and lists them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One estimate with its intervals and the values that decide; the unit is the label's.

    ``lines`` are all of these values, ``deciding`` those that the word, or the one that is nearer
    where there is none yet, is measured against.
    """

    label: str
    estimate: float | None
    interval: Sequence[float | None] | None
    new_images: Sequence[float | None] | None
    lines: tuple[float, ...]
    deciding: tuple[float, ...]
    primary: bool


def cell_rows(cell: Mapping[str, Any]) -> list[Row]:
    """The estimates of a cell: one for each part of its statement, or the one it has."""
    finding = cell["finding"]
    if finding is None:
        return [_row(cell["name"], cell, {})]
    parts = finding["parts"] or [finding]
    return [_row(part["label"], cell, part) for part in parts]


def _row(label: str, cell: Mapping[str, Any], finding: Mapping[str, Any]) -> Row:
    return Row(
        label=label,
        estimate=finding.get("estimate"),
        interval=finding.get("interval"),
        new_images=finding.get("new_images_interval"),
        lines=tuple(line for line in finding.get("lines", ()) if line is not None),
        deciding=_deciding(cell, finding),
        primary=cell["primary"],
    )


def _deciding(cell: Mapping[str, Any], finding: Mapping[str, Any]) -> tuple[float, ...]:
    """The lines of the test that decided about a statement, or that is nearer to it."""
    if "p_refute" not in finding:
        return ()
    refutes = cell["verdict"] != "SUPPORTED" and finding["p_refute"] < finding["p_support"]
    lines = tuple(finding["refute_lines" if refutes else "support_lines"])
    # A trend is refuted by pairs of doses, for which its slope has no line.
    return lines if lines or cell["verdict"] == "REFUTED" else tuple(finding["support_lines"])


def limits(rows: Sequence[Row]) -> tuple[float, float]:
    """A range that shows every estimate, interval and line; it may cut new-images intervals."""
    inner = [0.0]
    outer: list[float] = []
    for row in rows:
        inner += [value for value in (row.estimate, *(row.interval or ())) if value is not None]
        inner += row.lines
        outer += [value for value in row.new_images or () if value is not None]
    low, high = min(inner), max(inner)
    span = (high - low) or 1.0
    low = min(low, max(min(outer, default=low), low - span / 2))
    high = max(high, min(max(outer, default=high), high + span / 2))
    return low - 0.06 * span, high + 0.06 * span
