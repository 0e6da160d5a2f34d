"""Forest plots: estimates and intervals against the values that decide.

Figures of the page are inline SVG that takes its colours from the page's style sheet.
Every figure comes with its numbers as a table and with a sentence that says what it shows, for
readers who do not see it. The same document gives the same bytes.
"""

from __future__ import annotations

import dataclasses
import itertools
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bnclaims.report.formatting import interval, number, precision
from bnclaims.report.model import StatedClaim
from bnclaims.report.page.estimates import Estimate, estimates_of, limits
from bnclaims.report.page.svg import ACCENT, FAINT, PAPER, SOFT, empty_figure, svg_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Characters of a row's name on one line.
LINE = 56


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plot:
    """A figure with its title, what it shows in words, and its numbers as a table of text."""

    svg: str
    title: str
    description: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def claim_forest(name: str, claim: StatedClaim) -> Plot:
    """Estimates and intervals of all cells of a claim against their decision lines.

    ``name`` is a word that is unique on the page.
    """
    rows = []
    for cell in claim.cells:
        of_cell = estimates_of(cell)
        for one in of_cell:
            rows.append((f"{cell.name}: {one.label}" if len(of_cell) > 1 else cell.name, one))
    return forest(name, claim.title, rows)


def forest(name: str, of: str, named: Sequence[tuple[str, Estimate]]) -> Plot:
    """Estimates by name against their decision lines; those without a value stand in the caption.

    ``name`` is a word that is unique on the page, ``of`` what the estimates belong to.
    """
    rows = [(label, row) for label, row in named if row.value is not None]
    missing = [label for label, row in named if row.value is None]
    labels = [textwrap.wrap(label, LINE) or [""] for label, _ in rows]
    # Where the name of each row begins, in rows: a further line of a name takes a third of a row.
    tops = [0.0, *itertools.accumulate(1 + (len(lines) - 1) / 3 for lines in labels)]
    height = 0.5 + 0.5 * (tops[-1] or 1)
    low, high = limits([row for _, row in rows])
    with empty_figure(height) as figure:
        axes = figure.add_axes((0.03, 0.42 / height, 0.94, 1 - 0.5 / height))
        axes.set_xlim(low, high)
        axes.set_ylim((tops[-1] or 1) - 0.5, -0.5)
        axes.set_yticks([])
        # More of them run into each other where the range is so narrow that they take decimals.
        axes.locator_params(axis="x", nbins=6)
        axes.spines["left"].set_visible(False)
        for top, lines, (_, row) in zip(tops, labels, rows, strict=False):
            _forest_row(axes, top, lines, row)
        title, text = "Estimates and intervals", _said(rows)
        svg = svg_of(figure, name, f"{title}: {of}", text)
    return Plot(
        svg=svg,
        title=title,
        description=text,
        caption="Estimate (filled: primary cell) with its interval over seeds (thick) and for new "
        "images (thin, lighter). Dashed: the values that decide."
        + (f" Without an estimate: {'; '.join(missing)}." if missing else ""),
        columns=("Cell", "Estimate", "Interval", "New images", "Decision lines"),
        rows=tuple(
            (
                label,
                number(row.value, precision([row.value])),
                interval(None, row.interval),
                interval(None, row.new_images),
                ", ".join(f"{line:g}" for line in row.lines).replace("-", "−") or "–",
            )
            for label, row in rows
        ),
    )


def _forest_row(axes: Axes, top: float, lines: Sequence[str], row: Estimate) -> None:
    low, high = axes.get_xlim()
    for place, text in enumerate(lines):
        axes.text(low, top - 0.2 + place / 3, text, ha="left", va="center", fontsize=9.5)
    y = top + (len(lines) - 1) / 3
    bar = y + 0.22
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
    assert row.value is not None, "rows without an estimate are named in the caption"
    axes.plot(row.value, bar, marker, color=ACCENT, ms=7, mfc=fill, mew=1.6)


def _said(rows: Sequence[tuple[str, Estimate]]) -> str:
    said = [f"{label}: {interval(row.value, row.interval)}" for label, row in rows]
    return "; ".join(said) + "." if said else "No cell was judged."
