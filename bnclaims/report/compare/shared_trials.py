"""Trials of ``trials.csv`` that a cell rests on, and whether two cells rest on the same."""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bnclaims.protocol.trial import Trial
from bnclaims.report.files import LIMITS, TABLE
from bnclaims.report.model import StatedCell, StatedClaim
from bnclaims.report.reading.untrusted_files import read_file
from bnclaims.report.trials_columns import SECONDS
from bnclaims.report.trials_table import ID_COLUMNS, decode_table

if TYPE_CHECKING:
    import pandas as pd

# How the networks behind two estimates relate: the very same ones, some of the same trials (then
# their seeds draw the same images), or other trials.
Relation = Literal["same", "shared", "separate"]


@dataclasses.dataclass(frozen=True)
class Trials:
    """Table of trials as texts, with the numbers of its rows by the trial's key."""

    rows: pd.DataFrame
    numbers: Mapping[str, Sequence[int]]
    first_seed: int

    def of(self, claim: StatedClaim, cell: StatedCell) -> pd.DataFrame:
        """The rows that a cell rests on, by key and readout; time is no part of what was trained."""
        # No report has more seeds than rows, whatever it states.
        seeds = range(self.first_seed, self.first_seed + min(cell.seeds, len(self.rows)))
        settings = [setting.setting() for setting in cell.settings.values()]
        keys = {
            Trial(setting=setting, arm=arm, seed=seed).key
            for setting, arm, seed in itertools.product(settings, claim.arms, seeds)
        }
        return (
            self.rows.iloc[sorted(n for key in keys for n in self.numbers.get(key, ()))]
            .drop(columns=SECONDS.name)
            .drop_duplicates(ID_COLUMNS, keep="last")
            .set_index(ID_COLUMNS)
        )


def read_trials(folder: Path, first_seed: int) -> Trials:
    """The table of a report; `BnclaimsError` when it is missing or no such table."""
    file = folder / TABLE
    rows = decode_table(read_file(file, limit=LIMITS[TABLE]), source=str(file))
    if SECONDS.name not in rows:
        rows[SECONDS.name] = ""
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for number, key in enumerate(rows["key"]):
        numbers[key].append(number)
    return Trials(rows, dict(numbers), first_seed)


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
