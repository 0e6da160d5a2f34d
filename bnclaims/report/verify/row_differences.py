"""Lines of ``trials.csv`` against what the predictions give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bnclaims.report.files import TABLE
from bnclaims.report.formatting import shown
from bnclaims.report.trials_table import ID_COLUMNS


def row_differences(
    columns: list[str],
    lines: list[list[str]],
    expected_columns: list[str],
    expected_lines: list[list[str]],
) -> Iterator[str]:
    """A sentence for every value, line or column that is not the expected one."""
    for name in expected_columns:
        if name not in columns:
            yield f"{TABLE}: column {name} is missing"
    for name in columns:
        if name not in expected_columns:
            yield f"{TABLE}: column {shown(name)} does not belong there"
    stated: dict[tuple[str, ...], dict[str, str]] = {}
    for line in lines:
        row = dict(zip(columns, line, strict=True))
        key = tuple(row[name] for name in ID_COLUMNS)
        if key in stated:
            yield f"{TABLE}: {_row_name(row)}: is there twice"
        stated[key] = row
    for line in expected_lines:
        expected = dict(zip(expected_columns, line, strict=True))
        found = stated.pop(tuple(expected[name] for name in ID_COLUMNS), None)
        if found is None:
            yield f"{TABLE}: {_row_name(expected)}: its row is missing"
        elif found != expected:
            for name in expected_columns:
                if name in found and found[name] != expected[name]:
                    yield (
                        f"{TABLE}: {_row_name(expected)}, column {name}: stated "
                        f"{bare(found[name])}, recomputed {bare(expected[name])}"
                    )
    for row in stated.values():
        yield f"{TABLE}: {_row_name(row)}: no judgement used this row"


def _row_name(row: Mapping[str, str]) -> str:
    key, arm, seed, readout = (row.get(name, "") for name in ("key", "arm", "seed", "readout"))
    return f"trial {shown(key)[1:-1]} (arm {bare(arm)}, seed {bare(seed)}, readout {bare(readout)})"


def bare(text: str) -> str:
    """A text as it is where it is a plain word or number, otherwise made safe to print."""
    return text if re.fullmatch(r"[\w.+-]{1,80}", text, re.ASCII) else shown(text)
