"""Differences between the lines of ``trials.csv`` and what the predictions give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from bnclaims.report.files import TABLE
from bnclaims.report.formatting import shown
from bnclaims.report.trials_table import ID_COLUMNS

if TYPE_CHECKING:
    import pandas as pd


def row_differences(stated: pd.DataFrame, expected: pd.DataFrame) -> Iterator[str]:
    """A sentence for every value, line or column of texts that is not the expected one."""
    for name in expected.columns:
        if name not in stated.columns:
            yield f"{TABLE}: column {name} is missing"
    for name in stated.columns:
        if name not in expected.columns:
            yield f"{TABLE}: column {shown(name)} does not belong there"
    twice = stated.duplicated(ID_COLUMNS)
    for row in _rows(stated[twice]):
        yield f"{TABLE}: {_row_name(row)}: is there twice"
    stated = stated.drop_duplicates(ID_COLUMNS, keep="last").set_index(ID_COLUMNS, drop=False)
    expected = expected.set_index(ID_COLUMNS, drop=False)
    common = [name for name in expected.columns if name in stated.columns]
    # The rows that are not there become missing values.
    found = stated.reindex(expected.index)
    differ = found[common].ne(expected[common]).fillna(True).any(axis=1)
    for row, other in zip(_rows(expected[differ]), _rows(found[differ]), strict=True):
        if not isinstance(other["key"], str):
            yield f"{TABLE}: {_row_name(row)}: its row is missing"
            continue
        for name in common:
            if row[name] != other[name]:
                yield (
                    f"{TABLE}: {_row_name(row)}, column {name}: stated "
                    f"{bare(other[name])}, recomputed {bare(row[name])}"
                )
    for row in _rows(stated[~stated.index.isin(expected.index)]):
        yield f"{TABLE}: {_row_name(row)}: no judgement used this row"


def _rows(frame: pd.DataFrame) -> list[dict[str, str]]:
    columns = [str(name) for name in frame.columns]
    return [dict(zip(columns, values, strict=True)) for values in frame.itertuples(index=False)]


def _row_name(row: Mapping[str, str]) -> str:
    key, arm, seed, readout = (row.get(name, "") for name in ("key", "arm", "seed", "readout"))
    return f"trial {shown(key)[1:-1]} (arm {bare(arm)}, seed {bare(seed)}, readout {bare(readout)})"


def bare(text: str) -> str:
    """A text as it is where it is a plain word or number, otherwise made safe to print."""
    return text if re.fullmatch(r"[\w.+-]{1,80}", text, re.ASCII) else shown(text)
