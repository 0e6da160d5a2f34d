"""The table of trials and its comparison with what was stated."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.names import KEPT, PRIOR_SHIFTED
from bnclaims.protocol.trial import Setting, Trial
from bnclaims.report.trials_columns import column_of, descriptor
from bnclaims.report.trials_table import (
    ID_COLUMNS,
    TEXT,
    decode_table,
    encode_table,
    text_of,
    trials_frame,
    typed,
)
from bnclaims.report.verify.row_differences import row_differences
from bnclaims.store.record import Record, Split
from fixtures.trials import setting_of, task_of

COMMITTED = sorted((Path(__file__).parents[2] / "reports").glob("*/trials.csv"))
TASK = task_of(
    "digits",
    majority=(("0", "1"),),
    minority=(("8",),),
    majority_images=100,
    minority_images=10,
)
SETTING = setting_of(TASK, epochs=3)


def split(labels: list[int]) -> Split:
    names = tuple(f"image {number}" for number in range(len(labels)))
    return Split(images=names, groups=names, labels=np.array(labels, np.int64))


def record(
    *, setting: Setting = SETTING, arm: str = "plain", seed: int = 0, diverged: bool = False
) -> Record:
    classes = len(setting.task.classes)
    labels = [c for c in range(classes) for _ in range(2)]
    # The first image of every class is seen as class 0, the second as what it is.
    predicted = [0 if place % 2 == 0 else label for place, label in enumerate(labels)]
    scores = (np.eye(classes)[predicted] - 1).astype(np.float16)
    return Record(
        trial=Trial(setting=setting, arm=arm, seed=seed),
        diverged=diverged,
        splits={"test": split(labels), "validation": split([0, 0, 1])},
        scores={} if diverged else {(KEPT, "test"): scores},
        train_images=(100,) * (classes - 1) + (10,),
        pool_images=(1000,) * classes,
        losses=(),
        seconds={"train": 1.25},
        environment={},
    )


def texts(columns: list[str], lines: list[list[str]]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=columns, dtype=TEXT)


def rows_of(*records: Record, readout: str = KEPT) -> list[dict[str, str]]:
    by_key = {record.trial.key: record for record in records}
    table = trials_frame(by_key, [(key, readout) for key in by_key])
    # What is written is read again as it was.
    pd.testing.assert_frame_equal(
        typed(decode_table(encode_table(table), source="x"), source="x"), table
    )
    return text_of(table).to_dict("records")


def test_counts_are_true_class_by_predicted_class() -> None:
    (row,) = rows_of(record())
    counts = {name: value for name, value in row.items() if name.startswith("true")}
    assert counts == {
        "true0_pred0": "2",
        "true0_pred1": "0",
        "true1_pred0": "1",
        "true1_pred1": "1",
    }
    assert (row["dataset"], row["epochs"], row["steps"]) == ("digits", "3", "")
    assert (row["test_images"], row["diverged"], row["train_seconds"]) == ("4", "false", "1.25")


def test_a_derived_readout_is_counted_from_the_scores_it_rests_on() -> None:
    (row,) = rows_of(record(), readout=PRIOR_SHIFTED)
    # A margin of 1 is less than log(100 / 10): everything becomes the minority.
    assert (row["true0_pred1"], row["true1_pred1"]) == ("2", "2")


def test_a_diverged_trial_has_a_row_without_counts() -> None:
    (row,) = rows_of(record(diverged=True))
    assert row["diverged"] == "true"
    assert {value for name, value in row.items() if name.startswith("true")} == {""}


def test_classes_that_a_task_does_not_have_are_left_empty() -> None:
    three = dataclasses.replace(SETTING, task=dataclasses.replace(TASK, minority=(("8",), ("9",))))
    two, more = rows_of(record(), record(setting=three, seed=1))
    assert two["true2_pred2"] == two["true0_pred2"] == "" and two["true1_pred1"] == "1"
    assert more["true2_pred2"] == "1"


def test_rows_are_sorted_by_setting_arm_and_seed_as_numbers() -> None:
    larger = dataclasses.replace(SETTING, batch_size=128)
    rows = rows_of(
        record(setting=larger), record(arm="plain", seed=10), record(seed=9), record(arm="final_bn")
    )
    order = [(row["batch_size"], row["arm"], row["seed"]) for row in rows]
    assert order == [
        ("64", "final_bn", "0"),
        ("64", "plain", "9"),
        ("64", "plain", "10"),
        ("128", "plain", "0"),
    ]


@given(st.lists(st.lists(st.text(), min_size=3, max_size=3), max_size=4))
def test_a_table_is_read_as_it_was_written(lines: list[list[str]]) -> None:
    columns = ["key", "readout", "other"]
    clean = [[v.encode("utf-8", "ignore").decode() for v in line] for line in lines]
    table = texts(columns, clean)
    pd.testing.assert_frame_equal(decode_table(encode_table(table), source="x"), table)


def test_a_name_that_is_not_valid_text_survives() -> None:
    table = texts(ID_COLUMNS, [["folder:\udcff", "kept"]])
    pd.testing.assert_frame_equal(decode_table(encode_table(table), source="x"), table)


def test_a_line_of_the_wrong_length_is_refused_by_its_number() -> None:
    with pytest.raises(BnclaimsError, match=r"trials\.csv: line 3 has 1 values instead of 2"):
        decode_table(b"key,readout\na,b\nc\n", source="trials.csv")


def test_a_missing_and_a_surplus_column_are_named() -> None:
    found = list(row_differences(texts([*ID_COLUMNS, "x"], []), texts([*ID_COLUMNS, "arm"], [])))
    assert any("column arm is missing" in problem for problem in found)
    assert any("column 'x' does not belong there" in problem for problem in found)


def test_regime_and_classifier_have_columns_only_where_they_are_not_the_default() -> None:
    plain = record()
    assert not {"regime", "classifier"} & rows_of(plain)[0].keys()
    frozen = record(setting=dataclasses.replace(SETTING, regime="frozen"), seed=1)
    rows = rows_of(plain, frozen)
    assert [row["regime"] for row in rows] == ["frozen", "scratch"]
    assert list(rows[0])[-2:] == ["train_seconds", "regime"]
    fastai = record(setting=dataclasses.replace(SETTING, classifier="fastai"), seed=2)
    rows = rows_of(plain, frozen, fastai)
    assert list(rows[0])[-3:] == ["train_seconds", "regime", "classifier"]
    assert sorted((row["regime"], row["classifier"]) for row in rows) == [
        ("frozen", "linear"),
        ("scratch", "fastai"),
        ("scratch", "linear"),
    ]
    columns = list(rows[0])
    assert [field.name for field in descriptor(columns).fields] == columns


# --- as a data frame ------------------------------------------------------------------------------


@pytest.mark.parametrize("file", COMMITTED, ids=lambda file: file.parent.name)
def test_a_committed_table_is_written_again_byte_for_byte(file: Path) -> None:
    text = decode_table(file.read_bytes(), source=file.name)
    table = typed(text, source=file.name)
    assert encode_table(table) == encode_table(text) == file.read_bytes()
    assert {column_of(name).type: str(dtype) for name, dtype in table.dtypes.items()} == {
        "string": "string",
        "integer": "Int64",
        "number": "float64",
        "boolean": "bool",
    }


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("seed", "1.0", "column seed: '1.0' is not of the type integer"),
        ("seed", "-1", "column seed"),
        ("seed", "", "column seed: '' is not"),
        ("true1_pred1", "9" * 19, "column true1_pred1: '9999"),
        ("diverged", "True", "column diverged: 'True' is not of the type boolean"),
        ("train_seconds", "nan", "column train_seconds: 'nan' is not of the type number"),
        ("train_seconds", "1e999", "column train_seconds"),
        ("arm", "", "column arm"),
    ],
)
def test_a_value_that_is_not_of_its_type_is_refused_by_line_and_column(
    column: str, value: str, words: str
) -> None:
    text = decode_table(COMMITTED[0].read_bytes(), source="x")
    text.loc[3, column] = value
    with pytest.raises(BnclaimsError, match=re.escape(f"trials.csv: line 5, {words}")) as caught:
        typed(text, source="trials.csv")
    assert "\n" not in str(caught.value)


def test_columns_that_no_table_of_trials_has_or_that_all_have_are_told() -> None:
    text = decode_table(COMMITTED[0].read_bytes(), source="x")
    with pytest.raises(BnclaimsError, match=r"no table of trials has a column '\\x1b'"):
        typed(text.assign(**{"\x1b": ""}), source="x")
    with pytest.raises(BnclaimsError, match=r"x: lacks the column seed"):
        typed(text.drop(columns="seed"), source="x")
