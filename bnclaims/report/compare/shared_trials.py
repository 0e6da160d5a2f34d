"""Trials of ``trials.csv`` that a cell rests on, and whether two cells rest on the same."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from bnclaims.protocol.names import LINEAR, SCRATCH
from bnclaims.report.files import LIMITS, TABLE
from bnclaims.report.model import StatedCell, StatedClaim
from bnclaims.report.model_parts import StatedSetting
from bnclaims.report.reading.untrusted_files import read_file
from bnclaims.report.trials_columns import SECONDS
from bnclaims.report.trials_table import ID_COLUMNS, decode_table

if TYPE_CHECKING:
    import pandas as pd

# How the networks behind two estimates relate: the very same ones, some of the same trials (then
# their seeds draw the same images), or other trials.
Relation = Literal["same", "shared", "separate"]
# Texts of a row's setting and arm.
SettingKey = tuple[str, ...]

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
_TASK: Final = ("dataset", "majority_images", "minority_images")
_PLACE: Final = [*_SETTING, *_TASK, "arm"]
_DEFAULTS: Final = {"regime": SCRATCH, "classifier": LINEAR}


@dataclasses.dataclass(frozen=True)
class Trials:
    """Table of trials as texts, with the numbers of its rows by setting and arm."""

    rows: pd.DataFrame
    places: Mapping[SettingKey, Sequence[int]]
    first_seed: int

    def of(self, claim: StatedClaim, cell: StatedCell) -> pd.DataFrame:
        """The rows that a cell rests on, by key and readout; time is no part of what was trained."""
        places = {(*_place(s), arm) for s in cell.settings.values() for arm in claim.arms}
        numbers = sorted(n for place in places for n in self.places.get(place, ()))
        rows = self.rows.iloc[numbers]
        # No report has more seeds than rows, whatever it states.
        seeds = [str(self.first_seed + place) for place in range(min(cell.seeds, len(self.rows)))]
        return (
            rows[rows["seed"].isin(seeds)]
            .drop(columns=SECONDS.name)
            .drop_duplicates(ID_COLUMNS, keep="last")
            .set_index(ID_COLUMNS)
        )


def read_trials(folder: Path, first_seed: int) -> Trials:
    """The table of a report; `BnclaimsError` when it is missing or no such table."""
    file = folder / TABLE
    rows = decode_table(read_file(file, limit=LIMITS[TABLE]), source=str(file))
    needed = {name: _DEFAULTS.get(name, "") for name in (*_PLACE, "seed", SECONDS.name)}
    rows = rows.assign(**{name: text for name, text in needed.items() if name not in rows})
    places: defaultdict[SettingKey, list[int]] = defaultdict(list)
    for number, place in enumerate(rows[_PLACE].itertuples(index=False, name=None)):
        places[place].append(number)
    return Trials(rows, dict(places), first_seed)


def _place(setting: StatedSetting) -> SettingKey:
    values = [getattr(setting, name) for name in _SETTING]
    values += [getattr(setting.task, name) for name in _TASK]
    return tuple("" if value is None else str(value) for value in values)


def relation(one: pd.DataFrame, other: pd.DataFrame) -> Relation:
    """How the trials of two cells relate.

    The same trials may be read out in more ways in one report, for claims that the other lacks, and
    its table has more columns where a task of it has more classes.
    """
    trials, others = (set(rows.index.get_level_values("key")) for rows in (one, other))
    if not trials & others:
        return "separate"
    columns = one.columns.union(other.columns)
    common = one.index.intersection(other.index)
    first, second = (
        rows.reindex(columns=columns, fill_value="").loc[common] for rows in (one, other)
    )
    return "same" if trials == others and first.equals(second) else "shared"
