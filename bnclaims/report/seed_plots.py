"""Figures of single seeds: every seed's lines from the plain network to the others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from bnclaims import metrics
from bnclaims.recommendation import REVERSE
from bnclaims.report.plots import Plot
from bnclaims.report.svg import ACCENT, SOFT, empty_figure, svg_of
from bnclaims.report.words import number
from bnclaims.trial import (
    BN_NO_AFFINE,
    BN_SLOW_MOMENTUM,
    CENTRE_ONLY,
    FEATURE_BN,
    FINAL_BN,
    KEPT,
    LOGIT_ADJUSTED,
    NO_LAST_BIAS,
    OVERSAMPLED,
    PLAIN,
    PRIOR_SHIFTED,
    REMOVED,
    SCALE_ONLY,
    TRAINER_VERSION,
    TUNED_THRESHOLD,
    WEIGHTED_LOSS,
    Trial,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# What is read, by which arm, and its name in the figure.
_Shown = tuple[tuple[str, str, str], ...]
_DEFAULT: _Shown = ((PLAIN, KEPT, "plain"), (FINAL_BN, KEPT, "final BN"))
# What stands between the plain network and final BN, by claim.
_BETWEEN: Mapping[str, tuple[str, str, str]] = {
    "alt-threshold": (PLAIN, TUNED_THRESHOLD, "threshold tuned"),
    "alt-prior-shift": (PLAIN, PRIOR_SHIFTED, "prior taken off"),
    "alt-weighted-loss": (WEIGHTED_LOSS, KEPT, "weighted loss"),
    "alt-logit-adjusted": (LOGIT_ADJUSTED, KEPT, "logit-adjusted"),
    "alt-oversampling": (OVERSAMPLED, KEPT, "oversampled"),
    "part-centring": (CENTRE_ONLY, KEPT, "centring"),
    "part-scaling": (SCALE_ONLY, KEPT, "scaling"),
    "part-affine": (BN_NO_AFFINE, KEPT, "no affine"),
    "part-momentum": (BN_SLOW_MOMENTUM, KEPT, "momentum 0.01"),
    "part-features": (FEATURE_BN, KEPT, "feature BN"),
    "part-bias": (NO_LAST_BIAS, KEPT, "no last bias"),
}
_SHOWN: Mapping[str, _Shown] = {
    "premise": (*_DEFAULT, (FINAL_BN, REMOVED, "BN removed")),
    "i": (*_DEFAULT, (FINAL_BN, REMOVED, "BN removed")),
    **{
        f"{claim}{direction}": (_DEFAULT[0], shown, _DEFAULT[1])
        for claim, shown in _BETWEEN.items()
        for direction in ("", REVERSE)
    },
}
MOST_PANELS = 4

# Rows of ``trials.csv`` by key and readout.
Counts = Mapping[tuple[str, str], Mapping[str, str]]


def counts_of(trials: Sequence[Mapping[str, str]]) -> Counts:
    """The rows of a ``trials.csv`` by trial and readout, without diverged trials."""
    return {(row["key"], row["readout"]): row for row in trials if row["diverged"] == "false"}


def paired_seeds(name: str, claim: Mapping[str, Any], counts: Counts) -> Plot | None:
    """Minority F1 of every seed in the arms of a claim, a panel for each setting.

    ``name`` is a word that is unique on the page. None for claims that are not about F1, that
    compare more settings than can be shown, and where no seed has all arms.
    """
    panels = _panels(claim, counts)
    if not 1 <= len(panels) <= MOST_PANELS:
        return None
    columns = 1 if len(panels) == 1 else 2
    lines = -(-len(panels) // columns)
    height = 2.9 if lines == 1 else 2.4 * lines
    said, rows = [], []
    words: list[str] = []
    with empty_figure(height) as figure:
        grid = figure.subplots(lines, columns, sharey=True, squeeze=False)
        figure.subplots_adjust(
            left=0.13,
            right=0.98,
            bottom=0.27 / height,
            top=1 - 0.3 / height,
            hspace=0.35,
            wspace=0.08,
        )
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        for axes, (label, shown, seeds) in zip(grid.flat, panels, strict=False):
            words = [word for _, _, word in shown]
            middle = _draw(axes, words, seeds)
            if len(panels) > 1:
                axes.set_title(label, fontsize=10, loc="left")
            said.append(
                f"{label}: medians over {len(seeds)} seeds, "
                + ", ".join(f"{w} {number(at)}" for w, at in zip(words, middle, strict=True))
            )
            for seed, values in sorted(seeds.items()):
                where = f"{label}, {seed}" if len(panels) > 1 else str(seed)
                rows.append((where, *map(number, values)))
        for axes in grid[:, 0]:
            axes.set_ylabel("minority F1")
        title, text = "Minority F1 of every seed", "; ".join(said) + "."
        svg = svg_of(figure, name, f"{title}: {claim['title']}", text)
    return Plot(
        svg=svg,
        title=title,
        description=text,
        caption="One thin line per seed: the same images, initial weights and batch order in all "
        "arms. Thick: medians. Seeds with a diverged trial are missing here, never in the tests.",
        columns=("Seed", *words),
        rows=tuple(rows),
    )


def _draw(axes: Axes, words: Sequence[str], seeds: Mapping[int, Sequence[float]]) -> list[float]:
    places = range(len(words))
    middle = [median(values[place] for values in seeds.values()) for place in places]
    # One broken line: a line of its own for each seed takes most of a page's time.
    broken = [at for values in seeds.values() for at in (*values, math.nan)]
    axes.plot([*places, math.nan] * len(seeds), broken, color=SOFT, lw=1, marker="o", ms=3)
    axes.plot(places, middle, color=ACCENT, lw=2.4, marker="s", ms=7)
    axes.set_xticks(places, words)
    axes.set_xlim(-0.3, len(words) - 0.7)
    axes.set_ylim(-0.04, 1.04)
    return middle


def _panels(
    claim: Mapping[str, Any], counts: Counts
) -> list[tuple[str, _Shown, dict[int, list[float]]]]:
    """Name, arms and seeds of every panel: the settings of the deciding cells that have trials."""
    cells = [cell for cell in claim["cells"] if cell["primary"]] or claim["cells"]
    if any(cell["doses"] for cell in cells):
        return []
    shown = _SHOWN.get(claim["id"], _DEFAULT)
    found = []
    for cell in cells:
        if "f1" not in (cell["finding"] or {}).get("metrics", ()):
            continue
        for setting_name, setting in cell["settings"].items():
            label = setting_name if len(cell["settings"]) > 1 else cell["name"]
            seeds = _seed_values(setting, cell["seeds"], shown, counts)
            # A claim's own trials may lack a readout that others show.
            shown_here = shown
            if not seeds and len(shown) > 2:
                shown_here = _DEFAULT
                seeds = _seed_values(setting, cell["seeds"], shown_here, counts)
            if seeds:
                found.append((label.replace("_", " "), shown_here, seeds))
    return found


def _seed_values(
    setting: Mapping[str, Any],
    seeds: int,
    shown: _Shown,
    counts: Counts,
) -> dict[int, list[float]]:
    task = setting["task"]
    first = len(task["majority"])
    classes = range(first + len(task["minority"]))
    minority = range(first, len(classes))
    found = {}
    for seed in range(seeds):
        rows = [counts.get((_key(setting, arm, seed), readout)) for arm, readout, _ in shown]
        if all(row is not None for row in rows):
            found[seed] = [_minority_f1(row, minority, classes) for row in rows if row is not None]
    return found


def _key(setting: Mapping[str, Any], arm: str, seed: int) -> str:
    described = {"trainer": TRAINER_VERSION, "setting": setting, "arm": arm, "seed": seed}
    return Trial.from_dict(described).key


def _minority_f1(row: Mapping[str, str], minority: range, classes: range) -> float:
    counts = np.array([[int(row[f"true{t}_pred{p}"]) for p in classes] for t in classes])
    return float(metrics.minority_f1(counts, minority))
