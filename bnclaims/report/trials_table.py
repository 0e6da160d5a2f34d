"""Table of trials, ``trials.csv``: one line per trial and readout, with integer counts."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from bnclaims.audit.evidence.predictions import predictions_of
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Setting
from bnclaims.report.formatting import shown
from bnclaims.report.trials_columns import (
    LATER,
    SECONDS,
    SETTING,
    ColumnType,
    TableColumn,
    column_of,
)
from bnclaims.store.record import Record

# Slow to import, and only needed where there is a table.
if TYPE_CHECKING:
    import pandas as pd

# Values of the table: a full audit has some hundred thousand.
MAX_VALUES: Final = 5_000_000
ID_COLUMNS: Final = ["key", "readout"]
# Text as Python holds it: the name of a file may hold bytes that are no text, and not all storage takes them.
TEXT: Final = "string[python]"
# Any, since the stubs of pandas take literals only.
DTYPES: Final[Mapping[ColumnType, Any]] = {
    "string": TEXT,
    "integer": "Int64",
    "number": "float64",
    "boolean": "bool",
}
_FORMS: Final[Mapping[ColumnType, str]] = {
    "string": r"(?s:.*)",
    "integer": r"[0-9]{1,18}",
    "number": r"[0-9]+(\.[0-9]+)?(e[+-][0-9]{1,2})?",
    "boolean": "true|false",
}
_COLUMNS: Final = tuple(column.name for column in SETTING)


def trials_frame(records: Mapping[str, Record], used: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """Table of trials, sorted by setting, arm, seed and readout; dtypes are `DTYPES` of the columns.

    ``used`` are the (key, readout) pairs to list. ``true1_pred0`` counts test images of class 1
    that were predicted as class 0; majority classes come first. What does not apply is missing:
    counts of a diverged trial, classes that a task does not have.
    """
    import pandas as pd

    pairs = sorted(set(used), key=lambda pair: (*_order(records[pair[0]]), pair[1]))
    classes = max((len(records[key].trial.setting.task.classes) for key, _ in pairs), default=2)
    if len(pairs) * classes**2 > MAX_VALUES:
        raise BnclaimsError(
            f"trials.csv: {len(pairs)} rows for {classes} classes would be more than {MAX_VALUES} "
            "counts; use fewer classes or claims."
        )
    cells = [(true, predicted) for true in range(classes) for predicted in range(classes)]
    later = _later_columns(records[key].trial.setting for key, _ in pairs)
    names = [*_COLUMNS, *(f"true{t}_pred{p}" for t, p in cells), SECONDS.name, *later]
    lines = [_line(records[key], readout, cells, later) for key, readout in pairs]
    values = zip(*lines, strict=True) if lines else [()] * len(names)
    return pd.DataFrame(
        {
            name: pd.array(list(column), dtype=DTYPES[column_of(name).type])
            for name, column in zip(names, values, strict=True)
        }
    )


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
) -> list[str | int | float | bool | None]:
    trial, setting, task = record.trial, record.trial.setting, record.trial.setting.task
    test = record.splits.get("test")
    values = (
        trial.key,
        task.dataset,
        setting.architecture,
        setting.head,
        setting.batch_size,
        setting.epochs,
        setting.steps,
        task.majority_images,
        task.minority_images,
        trial.arm,
        trial.seed,
        readout,
        record.diverged,
        None if test is None else len(test.labels),
    )
    counts: list[list[int]] = []
    if not record.diverged:
        counts = predictions_of(record, readout).counts.tolist()
    seconds = record.seconds.get("train")
    return [
        *values,
        *(counts[t][p] if t < len(counts) and p < len(counts) else None for t, p in cells),
        # As many digits as the file has, so that it is read as it was written.
        None if seconds is None else float(f"{seconds:.6g}"),
        *(str(getattr(setting, name)) for name in later),
    ]


def text_of(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with every value as the text that it has in the file, "" where it is missing."""
    return frame.assign(**{str(name): _texts(frame[name]) for name in frame.columns})


def _texts(column: pd.Series) -> pd.Series:
    if column.dtype == "bool":
        text = column.map({True: "true", False: "false"})
    elif column.dtype == "float64":
        text = column.map("{:.6g}".format, na_action="ignore")
    else:
        text = column
    return text.astype(TEXT).fillna("")


def encode_table(frame: pd.DataFrame) -> bytes:
    """The bytes of the file: UTF-8, commas, one line feed per line."""
    text = text_of(frame)
    # Python 3.11 does not quote a carriage return, which a reader takes for the end of a line.
    returns = any(text[name].str.contains("\r", regex=False).any() for name in text)
    encoded: str = text.to_csv(
        index=False,
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL,
    )
    return encoded.encode("utf-8", errors="surrogateescape")


def decode_table(data: bytes, *, source: str) -> pd.DataFrame:
    """The table in a file's bytes, every value as text; `BnclaimsError` when they hold none.

    pandas would name a column anew that is there twice, and fill up lines that are too short.
    """
    import pandas as pd

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
    return pd.DataFrame(lines, columns=columns, dtype=TEXT)


def typed(text: pd.DataFrame, *, source: str) -> pd.DataFrame:
    """A table of texts with the dtypes of its columns, which are those of a report and no others.

    `BnclaimsError` where a value is not of its column's type, with its line.
    """
    try:
        columns = {str(name): column_of(str(name)) for name in text.columns}
    except KeyError as error:
        raise BnclaimsError(
            f"{source}: no table of trials has a column {shown(error.args[0])}; "
            "fetch the report again."
        ) from error
    if missing := [name for name in (*_COLUMNS, SECONDS.name) if name not in columns]:
        raise BnclaimsError(f"{source}: lacks the column {missing[0]}; fetch the report again.")
    return text.assign(**{name: _typed(text[name], columns[name], source) for name in columns})


def _typed(values: pd.Series, column: TableColumn, source: str) -> pd.Series:
    form = re.compile(_FORMS[column.type])
    for line, value in enumerate(values, start=2):
        if not (form.fullmatch(value) if value else column.empty):
            raise BnclaimsError(
                f"{source}: line {line}, column {values.name}: {shown(value)} is not of the type "
                f"{column.type}; fetch the report again."
            )
    if column.type == "boolean":
        values = values == "true"
    elif column.type == "number":
        values = values.mask(values == "").astype("Float64")
    elif column.type == "integer":
        values = values.mask(values == "")
    return values.astype(DTYPES[column.type])
