"""Figures of the report page: inline SVG that takes its colours from the page's style sheet.

Every figure comes with its numbers as a table and with a sentence that says what it shows, for
readers who do not see it. The same document gives the same bytes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bnclaims.report.estimates import Row, cell_rows, limits
from bnclaims.report.svg import ACCENT, FAINT, PAPER, SOFT, empty_figure, svg_of
from bnclaims.report.words import interval, number, precision

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plot:
    """A figure with its title, what it shows in words, and its numbers as a table of text."""

    svg: str
    title: str
    description: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def forest(name: str, claim: Mapping[str, Any]) -> Plot:
    """Estimates and intervals of all cells of a claim against their decision lines.

    ``name`` is a word that is unique on the page.
    """
    rows: list[tuple[str, Row]] = []
    for cell in claim["cells"]:
        of_cell = cell_rows(cell)
        for row in of_cell:
            rows.append((f"{cell['name']}: {row.label}" if len(of_cell) > 1 else cell["name"], row))
    height = 0.5 + 0.5 * max(len(rows), 1)
    low, high = limits([row for _, row in rows])
    with empty_figure(height) as figure:
        axes = figure.add_axes((0.03, 0.42 / height, 0.94, 1 - 0.5 / height))
        axes.set_xlim(low, high)
        axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
        axes.set_yticks([])
        # More of them run into each other where the range is so narrow that they take decimals.
        axes.locator_params(axis="x", nbins=6)
        axes.spines["left"].set_visible(False)
        for y, (label, row) in enumerate(rows):
            _forest_row(axes, y, label, row)
        title, text = "Estimates and intervals", _said(rows)
        svg = svg_of(figure, name, f"{title}: {claim['title']}", text)
    return Plot(
        svg=svg,
        title=title,
        description=text,
        caption="Estimate (filled: primary cell) with its interval over seeds (thick) and for new "
        "images (thin, lighter). Dashed: the values that decide.",
        columns=("Cell", "Estimate", "Interval", "New images", "Decision lines"),
        rows=tuple(
            (
                label,
                number(row.estimate, precision([row.estimate])),
                interval(None, row.interval),
                interval(None, row.new_images),
                ", ".join(f"{line:g}" for line in row.lines).replace("-", "−") or "–",
            )
            for label, row in rows
        ),
    )


def _forest_row(axes: Axes, y: int, label: str, row: Row) -> None:
    low, high = axes.get_xlim()
    bar = y + 0.22
    axes.text(low, y - 0.2, _short(label), ha="left", va="center", fontsize=9.5)
    if row.estimate is None:
        axes.text(low, bar, "no estimate", ha="left", va="center", fontsize=9, color=FAINT)
        return
    for line in row.lines:
        axes.plot([line, line], [y, y + 0.46], color=FAINT, lw=1, ls=(0, (3, 2)))
    for bounds, colour, width in ((row.new_images, SOFT, 2.0), (row.interval, ACCENT, 4.0)):
        if bounds is not None:
            ends = [
                low if bounds[0] is None else bounds[0],
                high if bounds[1] is None else bounds[1],
            ]
            axes.plot(ends, [bar, bar], color=colour, lw=width, solid_capstyle="butt")
    marker, fill = ("s", ACCENT) if row.primary else ("o", PAPER)
    axes.plot(row.estimate, bar, marker, color=ACCENT, ms=7, mfc=fill, mew=1.6)


def _said(rows: Sequence[tuple[str, Row]]) -> str:
    said = [
        f"{label}: {interval(row.estimate, row.interval)}"
        if row.estimate is not None
        else f"{label}: none"
        for label, row in rows
    ]
    return "; ".join(said) + "." if said else "No cell was judged."


def _short(label: str, most: int = 60) -> str:
    return label if len(label) <= most else f"{label[: most - 1]}…"
