"""What the rounds say: ratios within rounds, agreement over seeds, bars, as a table and a drawing."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scipy.stats import t
from tables import row

from contestants import EAGER, REFERENCE

Played = Sequence[Mapping[str, Any]]
METRICS = ("f1", "auc")
CONFIDENCE = 0.95
# (what, contestant, image side, against, times it must be faster). None of these is about bf16 on
# processors with AMX, which says so where there is one.
BARS = (
    ("a step at 64 pixels against a plain eager loop", REFERENCE, 64, EAGER, 2.0),
    ("a step at 32 pixels against Lightning", REFERENCE, 32, "Lightning", 1.8),
    ("a step at 32 pixels against fastai", REFERENCE, 32, "fastai", 1.8),
    ("a step at 32 pixels against skorch", REFERENCE, 32, "skorch", 1.8),
)
BF16 = "loop, bf16"
PAIR_BAR = 1.9


def summary(
    played: Played, skipped: Mapping[str, str], paired: Sequence[Mapping[str, float]]
) -> dict[str, Any]:
    """All that the page states, from the numbers of the processes."""
    names = list(dict.fromkeys(one["contestant"] for one in played))
    sides = sorted({run["side"] for one in played for run in one["runs"]})
    return {
        "contestants": {name: _costs(played, name, sides) for name in names},
        "agreement": {name: _agreement(played, name) for name in names},
        "pairs": list(paired),
        "bars": list(_bars(played, paired)),
        "skipped": dict(skipped),
    }


def _of(played: Played, name: str) -> dict[int, Mapping[str, Any]]:
    """What a contestant measured, by round."""
    return {one["round"]: one for one in played if one["contestant"] == name}


def _warm(one: Mapping[str, Any], side: int) -> list[Mapping[str, Any]]:
    """The runs of a size with the last seed of a round: whatever warms up has done so."""
    runs = [run for run in one["runs"] if run["side"] == side]
    return [run for run in runs if run["seed"] == runs[-1]["seed"]]


def _per_step(one: Mapping[str, Any], side: int, clock: str = "processor") -> float | None:
    """Milliseconds of a training step, None where the size was not tried."""
    warm = _warm(one, side)
    steps = sum(run["steps"] for run in warm)
    return 1000 * sum(run["fit"][clock] for run in warm) / steps if steps else None


def _costs(played: Played, name: str, sides: Sequence[int]) -> dict[str, Any]:
    own = list(_of(played, name).values())
    by_side = {}
    for side in sides:
        if (warm := [_per_step(one, side) for one in own])[0] is None:
            continue
        trials = [
            statistics.mean(
                run["fit"]["processor"] + run["predict"]["processor"] for run in _warm(one, side)
            )
            for one in own
        ]
        by_side[str(side)] = {
            "processor_ms_per_step": min(value for value in warm if value is not None),
            "wall_ms_per_step": min(_per_step(one, side, "wall") or 0.0 for one in own),
            "steps_of_a_trial": _warm(own[0], side)[0]["steps"],
            "processor_s_per_trial": min(trials),
            "times_faster_than_eager": _times(played, name, EAGER, side),
        }
    return {
        "first_result": {
            clock: min(one["first_result"][clock] for one in own) for clock in ("wall", "processor")
        },
        "import_processor_s": min(one["imported"]["processor"] for one in own),
        "whole": {
            clock: statistics.median(one["whole"][clock] for one in own)
            for clock in ("wall", "processor")
        },
        "peak_mib": max(one["peak_mib"] for one in own),
        "by_side": by_side,
    }


def _times(played: Played, name: str, other: str, side: int) -> dict[str, float] | None:
    """How many times less processor time a step takes than another's in the same round."""
    own, others = _of(played, name), _of(played, other)
    found = []
    for round_ in own.keys() & others.keys():
        mine, theirs = _per_step(own[round_], side), _per_step(others[round_], side)
        if mine and theirs:
            found.append(theirs / mine)
    if not found:
        return None
    return {"median": statistics.median(found), "least": min(found), "most": max(found)}


def _agreement(played: Played, name: str) -> dict[str, Any]:
    """Differences to the reference of each metric over the seeds of the smallest images, by arm."""
    values: dict[str, dict[tuple[str, int], Mapping[str, Any]]] = {}
    for which in (name, REFERENCE):
        runs = [run for one in _of(played, which).values() for run in one["runs"]]
        side = min((run["side"] for run in runs), default=0)
        values[which] = {(run["arm"], run["seed"]): run for run in runs if run["side"] == side}
    found: dict[str, Any] = {}
    for arm in sorted({arm for arm, _ in values[name]}):
        shared = [key for key in values[name] if key[0] == arm and key in values[REFERENCE]]
        if len(shared) >= 2:
            found[arm] = {"seeds": len(shared)} | {
                metric: _difference(
                    [values[name][key][metric] for key in shared],
                    [values[REFERENCE][key][metric] for key in shared],
                )
                for metric in METRICS
            }
    return found


def _difference(own: Sequence[float], reference: Sequence[float]) -> dict[str, float]:
    """Means, and the mean difference with its t interval over seeds."""
    differences = [a - b for a, b in zip(own, reference, strict=True)]
    mean, n = statistics.mean(differences), len(differences)
    half = t.ppf((1 + CONFIDENCE) / 2, n - 1) * statistics.stdev(differences) / n**0.5
    return {
        "mean": statistics.mean(own),
        "difference": mean,
        "low": mean - half,
        "high": mean + half,
        "largest": max(map(abs, differences)),
    }


def _bars(played: Played, paired: Sequence[Mapping[str, float]]) -> Iterator[dict[str, Any]]:
    for what, name, side, other, least in BARS:
        if (times := _times(played, name, other, side)) is not None:
            yield {"what": what, "times": times["median"], "least": least}
    if paired:
        median = statistics.median(pair["throughput"] for pair in paired)
        yield {"what": "two processes against one, in trials per second", "times": median} | {
            "least": PAIR_BAR
        }
    if (times := _times(played, BF16, REFERENCE, 64)) is not None:
        yield {"what": "bf16 against fp32, a step at 64 pixels", "times": times["median"]} | {
            "least": None
        }


def page(document: Mapping[str, Any]) -> str:
    """The tables as Markdown."""
    return "\n".join(
        [*_cost_lines(document), "", *_agreement_lines(document), "", *_bar_lines(document)]
    )


def _cost_lines(document: Mapping[str, Any]) -> Iterator[str]:
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


def _agreement_lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield row("", "arm", "seeds", "minority F1", "difference to the loop", "AUC", "difference")
    yield row("---", "---", *["--:"] * 5)
    for name, arms in document["agreement"].items():
        for arm, found in arms.items():
            cells = []
            for metric in METRICS:
                one = found[metric]
                interval = f"{one['difference']:+.4f} [{one['low']:+.4f}, {one['high']:+.4f}]"
                cells += [f"{one['mean']:.3f}", interval]
            yield row(name, arm, str(found["seeds"]), *cells)


def _bar_lines(document: Mapping[str, Any]) -> Iterator[str]:
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
