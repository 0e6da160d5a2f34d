"""The columns of trials.csv: what is documented, described in reports and written is the same."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from bnclaims.report.trials_columns import COLUMNS, TABLE_SCHEMA, column_of, descriptor
from bnclaims.report.trials_table import trials_frame
from fixtures.committed import AUDITS, REPORTS

ROOT = Path(__file__).parents[2]
TABLES = [REPORTS / name / "trials.csv" for name in AUDITS]
PATTERNS = {
    "string": r"[^\n]+",
    "integer": r"\d+",
    "number": r"\d+(\.\d+)?(e[+-]\d+)?",
    "boolean": r"true|false",
}


def test_the_columns_of_schema_1_are_these() -> None:
    """Renaming one breaks its readers: then raise TABLE_SCHEMA, and say so in docs/trials-csv.md."""
    assert TABLE_SCHEMA == 1
    assert " ".join(column.name for column in COLUMNS) == (
        "key dataset architecture head batch_size epochs steps majority_images minority_images arm "
        "seed readout diverged test_images true{T}_pred{P} train_seconds regime classifier"
    )


@pytest.mark.parametrize("file", TABLES, ids=lambda file: file.parent.name)
def test_the_committed_tables_obey_their_descriptor(file: Path) -> None:
    with file.open(newline="") as lines:
        reader = csv.DictReader(lines)
        rows = list(reader)
    fields = descriptor(list(reader.fieldnames or [])).fields
    assert [field.name for field in fields] == reader.fieldnames
    for field in fields:
        pattern = re.compile(PATTERNS[field.type])
        for row in rows:
            value = row[field.name]
            if value or field.constraints.required:
                assert pattern.fullmatch(value), (field.name, value)
    assert len({(row["key"], row["readout"]) for row in rows}) == len(rows)


def test_the_page_has_every_column_with_its_type_unit_and_meaning() -> None:
    page = (ROOT / "docs" / "trials-csv.md").read_text(encoding="utf-8")
    for column in COLUMNS:
        empty = column.empty or "never"
        row = f"| `{column.name}` | {column.type} | {column.unit or '–'} | {column.meaning} | {empty} |"
        assert row in page
    assert page.count("\n| `") == len(COLUMNS)
    assert f"schema {TABLE_SCHEMA}" in page


def test_the_page_names_the_header_that_is_written_column_by_column() -> None:
    """The page alone says what stands in the file: its rows, in its order, by its rules."""
    page = (ROOT / "docs" / "trials-csv.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `([^`]+)` \|", page.split("<!-- columns -->")[1], re.MULTILINE)
    start, end = named.index("true{T}_pred{P}"), named.index("train_seconds")
    headers = [list(trials_frame({}, []).columns)]
    for file in TABLES:
        with file.open(newline="") as lines:
            headers.append(next(csv.reader(lines)))
    for header in headers:
        classes = 1 + max(int(name[4:].split("_")[0]) for name in header if name.startswith("true"))
        counts = [f"true{t}_pred{p}" for t in range(classes) for p in range(classes)]
        always = [*named[:start], *counts, *named[end : end + 1]]
        # Columns after these are there only where a trial needs them.
        assert header[: len(always)] == always
        assert header[len(always) :] == [name for name in named[end + 1 :] if name in header]


def test_a_name_that_no_table_has_is_refused() -> None:
    assert column_of("true12_pred3").name == "true{T}_pred{P}"
    with pytest.raises(KeyError):
        column_of("true1_pred")
