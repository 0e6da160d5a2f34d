"""Drawings verdicts.svg and coverage.svg, and the tables of ../calibration.md, from this folder's counts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from tables import HERE, counted, filled, read

from bnclaims.audit.verdict import Verdict
from bnclaims.protocol.schema import FAMILY

# Ids in the drawings that do not change from one to the next.
matplotlib.rcParams["svg.hashsalt"] = "calibration"
PAGE = HERE.with_name("calibration.md")
# Colours that differ in lightness too; what is wrong is hatched as well.
COLOURS = {
    Verdict.SUPPORTED: "#1b7837",
    Verdict.REFUTED: "#762a83",
    Verdict.INCONCLUSIVE: "#d9d9d9",
    Verdict.INVALID: "#fdb863",
}


def main() -> None:
    """Reads the counts, draws, and writes the page anew."""
    results = counted()
    draw(results)
    draw_coverage()
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")


def draw_coverage() -> None:
    """Coverage of both intervals over the number of seeds, by pool."""
    found = read("coverage")
    places = list(dict.fromkeys(case["place"] for case in found["new_images"]))
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots(1, len(places), sharey=True)
    for axis, place in zip(axes, places, strict=True):
        axis.axhline(found["confidence"], color="black", linewidth=0.8)
        for (name, style), (marker, case) in itertools.product(
            {"new_images": "-", "seeds_alone": "--"}.items(),
            zip("os^", (c for c in found["new_images"] if c["place"] == place), strict=True),
        ):
            rates = [by_seeds[name] for by_seeds in case["seeds"].values()]
            axis.errorbar(
                list(case["seeds"]),
                [rate["rate"] for rate in rates],
                yerr=[
                    [rate["rate"] - rate["low"] for rate in rates],
                    [rate["high"] - rate["rate"] for rate in rates],
                ],
                color=COLOURS[Verdict.SUPPORTED if style == "-" else Verdict.REFUTED],
                linestyle=style,
                marker=marker,
                label=f"{name.replace('_', ' ')}, pool of {case['pool']}",
            )
        axis.set_title(place, fontsize=10)
        axis.set_xlabel("seeds")
    axes[0].set_ylabel("coverage of the population effect")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.savefig(HERE / "coverage.svg", metadata={"Date": None})


def draw(results: Mapping[str, Any]) -> None:
    """The verdicts of the family in every world, as bars."""
    rows = -(-len(results) // 3)
    figure = Figure(figsize=(11, 2.3 * rows + 0.6), layout="constrained")
    axes = figure.subplots(rows, 3, sharex=True, sharey=True, squeeze=False)
    for place, axis in zip([*results, *[None] * (3 * rows - len(results))], axes.flat, strict=True):
        if place is None:
            axis.set_visible(False)
            continue
        result = results[place]
        for row, claim in enumerate(FAMILY):
            tally, left = result["claims"][claim], 0.0
            for verdict in Verdict:
                rate = tally["verdicts"][verdict]["rate"]
                wrong = verdict in tally["wrong_verdicts"]
                axis.barh(
                    row,
                    rate,
                    left=left,
                    color=COLOURS[verdict],
                    edgecolor="black" if wrong and rate else COLOURS[verdict],
                    hatch="////" if wrong else None,
                )
                left += rate
        axis.set_title(f"{place} ({result['suites']} suites)", fontsize=10)
        axis.set_yticks(range(len(FAMILY)), FAMILY)
        axis.set_xlim(0, 1)
    axes[0, 0].invert_yaxis()
    handles = [Patch(color=COLOURS[verdict], label=verdict) for verdict in Verdict]
    handles.append(Patch(facecolor="white", edgecolor="black", hatch="////", label="wrong"))
    figure.legend(handles=handles, loc="outside lower center", ncols=5)
    axes[-1, 1].set_xlabel("share of suites")
    figure.savefig(HERE / "verdicts.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
