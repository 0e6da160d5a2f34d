"""The results of `peers.py` as tables and a drawing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from markdown_tables import row

from contestants.results import METRICS


def page(document: Mapping[str, Any]) -> str:
    """The tables as Markdown."""
    return "\n".join(
        [*cost_lines(document), "", *agreement_lines(document), "", *bar_lines(document)]
    )


def cost_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Times, first result and memory, a line for each contestant."""
    sides = sorted({int(s) for costs in document["contestants"].values() for s in costs["by_side"]})
    heads = [f"ms per step, {side} px" for side in sides]
    yield row(
        "", *heads, "s per trial, 8 px", "first result, s", "of that processor, s", "peak, MiB"
    )
    yield row("---", *["--:"] * (len(heads) + 4))
    for name, costs in document["contestants"].items():
        steps = [_step_cell(costs["by_side"].get(str(side))) for side in sides]
        small = costs["by_side"].get("8")
        yield row(
            name,
            *steps,
            f"{small['processor_s_per_trial']:.2f}" if small else "",
            f"{costs['first_result']['wall']:.1f}",
            f"{costs['first_result']['processor']:.1f}",
            f"{costs['peak_mib']:.0f}",
        )
    for name, why in document["skipped"].items():
        yield row(name, why, *[""] * (len(heads) + 3))


def _step_cell(costs: Mapping[str, Any] | None) -> str:
    if costs is None:
        return ""
    times = costs["times_faster_than_eager"]
    ratio = f" ({times['median']:.2f} ×)" if times else ""
    return f"{costs['processor_ms_per_step']:.1f}{ratio}"


def agreement_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """How far the final metrics are from those of the loop, with intervals over seeds."""
    yield row(
        "", "arm", "pixels", "seeds", "minority F1", "difference to the loop", "AUC", "difference"
    )
    yield row("---", "---", *["--:"] * 6)
    for name, arms in document["agreement"].items():
        for arm, found in arms.items():
            cells = []
            for metric in METRICS:
                one = found[metric]
                interval = f"{one['difference']:+.4f} [{one['low']:+.4f}, {one['high']:+.4f}]"
                cells += [f"{one['mean']:.3f}", interval]
            yield row(name, arm, str(found["side"]), str(found["seeds"]), *cells)


def bar_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """What was asked for, and what was measured."""
    yield row("", "measured", "asked for", "")
    yield row("---", "--:", "--:", "---")
    for bar in document["bars"]:
        least = bar["least"]
        asked = "" if least is None else f"{least:.1f} ×"
        word = "" if least is None else "met" if bar["times"] >= least else "missed"
        yield row(bar["what"], f"{bar['times']:.2f} ×", asked, word)


def draw(document: Mapping[str, Any], path: Path) -> None:
    """Processor time of a step beside that of the plain eager loop, by size, and the first result."""
    import matplotlib
    from matplotlib.figure import Figure

    # Ids that do not change from one drawing to the next.
    matplotlib.rcParams["svg.hashsalt"] = "peers"
    contestants = document["contestants"]
    sides = sorted({int(side) for costs in contestants.values() for side in costs["by_side"]})
    figure = Figure(figsize=(9, 0.9 + 0.34 * len(contestants)), layout="constrained")
    axes = figure.subplots(1, len(sides) + 1, sharey=True)
    for axis, side in zip(axes, sides, strict=False):
        axis.set_title(f"step, {side} px", fontsize=10)
        for place, costs in enumerate(contestants.values()):
            times = (costs["by_side"].get(str(side)) or {}).get("times_faster_than_eager")
            if times:
                spread = [[times["median"] - times["least"]], [times["most"] - times["median"]]]
                axis.barh(place, times["median"], color="#1b7837", xerr=spread)
        axis.axvline(1, color="black", linewidth=0.8)
        axis.set_xlabel("× faster than eager")
    last = axes[len(sides)]
    last.set_title("first result", fontsize=10)
    last.set_xlabel("seconds since start")
    for place, costs in enumerate(contestants.values()):
        last.barh(place, costs["first_result"]["wall"], color="#762a83")
    axes[0].set_yticks(range(len(contestants)), list(contestants))
    axes[0].invert_yaxis()
    figure.savefig(path, metadata={"Date": None})
