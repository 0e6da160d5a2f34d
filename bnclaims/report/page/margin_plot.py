"""Margin plot: a claim's verdict against the margin that it is judged by."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, Final

from bnclaims.report.formatting import number, p_value
from bnclaims.report.model import StatedClaim
from bnclaims.report.model_beside import StatedMargin
from bnclaims.report.page.forest_plot import Plot
from bnclaims.report.page.svg import (
    ACCENT,
    FAINT,
    INK,
    PAPER,
    VERDICT_COLOURS,
    empty_figure,
    svg_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Powers of ten: beyond this an exact p-value of the seeds at hand says no more.
_MOST = 6
_TICKS = {1: "1", 1e-2: "0.01", 1e-4: "10⁻⁴", 10**-_MOST: "≤ 10⁻⁶"}
# Where the band of verdicts lies, in the same unit.
_BAND = (6.7, 7.5)
_AGAINST: Final[Mapping[str, Any]] = {"color": INK, "mfc": PAPER, "ls": (0, (4, 2))}
_SHORT = {
    "SUPPORTED": "sup.",
    "REFUTED": "ref.",
    "INCONCLUSIVE": "inc.",
    "INVALID": "inv.",
}


def margin_plot(
    name: str, claim: StatedClaim, *, own: float | None, level: float | None
) -> Plot | None:
    """P-values for and against a claim, and its verdict, at every margin that was tried.

    ``own`` is the protocol's margin and ``level`` the level that decides; ``name`` is a word that is
    unique on the page. None for a claim without a judged cell.
    """
    if claim.sensitivity is None:
        return None
    margins = claim.sensitivity.margins
    with empty_figure(3.2) as figure:
        axes = figure.add_axes((0.18, 0.165, 0.8, 0.735))
        if level is not None:
            axes.plot([0, 1], [-math.log10(level)] * 2, color=FAINT, lw=1, ls=(0, (3, 2)))
        choices = [at.choice for at in margins]
        for mark, ps, label, look in (
            ("o", [at.p_support for at in margins], "p for", {"color": ACCENT, "mfc": ACCENT}),
            ("s", [at.p_refute for at in margins], "p against", _AGAINST),
        ):
            values = [_strength(p) for p in ps]
            axes.plot(choices, values, marker=mark, ms=4, lw=1.4, label=label, **look)
        figure.legend(loc="upper right", ncols=2, frameon=False, borderaxespad=0)
        _axes(axes, margins, own)
        _band(axes, margins)
        title, text = "Word by margin", _said(margins)
        svg = svg_of(figure, name, f"{title}: {claim.title}", text)
    return Plot(
        svg=svg,
        title=title,
        description=text,
        caption="Higher is stronger; the dashed line decides. Above: the word, on the seeds at hand. "
        "The margin is the smallest effect in minority F1 (the protocol's is marked); all other sizes "
        "move with it in proportion.",
        columns=("Margin", "Word", "p for", "p against"),
        rows=tuple(
            (
                number(at.choice),
                at.verdict,
                p_value(at.p_support),
                p_value(at.p_refute),
            )
            for at in margins
        ),
    )


def _strength(p: float) -> float:
    return min(-math.log10(max(p, 1e-300)), _MOST)


def _axes(axes: Axes, margins: Sequence[StatedMargin], own: float | None) -> None:
    axes.set_ylim(-0.3, _BAND[1])
    axes.set_yticks([_strength(p) for p in _TICKS], [*_TICKS.values()])
    axes.spines["left"].set_bounds(-0.3, _MOST)
    axes.set_ylabel("p-value")
    axes.set_xlabel("margin, minority F1")
    choices = [at.choice for at in margins]
    axes.set_xlim(*_edges(choices)[:: len(choices)])
    if own is not None:
        axes.plot([own, own], [-0.3, _MOST], color=FAINT, lw=1, zorder=0)


def _band(axes: Axes, margins: Sequence[StatedMargin]) -> None:
    low_end, high_end = _BAND
    edges = _edges([at.choice for at in margins])
    width = edges[-1] - edges[0]
    place = 0
    for verdict, group in groupby(margins, key=lambda at: str(at.verdict)):
        count = len(list(group))
        low, high = edges[place], edges[place + count]
        ink, tint = VERDICT_COLOURS[verdict]
        axes.fill_between([low, high], low_end, high_end, color=tint, lw=0)
        axes.plot([low, low], _BAND, color=PAPER, lw=1.5)
        share = (high - low) / width
        label = verdict if share > 0.3 else _SHORT[verdict] if share > 0.1 else ""
        axes.text(
            (low + high) / 2,
            sum(_BAND) / 2 - 0.03,
            label,
            ha="center",
            va="center",
            fontsize=8.5,
            color=ink,
        )
        place += count


def _edges(choices: Sequence[float]) -> list[float]:
    """Where the tile of each margin ends: half way to its neighbours."""
    middle = [(a + b) / 2 for a, b in pairwise(choices)]
    if not middle:
        return [choices[0] / 2, 3 * choices[0] / 2]
    return [2 * choices[0] - middle[0], *middle, 2 * choices[-1] - middle[-1]]


def _said(margins: Sequence[StatedMargin]) -> str:
    runs = []
    for verdict, group in groupby(margins, key=lambda at: at.verdict):
        values = [at.choice for at in group]
        ends = sorted({number(values[0]), number(values[-1])})
        runs.append(f"{' to '.join(ends)}: {verdict}")
    return "; ".join(runs) + "."
