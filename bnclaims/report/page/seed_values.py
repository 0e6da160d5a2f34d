"""What every seed came to: minority F1 of single networks, from the counts of ``trials.csv``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bnclaims.audit.claim import FINAL_BN_KEPT, PLAIN_KEPT, Network
from bnclaims.audit.evidence.confusion import minority_f1
from bnclaims.protocol.trial import TRAINER_VERSION, Trial

BOTH: Final = (PLAIN_KEPT, FINAL_BN_KEPT)
# Calling all images of two classes the minority scores 0.67 F1, so that F1 alone does not show it.
ONE_SIDED: Final = 0.1

# Rows of ``trials.csv`` by key and readout.
Counts = Mapping[tuple[str, str], Mapping[str, str]]


def counts_of(trials: Sequence[Mapping[str, str]]) -> Counts:
    """The rows of a ``trials.csv`` by trial and readout, without diverged trials."""
    return {(row["key"], row["readout"]): row for row in trials if row["diverged"] == "false"}


@dataclasses.dataclass(frozen=True)
class Seeds:
    """The counts of single networks, and by id of a claim the networks that it has drawn."""

    counts: Counts
    networks: Mapping[str, Sequence[Network]]


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


def panels(claim: Mapping[str, Any], seeds: Seeds) -> list[Panel]:
    """A panel for every setting of the deciding cells that has trials; none for curves."""
    counts, networks = seeds.counts, seeds.networks.get(claim["id"], BOTH)
    cells = [cell for cell in claim["cells"] if cell["primary"]] or claim["cells"]
    if any(cell["doses"] for cell in cells):
        return []
    found = []
    for cell in cells:
        if "f1" not in (cell["finding"] or {}).get("metrics", ()):
            continue
        for setting_name, setting in cell["settings"].items():
            label = setting_name if len(cell["settings"]) > 1 else cell["name"]
            values = _seed_values(setting, cell["seeds"], networks, counts)
            # A claim's own trials may lack a readout that others show.
            shown = networks
            if not values and len(networks) > 2:
                shown = BOTH
                values = _seed_values(setting, cell["seeds"], shown, counts)
            if values:
                found.append(
                    Panel(
                        label=label.replace("_", " "),
                        names=tuple(network.name for network in shown),
                        seeds=values,
                        missing=cell["seeds"] - len(values),
                        one_sided={
                            network.name: count
                            for network in shown
                            if (
                                count := sum(
                                    _is_one_sided(setting, _row(setting, network, seed, counts))
                                    for seed in values
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
    networks: Sequence[Network],
    counts: Counts,
) -> dict[int, list[float]]:
    task = setting["task"]
    first = len(task["majority"])
    classes = range(first + len(task["minority"]))
    minority = range(first, len(classes))
    found = {}
    for seed in range(seeds):
        rows = [_row(setting, network, seed, counts) for network in networks]
        if all(row is not None for row in rows):
            found[seed] = [_minority_f1(row, minority, classes) for row in rows if row is not None]
    return found


def _row(
    setting: Mapping[str, Any], network: Network, seed: int, counts: Counts
) -> Mapping[str, str] | None:
    trial = {"trainer": TRAINER_VERSION, "setting": setting, "arm": network.arm, "seed": seed}
    return counts.get((Trial.from_dict(trial).key, network.readout))


def _minority_f1(row: Mapping[str, str], minority: range, classes: range) -> float:
    return float(minority_f1(_confusion(row, classes), minority))


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
