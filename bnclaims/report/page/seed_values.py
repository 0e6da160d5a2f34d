"""What every seed came to: minority F1 of single networks, from the counts of ``trials.csv``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bnclaims.audit.advice import REVERSE
from bnclaims.audit.evidence import metrics
from bnclaims.protocol.names import (
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
    TUNED_THRESHOLD,
    WEIGHTED_LOSS,
)
from bnclaims.protocol.trial import TRAINER_VERSION, Trial

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
# Calling all images of two classes the minority scores 0.67 F1, so that F1 alone does not show it.
ONE_SIDED: Final = 0.1

# Rows of ``trials.csv`` by key and readout.
Counts = Mapping[tuple[str, str], Mapping[str, str]]


def counts_of(trials: Sequence[Mapping[str, str]]) -> Counts:
    """The rows of a ``trials.csv`` by trial and readout, without diverged trials."""
    return {(row["key"], row["readout"]): row for row in trials if row["diverged"] == "false"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Panel:
    """The seeds of one setting: minority F1 of each in the networks that are shown.

    ``missing`` counts seeds without all of these networks, ``one_sided`` by name those of the others
    on which a network calls nearly all majority images a minority.
    """

    label: str
    names: tuple[str, ...]
    seeds: Mapping[int, Sequence[float]]
    missing: int
    one_sided: Mapping[str, int]
    classes: int


def panels(claim: Mapping[str, Any], counts: Counts) -> list[Panel]:
    """A panel for every setting of the deciding cells that has trials; none for curves."""
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
                found.append(
                    Panel(
                        label=label.replace("_", " "),
                        names=tuple(name for _, _, name in shown_here),
                        seeds=seeds,
                        missing=cell["seeds"] - len(seeds),
                        one_sided={
                            name: count
                            for arm, readout, name in shown_here
                            if (
                                count := sum(
                                    _is_one_sided(
                                        setting, counts.get((_key(setting, arm, seed), readout))
                                    )
                                    for seed in seeds
                                )
                            )
                        },
                        classes=len(setting["task"]["majority"]) + len(setting["task"]["minority"]),
                    )
                )
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
    return float(metrics.minority_f1(_confusion(row, classes), minority))


def _is_one_sided(setting: Mapping[str, Any], row: Mapping[str, str] | None) -> bool:
    """Whether a network leaves the majority classes less than `ONE_SIDED` of their images."""
    task = setting["task"]
    first = len(task["majority"])
    if row is None:
        return False
    majority = _confusion(row, range(first + len(task["minority"])))[:first]
    return bool(majority[:, :first].sum() < ONE_SIDED * majority.sum())


def _confusion(row: Mapping[str, str], classes: range) -> NDArray[np.int64]:
    return np.array([[int(row[f"true{t}_pred{p}"]) for p in classes] for t in classes])
