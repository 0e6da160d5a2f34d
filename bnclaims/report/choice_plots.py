"""The figure of a claim's word against the margin that it is judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from bnclaims.report.plots import Plot
from bnclaims.report.svg import ACCENT, FAINT, INK, PAPER, VERDICT_COLOURS, empty_figure, svg_of
from bnclaims.report.words import number, p_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Below this an exact p-value of the seeds at hand says no more.
_SMALLEST_P = 1e-6
_SHORT = {
    "SUPPORTED": "sup.",
    "REFUTED": "ref.",
    "INCONCLUSIVE": "inc.",
    "INVALID": "inv.",
}


def margin_plot(
    name: str, claim: Mapping[str, Any], *, own: float | None, level: float | None
) -> Plot | None:
    """P-values for and against a claim, and its word, at every margin that was tried.

    ``own`` is the protocol's margin and ``level`` the level that decides; ``name`` is a word that is
    unique on the page. None for a claim without a judged cell.
    """
    sensitivity = claim.get("sensitivity")
    if not sensitivity:
        return None
    margins = sensitivity["margins"]
    with empty_figure(2.9) as figure:
        axes = figure.add_axes((0.18, 0.18, 0.8, 0.64))
        band = figure.add_axes((0.18, 0.86, 0.8, 0.1), sharex=axes)
        if level is not None:
            axes.axhline(level, color=FAINT, lw=1, ls=(0, (3, 2)))
        for mark, side, look in (
            ("o", "p_support", {"color": ACCENT, "mfc": ACCENT}),
            ("s", "p_refute", {"color": INK, "mfc": PAPER, "ls": (0, (4, 2))}),
        ):
            values = [max(at[side], _SMALLEST_P) for at in margins]
            axes.plot([at["choice"] for at in margins], values, marker=mark, ms=4, lw=1.4, **look)
        _axes(axes, margins, own)
        _band(band, margins)
        title, text = "Word by margin", _said(margins)
        svg = svg_of(figure, name, f"{title}: {claim['title']}", text)
    return Plot(
        svg=svg,
        title=title,
        description=text,
        caption="Filled: p for; open: p against, higher is stronger; the dashed line decides. Above: "
        "the word, on the seeds at hand. The margin is the smallest effect in minority F1 (the "
        "protocol's is marked); all other sizes move with it in proportion.",
        columns=("Margin", "Word", "p for", "p against"),
        rows=tuple(
            (
                number(at["choice"]),
                at["verdict"],
                p_value(at["p_support"]),
                p_value(at["p_refute"]),
            )
            for at in margins
        ),
    )


def _axes(axes: Axes, margins: Sequence[Mapping[str, Any]], own: float | None) -> None:
    axes.set_yscale("log")
    axes.set_ylim(1.6, _SMALLEST_P / 1.6)
    axes.set_yticks([1, 1e-2, 1e-4, 1e-6], ["1", "0.01", "10⁻⁴", "≤ 10⁻⁶"])
    axes.minorticks_off()
    axes.set_ylabel("p-value")
    axes.set_xlabel("margin, minority F1")
    choices = [at["choice"] for at in margins]
    axes.set_xlim(*_edges(choices)[:: len(choices)])
    if own is not None:
        axes.axvline(own, color=FAINT, lw=1, zorder=0)


def _band(band: Axes, margins: Sequence[Mapping[str, Any]]) -> None:
    band.set_axis_off()
    band.set_ylim(0, 1)
    edges = _edges([at["choice"] for at in margins])
    width = edges[-1] - edges[0]
    place = 0
    for word, group in groupby(margins, key=lambda at: at["verdict"]):
        count = len(list(group))
        low, high = edges[place], edges[place + count]
        ink, tint = VERDICT_COLOURS[word]
        band.axvspan(low, high, color=tint, lw=0)
        band.plot([low, low], [0, 1], color=PAPER, lw=1.5)
        share = (high - low) / width
        label = word if share > 0.3 else _SHORT[word] if share > 0.1 else ""
        band.text((low + high) / 2, 0.47, label, ha="center", va="center", fontsize=8.5, color=ink)
        place += count


def _edges(choices: Sequence[float]) -> list[float]:
    """Where the tile of each margin ends: half way to its neighbours."""
    middle = [(a + b) / 2 for a, b in pairwise(choices)]
    if not middle:
        return [choices[0] / 2, 3 * choices[0] / 2]
    return [2 * choices[0] - middle[0], *middle, 2 * choices[-1] - middle[-1]]


def _said(margins: Sequence[Mapping[str, Any]]) -> str:
    runs = []
    for word, group in groupby(margins, key=lambda at: at["verdict"]):
        values = [at["choice"] for at in group]
        ends = sorted({number(values[0]), number(values[-1])})
        runs.append(f"{' to '.join(ends)}: {word}")
    return "; ".join(runs) + "."
