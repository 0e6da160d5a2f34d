"""Dose plots: figures of a gain over imbalance ratios, batch sizes, epochs or learning rates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from bnclaims.audit.statements.remedies import STILL_NEEDED
from bnclaims.report.formatting import interval, number
from bnclaims.report.model import StatedCell, StatedClaim
from bnclaims.report.page.forest_plot import Plot
from bnclaims.report.page.svg import ACCENT, FAINT, INK, PAPER, SHADE, SOFT, empty_figure, svg_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_VARIED = ("batch_size", "epochs", "learning_rate")
# One after the other, for the curves of a figure.
_LOOKS = (
    {"color": ACCENT, "marker": "o", "mfc": ACCENT},
    {"color": INK, "marker": "s", "mfc": PAPER, "ls": (0, (5, 2))},
    {"color": SOFT, "marker": "^", "mfc": PAPER, "ls": (0, (1, 1.5))},
)


def dose_plots(name: str, claim: StatedClaim) -> list[Plot]:
    """The figures of a claim about doses: trends of several cells in one, each peak in its own.

    ``name`` is a word that is unique on the page.
    """
    cells = [
        cell
        for cell in claim.cells
        if _points(cell) and cell.finding and cell.finding.kind != STILL_NEEDED
    ]
    trends = [cell for cell in cells if cell.finding and cell.finding.kind == "dose"]
    groups = [[cell] for cell in cells if cell not in trends]
    if trends:
        groups.insert(0, trends[: len(_LOOKS)])
    return [dose_response(f"{name}{index}", group) for index, group in enumerate(groups)]


def dose_response(name: str, cells: Sequence[StatedCell]) -> Plot:
    """The gain at every value of what the cells vary, with the interval of the best value."""
    curves = [(cell, *_axis(cell, [point.dose for point in _points(cell)])) for cell in cells]
    varied = curves[0][1]
    said: list[str] = []
    rows: list[tuple[str, ...]] = []
    many = len(curves) > 1
    with empty_figure(3.1 if many else 2.9) as figure:
        axes = figure.add_axes((0.13, 0.18, 0.85, 0.7 if many else 0.79))
        axes.axhline(0, color=FAINT, lw=1, ls=(0, (3, 2)))
        peak = _draw_peak(axes, curves[0][0], curves[0][2])
        for index, (cell, _, ticks) in enumerate(curves):
            _draw_curve(axes, cell, ticks, index, shift=0.06 * index)
            for (_, label), point in zip(ticks, _points(cell), strict=True):
                bounds = (point.low, point.high)
                where = f"{cell.name}, {label}" if many else label
                rows.append((where, number(point.estimate), interval(None, bounds)))
                said.append(f"{where}: {interval(point.estimate, bounds)}")
        every = dict(tick for _, _, ticks in curves for tick in ticks)
        axes.set_xticks(list(every), list(every.values()))
        axes.set_xlabel(varied)
        axes.set_ylabel("gain")
        if many:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
        if peak:
            said.append(f"the largest gain lies at {peak}")
        title = f"Gain by {varied}: {' and '.join(cell.name for cell in cells)}"
        text = "; ".join(said) + "."
        svg = svg_of(figure, name, title, text)
    shading = (
        f" Shaded: where the largest mean gain lies ({peak}), a bootstrap interval over seeds that "
        "describes and decides nothing."
        if peak
        else ""
    )
    return Plot(
        svg=svg,
        title=title,
        description=text,
        caption="Pseudomedian of the gain over seeds, with its interval. The horizontal axis is "
        f"logarithmic; the same seeds stand behind every point of a curve.{shading}",
        columns=(f"Cell, {varied}" if many else varied, "Gain", "Interval"),
        rows=tuple(rows),
    )


def _draw_curve(
    axes: Axes,
    cell: StatedCell,
    ticks: Sequence[tuple[float, str]],
    index: int,
    *,
    shift: float,
) -> None:
    look: dict[str, Any] = dict(_LOOKS[index])
    # Side by side, so that intervals at one dose do not hide each other.
    places = [at + shift for at, _ in ticks]
    points = _points(cell)
    axes.vlines(
        places,
        [_or(point.low, point.estimate) for point in points],
        [_or(point.high, point.estimate) for point in points],
        color=SOFT,
        lw=4 if index == 0 else 2,
    )
    estimates = [point.estimate for point in points]
    axes.plot(places, estimates, lw=1.6, ms=5.5, mew=1.5, label=cell.name, **look)


def _draw_peak(axes: Axes, cell: StatedCell, ticks: Sequence[tuple[float, str]]) -> str | None:
    """Shades the interval of the best dose and says it; None where the cell has none."""
    peak = None if cell.finding is None else cell.finding.peak
    if peak is None:
        return None
    place = dict(zip((point.dose for point in _points(cell)), ticks, strict=True))
    (low, first), (high, last) = (place[dose] for dose in peak if dose is not None)
    gap = min(abs(a - b) for (a, _), (b, _) in pairwise(ticks)) / 4
    axes.axvspan(min(low, high) - gap, max(low, high) + gap, color=SHADE, lw=0)
    return first if first == last else f"{first} to {last}"


class _PlotPoint(NamedTuple):
    """A dose with an estimate."""

    dose: float
    estimate: float
    low: float | None
    high: float | None


def _points(cell: StatedCell) -> list[_PlotPoint]:
    return [
        _PlotPoint(point.dose, point.estimate, point.low, point.high)
        for point in (cell.finding.points if cell.finding else ())
        if point.estimate is not None
    ]


def _axis(cell: StatedCell, doses: Sequence[float]) -> tuple[str, list[tuple[float, str]]]:
    """What the doses are, and for each its place on the axis and its label."""
    names = _settings_of(cell.doses, doses)
    if names is None:
        return "dose", [(dose, f"{dose:g}") for dose in doses]
    settings = [cell.settings[name] for name in names if name in cell.settings]
    tasks = [setting.task for setting in settings]
    if len({task.minority_images for task in tasks}) > 1:
        ratios = [task.majority_images / task.minority_images for task in tasks]
        labels = [f"{ratio:.0f}:1" if ratio >= 10 else f"{ratio:.2g}:1" for ratio in ratios]
        return "imbalance ratio", [
            (math.log10(ratio), label) for ratio, label in zip(ratios, labels, strict=True)
        ]
    varied = next((key for key in _VARIED if len({getattr(s, key) for s in settings}) > 1), "dose")
    values = [cell.doses[name] for name in names]
    return varied.replace("_", " "), [(math.log2(value), f"{value:g}") for value in values]


def _settings_of(values: Mapping[str, float], doses: Sequence[float]) -> list[str] | None:
    """Names of the settings that the doses, perhaps logarithms of the varied value, stand for."""
    for scale in (float, math.log2):
        names = {scale(value): name for name, value in values.items()}
        if names.keys() >= set(doses):
            return [names[dose] for dose in doses]
    return None


def _or(value: float | None, other: float) -> float:
    return other if value is None else value
