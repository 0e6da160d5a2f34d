"""Which trials of ``trials.csv`` a cell rests on, and whether two cells rest on the same."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from bnclaims.protocol.names import LINEAR, SCRATCH
from bnclaims.report.files import LIMITS, TABLE
from bnclaims.report.model import StatedCell, StatedClaim
from bnclaims.report.model_parts import StatedSetting
from bnclaims.report.reading.untrusted_files import read_file
from bnclaims.report.trials_table import ID_COLUMNS, decode_table

# How the networks behind two estimates relate: the very same ones, some of the same trials (then
# their seeds draw the same images), or other trials.
Relation = Literal["same", "shared", "separate"]
# Counts of a trial as one readout gives them, by (key, readout).
Counts = Mapping[tuple[str, ...], Mapping[str, str]]
Place = tuple[str, ...]

# What a row and a setting of report.json both name; the last two only where it is not the default.
_SETTING: Final = (
    "architecture",
    "head",
    "batch_size",
    "epochs",
    "steps",
    "regime",
    "classifier",
)
_DEFAULTS: Final = {"regime": SCRATCH, "classifier": LINEAR}
_TASK: Final = ("dataset", "majority_images", "minority_images")
# Time is no part of what was trained.
_NOT_COUNTED: Final = "train_seconds"


@dataclasses.dataclass(frozen=True)
class Trials:
    """The ``count`` rows of a table by setting and arm."""

    rows: Mapping[Place, list[Mapping[str, str]]]
    count: int

    def of(self, claim: StatedClaim, cell: StatedCell) -> Counts:
        """The counts that a cell rests on."""
        places = {(*_place(s), arm) for s in cell.settings.values() for arm in claim.arms}
        # No report has more seeds than rows, whatever it states.
        seeds = {str(seed) for seed in range(min(cell.seeds, self.count))}
        return {
            tuple(row[name] for name in ID_COLUMNS): {
                name: value for name, value in row.items() if name != _NOT_COUNTED
            }
            for place in places
            for row in self.rows.get(place, ())
            if row["seed"] in seeds
        }


def read_trials(folder: Path) -> Trials:
    """The table of a report; `BnclaimsError` when it is missing or no such table."""
    file = folder / TABLE
    columns, lines = decode_table(read_file(file, limit=LIMITS[TABLE]), source=str(file))
    rows: defaultdict[Place, list[Mapping[str, str]]] = defaultdict(list)
    for line in lines:
        row = defaultdict(str, _DEFAULTS | dict(zip(columns, line, strict=True)))
        rows[tuple(row[name] for name in (*_SETTING, *_TASK, "arm"))].append(row)
    return Trials(dict(rows), len(lines))


def _place(setting: StatedSetting) -> Place:
    values = [getattr(setting, name) for name in _SETTING]
    values += [getattr(setting.task, name) for name in _TASK]
    return tuple("" if value is None else str(value) for value in values)


def relation(one: Counts, other: Counts) -> Relation:
    """How two sets of counts relate.

    The same trials may be read out in more ways in one report, for claims that the other lacks.
    """
    trials, others = {key for key, _ in one}, {key for key, _ in other}
    if not trials & others:
        return "separate"
    common = one.keys() & other.keys()
    if trials == others and all(one[row] == other[row] for row in common):
        return "same"
    return "shared"
