"""Cost of a plan as plain data: trials, groups and the time that they take."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Final

from bnclaims.audit.forecast.stored_records import Stored
from bnclaims.audit.forecast.trial_times import Assumed, Duration, Timings
from bnclaims.audit.plan import Plan, by_setting
from bnclaims.protocol.trial import Setting, Trial

# What the time of a trial can rest on, and how to say so.
BASES: Final = (
    ("stored", "as they took"),
    ("measured", "at the median of the same setting and arm"),
    ("other arm", "at that of another arm"),
    ("scaled", "extrapolated by arithmetic from another setting"),
    ("other network", "extrapolated by arithmetic from another network on this device"),
    ("assumed", "assumed from arithmetic alone"),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bill:
    """The time of some trials: seconds one after another, hours of cores or GPUs, and what is unknown.

    ``basis`` counts trials by what their time rests on, `trial_times.Basis` or ``stored``; ``unknown``
    have none, and the sums leave them out.
    """

    trials: int
    seconds: float
    hours: float
    basis: Mapping[str, int]
    unknown: int


class Costs:
    """Bills of trials; stored ones at the time they took, others as `Timings` forecasts them."""

    def __init__(self, stored: Stored, device: str, assumed: Assumed) -> None:
        self.timings = Timings([*stored.planned.values(), *stored.others], assumed)
        self.assumed = assumed
        self.unit = "GPU-hours" if device == "cuda" else "core-hours"
        self._stored = stored
        self._known: dict[tuple[Setting, str], Duration | None] = {}

    def bill(self, trials: Mapping[str, Trial]) -> Bill:
        """The bill of trials by key."""
        basis: Counter[str] = Counter()
        seconds = busy = 0.0
        for key, trial in trials.items():
            record = self._stored.planned.get(key)
            if record is not None and record.seconds.get("train", 0.0) > 0:
                elapsed = record.seconds["train"] + record.seconds.get("read", 0.0)
                processor = record.seconds.get("processor", elapsed)
                basis["stored"] += 1
            else:
                duration = self.of(trial)
                if duration is None:
                    continue
                elapsed, processor = duration.seconds, duration.processor
                basis[duration.basis] += 1
            seconds += elapsed
            busy += elapsed if self.unit == "GPU-hours" else processor
        return Bill(
            trials=len(trials),
            seconds=seconds,
            hours=busy / 3600,
            basis=dict(basis),
            unknown=len(trials) - basis.total(),
        )

    def of(self, trial: Trial) -> Duration | None:
        """The duration of one trial; all seeds have the same."""
        name = (trial.setting, trial.arm)
        if name not in self._known:
            self._known[name] = self.timings.of(trial)
        return self._known[name]


def totals(plan: Plan, stored: Stored, wanted: Collection[str], costs: Costs) -> dict[str, Any]:
    """First looks and all looks: what they hold, what is stored, what open cells may still want."""
    return {
        name: _total(trials, stored, wanted, costs)
        for name, trials in (("first_looks", plan.first), ("all_looks", plan.all))
    }


def _total(
    trials: Mapping[str, Trial],
    stored: Stored,
    wanted: Collection[str],
    costs: Costs,
) -> dict[str, Any]:
    left = {key: trial for key, trial in trials.items() if key in wanted}
    return {
        "trials": len(trials),
        "groups": len(by_setting(trials)),
        "stored": sum(key in stored.planned for key in trials),
        "left": len(left),
        "whole": dataclasses.asdict(costs.bill(trials)),
        "to_do": dataclasses.asdict(costs.bill(left)),
    }


def group_list(plan: Plan, stored: Stored, costs: Costs) -> list[dict[str, Any]]:
    """Every group: the trials of one setting, its arms, and how long one trial of each arm takes."""
    first = by_setting(plan.first)
    return [
        {
            "setting": setting.label,
            "classes": len(setting.task.classes),
            "first_looks": len(first.get(setting, ())),
            "all_looks": len(trials),
            "stored": sum(trial.key in stored.planned for trial in trials),
            "arms": {
                arm: None if (found := costs.of(trial)) is None else dataclasses.asdict(found)
                for arm, trial in {trial.arm: trial for trial in trials}.items()
            },
        }
        for setting, trials in by_setting(plan.all).items()
    ]
