"""``trials.csv``: one line per trial and readout, with integer counts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Final

from bnclaims.audit.evidence.predictions import predictions_of
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Setting
from bnclaims.report.trials_columns import LATER, SECONDS, SETTING
from bnclaims.store.record import Record

# Values of the table: a full audit has some hundred thousand.
MAX_VALUES: Final = 5_000_000
ID_COLUMNS: Final = ("key", "readout")
_COLUMNS: Final = tuple(column.name for column in SETTING)


def table_of(
    records: Mapping[str, Record], used: Iterable[tuple[str, str]]
) -> tuple[list[str], list[list[str]]]:
    """Column names and lines of the table, sorted by setting, arm, seed and readout.

    ``used`` are the (key, readout) pairs to list. ``true1_pred0`` counts test images of class 1
    that were predicted as class 0; majority classes come first. What does not apply is empty:
    counts of a diverged trial, classes that a task does not have.
    """
    pairs = sorted(set(used), key=lambda pair: (*_order(records[pair[0]]), pair[1]))
    classes = max((len(records[key].trial.setting.task.classes) for key, _ in pairs), default=2)
    if len(pairs) * classes**2 > MAX_VALUES:
        raise BnclaimsError(
            f"trials.csv: {len(pairs)} rows for {classes} classes would be more than {MAX_VALUES} "
            "counts; use fewer classes or claims."
        )
    cells = [(true, predicted) for true in range(classes) for predicted in range(classes)]
    later = _later_columns(records[key].trial.setting for key, _ in pairs)
    columns = [*_COLUMNS, *(f"true{t}_pred{p}" for t, p in cells), SECONDS.name, *later]
    return columns, [_line(records[key], readout, cells, later) for key, readout in pairs]


def _later_columns(settings: Iterable[Setting]) -> list[str]:
    """Names of the columns that only some tables have."""
    stated = {name for setting in set(settings) for name in setting.as_dict()}
    return [column.name for column in LATER if column.name in stated]


def _order(record: Record) -> tuple[str | int, ...]:
    setting = record.trial.setting
    return (
        setting.task.dataset,
        setting.architecture,
        setting.head,
        setting.batch_size,
        setting.epochs or 0,
        setting.steps or 0,
        setting.task.majority_images,
        setting.task.minority_images,
        setting.regime,
        setting.classifier,
        record.trial.arm,
        record.trial.seed,
        record.trial.key,
    )


def _line(
    record: Record, readout: str, cells: list[tuple[int, int]], later: list[str]
) -> list[str]:
    trial, setting, task = record.trial, record.trial.setting, record.trial.setting.task
    test = record.splits.get("test")
    values = (
        trial.key,
        task.dataset,
        setting.architecture,
        setting.head,
        setting.batch_size,
        "" if setting.epochs is None else setting.epochs,
        "" if setting.steps is None else setting.steps,
        task.majority_images,
        task.minority_images,
        trial.arm,
        trial.seed,
        readout,
        "true" if record.diverged else "false",
        "" if test is None else len(test.labels),
    )
    counts: list[list[int]] = []
    if not record.diverged:
        counts = predictions_of(record, readout).counts.tolist()
    return [
        *map(str, values),
        *(str(counts[t][p]) if t < len(counts) and p < len(counts) else "" for t, p in cells),
        f"{record.seconds['train']:.6g}" if "train" in record.seconds else "",
        *(str(getattr(setting, name)) for name in later),
    ]


def encode_table(columns: list[str], lines: list[list[str]]) -> bytes:
    """The bytes of the file: UTF-8, commas, one line feed per line."""
    text = io.StringIO(newline="")
    # Python 3.11 does not quote a carriage return, which a reader takes for the end of a line.
    returns = any("\r" in value for line in lines for value in line)
    writer = csv.writer(
        text, lineterminator="\n", quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL
    )
    writer.writerow(columns)
    writer.writerows(lines)
    return text.getvalue().encode("utf-8", errors="surrogateescape")


def decode_table(data: bytes, *, source: str) -> tuple[list[str], list[list[str]]]:
    """Column names and lines of a file's bytes; `BnclaimsError` when they are not such a table."""
    try:
        text = data.decode("utf-8", errors="surrogateescape")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        columns, lines, left = next(reader), [], MAX_VALUES
        for line in reader:
            lines.append(line)
            left -= len(line) + 1
            if left < 0:
                raise ValueError(f"it holds more than {MAX_VALUES} values")
    except (csv.Error, ValueError, StopIteration) as error:
        raise BnclaimsError(
            f"{source}: not a table with a header ({error}); fetch the report again."
        ) from error
    if len(set(columns)) != len(columns) or not set(ID_COLUMNS) <= set(columns):
        raise BnclaimsError(
            f"{source}: its header lacks key or readout or names a column twice; "
            "fetch the report again."
        )
    for number, line in enumerate(lines, start=2):
        if len(line) != len(columns):
            raise BnclaimsError(
                f"{source}: line {number} has {len(line)} values instead of {len(columns)}; "
                "fetch the report again."
            )
    return columns, lines
