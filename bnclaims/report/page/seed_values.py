"""Minority F1 of single seeds, from the counts of ``trials.csv``."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bnclaims.audit.claim import FINAL_BN_KEPT, PLAIN_KEPT, Shown
from bnclaims.audit.evidence.confusion import minority_f1
from bnclaims.audit.evidence.metrics import F1
from bnclaims.protocol.trial import Trial
from bnclaims.report.model import StatedClaim
from bnclaims.report.model_parts import StatedSetting

if TYPE_CHECKING:
    import pandas as pd

BOTH: Final = (PLAIN_KEPT, FINAL_BN_KEPT)
COUNT_NAME: Final = re.compile(r"true\d+_pred\d+")

# Images by true and predicted class, by key and readout of a trial.
Counts = Mapping[tuple[str, str], NDArray[np.int64]]


def counts_of(trials: pd.DataFrame) -> Counts:
    """The counts of a table of trials by trial and readout, without diverged trials."""
    names = [name for name in trials.columns if COUNT_NAME.fullmatch(str(name))]
    known = trials[~trials["diverged"]]
    classes = math.isqrt(len(names))
    # What a task of fewer classes does not have is cut off where its counts are read.
    counts = known[names].to_numpy(np.int64, na_value=0).reshape(len(known), classes, classes)
    return dict(zip(zip(known["key"], known["readout"], strict=True), counts, strict=True))


@dataclasses.dataclass(frozen=True)
class Seeds:
    """The counts of single networks, and by id of a claim the networks that it has drawn.

    ``first`` is the seed of the first networks.
    """

    counts: Counts
    shows: Mapping[str, Sequence[Shown]]
    first: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Panel:
    """The seeds of one setting: minority F1 of each in the networks that are shown.

    ``missing`` counts seeds without all of these networks, ``one_sided`` by name those of the others
    on which a network calls all images one class.
    """

    label: str
    names: tuple[str, ...]
    seeds: Mapping[int, Sequence[float]]
    missing: int
    one_sided: Mapping[str, int]
    classes: int


def panels(claim: StatedClaim, seeds: Seeds) -> list[Panel]:
    """A panel for every setting of the deciding cells that has trials; none for curves."""
    networks = seeds.shows.get(claim.id, BOTH)
    cells = [cell for cell in claim.cells if cell.primary] or claim.cells
    if any(cell.doses for cell in cells):
        return []
    found = []
    for cell in cells:
        if cell.finding is None or F1.name not in cell.finding.metrics:
            continue
        for name, setting in cell.settings.items():
            label = name if len(cell.settings) > 1 else cell.name
            judged = range(seeds.first, seeds.first + cell.seeds)
            values = _seed_values(setting, judged, networks, seeds.counts)
            # A claim's own trials may lack a readout that others show.
            shown = networks
            if not values and len(networks) > 2:
                shown = BOTH
                values = _seed_values(setting, judged, shown, seeds.counts)
            if values:
                found.append(_panel(label.replace("_", " "), setting, cell.seeds, shown, values))
    return found


def _panel(
    label: str,
    setting: StatedSetting,
    seeds: int,
    networks: Sequence[Shown],
    values: Mapping[int, Sequence[NDArray[np.int64]]],
) -> Panel:
    task = setting.task
    minority = range(len(task.majority), len(task.classes))
    one_sided = {
        network.name: sum(_is_one_sided(counts[place]) for counts in values.values())
        for place, network in enumerate(networks)
    }
    return Panel(
        label=label,
        names=tuple(network.name for network in networks),
        seeds={
            seed: [float(minority_f1(table, minority)) for table in counts]
            for seed, counts in values.items()
        },
        missing=seeds - len(values),
        one_sided={name: count for name, count in one_sided.items() if count},
        classes=len(task.classes),
    )


def _seed_values(
    setting: StatedSetting, seeds: Sequence[int], networks: Sequence[Shown], counts: Counts
) -> dict[int, list[NDArray[np.int64]]]:
    """The counts of all networks of a seed, where all are there."""
    fixed, classes = setting.setting(), len(setting.task.classes)
    found = {}
    for seed in seeds:
        keys = [
            (Trial(setting=fixed, arm=network.arm, seed=seed).key, network.readout)
            for network in networks
        ]
        if all(key in counts for key in keys):
            found[seed] = [counts[key][:classes, :classes] for key in keys]
    return found


def _is_one_sided(counts: NDArray[np.int64]) -> bool:
    """Whether a network calls all images one class."""
    return int(counts.any(axis=0).sum()) == 1
