"""Seed plots: every seed's lines from the plain network to the others."""

from __future__ import annotations

import math
import textwrap
from statistics import median
from typing import TYPE_CHECKING

from bnclaims.report.formatting import number
from bnclaims.report.model import StatedClaim
from bnclaims.report.page.forest_plot import Plot
from bnclaims.report.page.seed_values import Panel, Seeds, panels
from bnclaims.report.page.svg import ACCENT, SOFT, empty_figure, svg_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 4


def paired_seeds(name: str, claim: StatedClaim, seeds: Seeds) -> Plot | None:
    """Minority F1 of every seed in the arms of a claim, a panel for each setting.

    ``name`` is a word that is unique on the page. None for claims that are not about F1, that
    compare more settings than can be shown, and where no seed has all arms.
    """
    shown = panels(claim, seeds)
    if not 1 <= len(shown) <= MOST_PANELS:
        return None
    columns = 1 if len(shown) == 1 else 2
    lines = -(-len(shown) // columns)
    # A title may take two lines.
    height = 3.0 if lines == 1 else 2.5 * lines
    said, rows = [], []
    with empty_figure(height) as figure:
        grid = figure.subplots(lines, columns, sharey=True, squeeze=False)
        figure.subplots_adjust(
            left=0.13,
            right=0.98,
            bottom=0.27 / height,
            top=1 - (0.3 if len(shown) == 1 else 0.45) / height,
            hspace=0.45,
            wspace=0.08,
        )
        for axes in grid.flat[len(shown) :]:
            axes.set_visible(False)
        for axes, panel in zip(grid.flat, shown, strict=False):
            middle = _draw(axes, panel)
            if len(shown) > 1:
                # Beside each other, long names would run into each other.
                axes.set_title(textwrap.fill(panel.label, 26), fontsize=9.5, loc="left")
            said.append(
                f"{panel.label}: medians over {len(panel.seeds)} seeds, "
                + ", ".join(f"{w} {number(at)}" for w, at in zip(panel.names, middle, strict=True))
            )
            for seed, values in sorted(panel.seeds.items()):
                where = f"{panel.label}, {seed}" if len(shown) > 1 else str(seed)
                rows.append((where, *map(number, values)))
        for axes in grid[:, 0]:
            axes.set_ylabel("minority F1")
        title, text = "Minority F1 of every seed", "; ".join(said) + "."
        svg = svg_of(figure, name, f"{title}: {claim.title}", text)
    return Plot(
        svg=svg,
        title=title,
        description=text,
        caption="One thin line per seed: the same images, initial weights and batch order in all "
        f"arms. Thick: medians.{''.join(_cautions(panel, alone=len(shown) == 1) for panel in shown)}",
        columns=("Seed", *shown[-1].names),
        rows=tuple(rows),
    )


def _cautions(panel: Panel, *, alone: bool) -> str:
    """What the lines of a panel do not show."""
    where = "" if alone else f" ({panel.label})"
    said = ""
    if panel.missing:
        said += f" {panel.missing} seeds{where} with a diverged trial are missing here, never in the tests."
    for name, count in panel.one_sided.items():
        said += f" On {count} of {len(panel.seeds)} seeds{where} {name} calls all images one class."
    if panel.one_sided and panel.classes == 2:
        said += " To call every image a minority scores 0.67."
    return said


def _draw(axes: Axes, panel: Panel) -> list[float]:
    seeds = panel.seeds
    places = range(len(panel.names))
    middle = [median(values[place] for values in seeds.values()) for place in places]
    # One broken line: a line of its own for each seed takes most of a page's time.
    broken = [at for values in seeds.values() for at in (*values, math.nan)]
    axes.plot([*places, math.nan] * len(seeds), broken, color=SOFT, lw=1)
    # Lines without a length, whose round ends are dots: a marker at each takes a page's bytes.
    across = [at for place in places for at in (place, place, math.nan)] * len(seeds)
    up = [at for values in seeds.values() for value in values for at in (value, value, math.nan)]
    axes.plot(across, up, color=SOFT, lw=4, solid_capstyle="round")
    axes.plot(places, middle, color=ACCENT, lw=2.4, marker="s", ms=7)
    axes.set_xticks(places, panel.names)
    axes.set_xlim(-0.3, len(places) - 0.7)
    axes.set_ylim(-0.04, 1.04)
    return middle
