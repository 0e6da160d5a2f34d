"""Columns of ``trials.csv``: names, types, units and meanings, for code, docs and reports alike."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Final, Literal

from bnclaims.report.model_parts import Constraints, TableField, TableSchema

# Raised when a column is renamed, removed or changes its meaning; a new column at the end is none.
TABLE_SCHEMA: Final = 1

ColumnType = Literal["string", "integer", "number", "boolean"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TableColumn:
    """One column; ``unit`` is "" where there is none, ``empty`` says when the column has no value."""

    name: str
    type: ColumnType
    unit: str
    meaning: str
    empty: str = ""


SETTING: Final = (
    TableColumn(
        name="key",
        type="string",
        unit="",
        meaning="sha256 of the trial's canonical JSON, 64 hexadecimal digits: the same trial has the "
        "same key in every report and store",
    ),
    TableColumn(name="dataset", type="string", unit="", meaning="the images that were drawn from"),
    TableColumn(name="architecture", type="string", unit="", meaning="the network"),
    TableColumn(
        name="head", type="string", unit="", meaning="output and loss: softmax, sigmoid, sigmoid_k"
    ),
    TableColumn(name="batch_size", type="integer", unit="images", meaning="images per step"),
    TableColumn(
        name="epochs",
        type="integer",
        unit="epochs",
        meaning="length of training",
        empty="training was given in steps",
    ),
    TableColumn(
        name="steps",
        type="integer",
        unit="steps",
        meaning="length of training",
        empty="training was given in epochs",
    ),
    TableColumn(
        name="majority_images",
        type="integer",
        unit="images",
        meaning="training images of each majority class",
    ),
    TableColumn(
        name="minority_images",
        type="integer",
        unit="images",
        meaning="training images of each minority class",
    ),
    TableColumn(name="arm", type="string", unit="", meaning="the treatment, e.g. plain, final_bn"),
    TableColumn(
        name="seed", type="integer", unit="", meaning="the replicate; arms are paired by it"
    ),
    TableColumn(
        name="readout",
        type="string",
        unit="",
        meaning="how predictions were read from the network, e.g. kept, removed",
    ),
    TableColumn(
        name="diverged",
        type="boolean",
        unit="",
        meaning="whether training gave a number that is not finite: true or false",
    ),
    TableColumn(
        name="test_images",
        type="integer",
        unit="images",
        meaning="images that were tested, all classes together",
        empty="the trial diverged",
    ),
)
COUNT: Final = TableColumn(
    name="true{T}_pred{P}",
    type="integer",
    unit="images",
    meaning="test images of class T that were predicted as class P; classes are numbered from 0, "
    "majority classes first; one column for each pair, by T and then P, up to the largest number of "
    "classes in the report",
    empty="the trial diverged, or its task has fewer classes",
)
SECONDS: Final = TableColumn(
    name="train_seconds",
    type="number",
    unit="seconds",
    meaning="wall-clock time of training, on the machine that trained",
    empty="the time was not kept",
)
# At the end and only where some row is not the default: tables without such trials are what they
# were before there was a choice.
LATER: Final = (
    TableColumn(
        name="regime",
        type="string",
        unit="",
        meaning="how the weights begin and which are trained: scratch, fine_tuned, frozen; there only "
        "where some trial of the report is not scratch",
    ),
    TableColumn(
        name="classifier",
        type="string",
        unit="",
        meaning="what stands before the last Linear: linear (nothing), fastai; there only where some "
        "trial of the report is not linear",
    ),
)
COLUMNS: Final = (*SETTING, COUNT, SECONDS, *LATER)


def column_of(name: str) -> TableColumn:
    """The column of that name, counts included; ``KeyError`` for a name that no table has."""
    if re.fullmatch(r"true\d+_pred\d+", name):
        return COUNT
    return {column.name: column for column in (*SETTING, SECONDS, *LATER)}[name]


def descriptor(columns: Iterable[str]) -> TableSchema:
    """Table Schema of these columns."""
    return TableSchema(
        version=TABLE_SCHEMA,
        primaryKey=("key", "readout"),
        missingValues=("",),
        fields=tuple(_field(name, column_of(name)) for name in columns),
    )


def _field(name: str, column: TableColumn) -> TableField:
    return TableField(
        name=name,
        type=column.type,
        # Set only where there is one, so that it is written only there.
        **({"unit": column.unit} if column.unit else {}),
        description=column.meaning,
        constraints=Constraints(required=not column.empty),
    )
