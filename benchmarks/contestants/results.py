"""What the rounds say: ratios within rounds, agreement over seeds, and what was asked for."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scipy.stats import t

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
    """Differences to the reference of each metric over the seeds of its smallest images, by arm."""
    side = min(run["side"] for one in _of(played, name).values() for run in one["runs"])
    values: dict[str, dict[tuple[str, int], Mapping[str, Any]]] = {}
    for which in (name, REFERENCE):
        runs = [run for one in _of(played, which).values() for run in one["runs"]]
        values[which] = {(run["arm"], run["seed"]): run for run in runs if run["side"] == side}
    found: dict[str, Any] = {}
    for arm in sorted({arm for arm, _ in values[name]}):
        shared = [key for key in values[name] if key[0] == arm and key in values[REFERENCE]]
        if len(shared) >= 2:
            found[arm] = {"side": side, "seeds": len(shared)} | {
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
