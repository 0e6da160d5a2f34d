"""Figures of the report page: inline SVG that takes its colours from the page's style sheet.

Every figure comes with its numbers as a table and with a sentence that says what it shows, for
readers who do not see it. The same document gives the same bytes.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from bnclaims import metrics
from bnclaims.report.estimates import Row, cell_rows, limits
from bnclaims.report.svg import ACCENT, FAINT, PAPER, SOFT, empty_figure, svg_of
from bnclaims.report.words import interval, number, precision
from bnclaims.trial import FINAL_BN, KEPT, PLAIN, REMOVED, TRAINER_VERSION, Trial

if TYPE_CHECKING:
    import pandas as pd
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


def dose_response(name: str, cell: Mapping[str, Any]) -> Plot | None:
    """The gain at every value of what a cell varies; None when it varies nothing."""
    finding = cell["finding"]
    points = [p for p in (finding or {}).get("points", ()) if p["estimate"] is not None]
    if not points:
        return None
    word, ticks = _axis(cell, [point["dose"] for point in points])
    places = [at for at, _ in ticks]
    bounds = [(_or(p["low"], p["estimate"]), _or(p["high"], p["estimate"])) for p in points]
    estimates = [point["estimate"] for point in points]
    with empty_figure(2.9) as figure:
        axes = figure.add_axes((0.13, 0.19, 0.85, 0.78))
        axes.axhline(0, color=FAINT, lw=1, ls=(0, (3, 2)))
        axes.vlines(
            places, [low for low, _ in bounds], [high for _, high in bounds], color=SOFT, lw=4
        )
        axes.plot(places, estimates, color=ACCENT, lw=1.6, marker="o", ms=5.5)
        axes.set_xticks(places, [text for _, text in ticks])
        axes.set_xlabel(word)
        axes.set_ylabel("gain of final BN")
        text = "; ".join(
            f"{label}: {interval(point['estimate'], (point['low'], point['high']))}"
            for (_, label), point in zip(ticks, points, strict=True)
        )
        title = f"Gain by {word}: {cell['name']}"
        svg = svg_of(figure, name, title, f"{text}.")
    return Plot(
        svg=svg,
        title=title,
        description=f"{text}.",
        caption="Pseudomedian of the gain over seeds, with its interval. The horizontal axis is "
        "logarithmic; the same seeds stand behind every point.",
        columns=(word, "Gain", "Interval"),
        rows=tuple(
            (label, number(p["estimate"]), interval(None, (p["low"], p["high"])))
            for (_, label), p in zip(ticks, points, strict=True)
        ),
    )


def _axis(cell: Mapping[str, Any], doses: Sequence[float]) -> tuple[str, list[tuple[float, str]]]:
    """What the doses are, and for each its place on the axis and its label."""
    names = _settings_of(cell["doses"], doses)
    if names is None:
        return "dose", [(dose, f"{dose:g}") for dose in doses]
    settings = [cell["settings"].get(name, {}) for name in names]
    tasks = [setting.get("task", {}) for setting in settings]
    if len({task.get("minority_images") for task in tasks}) > 1:
        ratios = [task["majority_images"] / task["minority_images"] for task in tasks]
        labels = [f"{ratio:.0f}:1" if ratio >= 10 else f"{ratio:.2g}:1" for ratio in ratios]
        return "imbalance ratio", [
            (math.log10(ratio), label) for ratio, label in zip(ratios, labels, strict=True)
        ]
    word = "batch size" if len({setting.get("batch_size") for setting in settings}) > 1 else "dose"
    values = [cell["doses"][name] for name in names]
    return word, [(math.log2(value), f"{value:g}") for value in values]


def _settings_of(values: Mapping[str, float], doses: Sequence[float]) -> list[str] | None:
    """Names of the settings that the doses, perhaps logarithms of the varied value, stand for."""
    for scale in (float, math.log2):
        names = {scale(value): name for name, value in values.items()}
        if names.keys() >= set(doses):
            return [names[dose] for dose in doses]
    return None


def paired_seeds(name: str, cell: Mapping[str, Any], trials: pd.DataFrame) -> Plot | None:
    """Minority F1 of every seed without the layer, with it, and with it removed after training.

    ``trials`` has a row per trial and readout with integer counts, as in ``trials.csv``. None when
    the cell compares several settings or no seed has all three.
    """
    seeds = _seed_values(cell, trials)
    if not seeds:
        return None
    words = ("plain", "BN kept", "BN removed")
    middle = [median(values[i] for values in seeds.values()) for i in range(3)]
    with empty_figure(2.9) as figure:
        axes = figure.add_axes((0.13, 0.11, 0.85, 0.86))
        for values in seeds.values():
            axes.plot(range(3), values, color=SOFT, lw=1, marker="o", ms=3)
        axes.plot(range(3), middle, color=ACCENT, lw=2.4, marker="s", ms=7)
        axes.set_xticks(range(3), words)
        axes.set_xlim(-0.3, 2.3)
        axes.set_ylim(-0.04, 1.04)
        axes.set_ylabel("minority F1")
        title = f"Minority F1 of every seed: {cell['name']}"
        text = "Medians over {} seeds: {}.".format(
            len(seeds),
            ", ".join(f"{word} {number(at)}" for word, at in zip(words, middle, strict=True)),
        )
        svg = svg_of(figure, name, title, text)
    return Plot(
        svg=svg,
        title=title,
        description=text,
        caption="One thin line per seed: the same images, initial weights and batch order in both "
        "arms. Thick: medians. Seeds with a diverged trial are missing here, never in the tests.",
        columns=("Seed", *words),
        rows=tuple((str(seed), *map(number, values)) for seed, values in sorted(seeds.items())),
    )


def _seed_values(cell: Mapping[str, Any], trials: pd.DataFrame) -> dict[int, list[float]]:
    if len(cell["settings"]) != 1 or trials.empty:
        return {}
    (setting,) = cell["settings"].values()
    task = setting["task"]
    first = len(task["majority"])
    minority = range(first, first + len(task["minority"]))
    wanted = ((PLAIN, KEPT), (FINAL_BN, KEPT), (FINAL_BN, REMOVED))
    indexed = trials[~trials["diverged"].astype(bool)].drop_duplicates(["key", "readout"])
    of = {(row["key"], row["readout"]): row for row in indexed.to_dict("records")}
    found: dict[int, list[float]] = {}
    for seed in range(cell["seeds"]):
        keys = [(_key(setting, arm, seed), readout) for arm, readout in wanted]
        if all(key in of for key in keys):
            classes = range(first + len(task["minority"]))
            found[seed] = [_minority_f1(of[key], minority, classes) for key in keys]
    return found


def _key(setting: Mapping[str, Any], arm: str, seed: int) -> str:
    described = {"trainer": TRAINER_VERSION, "setting": setting, "arm": arm, "seed": seed}
    return Trial.from_dict(described).key


def _minority_f1(row: Mapping[Any, Any], minority: range, classes: range) -> float:
    counts = np.array([[row[f"true{t}_pred{p}"] for p in classes] for t in classes])
    return float(metrics.minority_f1(counts, minority))


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _short(label: str, most: int = 60) -> str:
    return label if len(label) <= most else f"{label[: most - 1]}…"
