"""Export of a report's trials: the numbers of the table, once, into a store of the user's choice."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bnclaims.errors import BnclaimsError
from bnclaims.export import KEY_TAG, KIND_TAG, Exportable, read_report, to_mlflow

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "reports" / "quick-digits"


@pytest.fixture(scope="module")
def report() -> Exportable:
    return read_report(REPORT)


def table() -> list[dict[str, str]]:
    with (REPORT / "trials.csv").open(newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]


def test_every_trial_of_the_table_is_there_once_with_all_its_readouts(report: Exportable) -> None:
    rows = table()
    assert [trial.key for trial in report.trials] == list({row["key"]: None for row in rows})
    numbers = {trial.key: trial.numbers for trial in report.trials}
    for row in rows:
        assert (f"{row['readout']}.minority_f1" in numbers[row["key"]]) is (
            row["diverged"] == "false"
        )


def test_f1_is_that_of_the_counts(report: Exportable) -> None:
    checked = 0
    numbers = {trial.key: trial.numbers for trial in report.trials}
    for row in table():
        if row["diverged"] == "false" and not row["true2_pred2"]:
            hits, missed, false = (
                int(row[name]) for name in ("true1_pred1", "true1_pred0", "true0_pred1")
            )
            expected = Fraction(2 * hits, 2 * hits + missed + false) if hits else Fraction(0)
            assert numbers[row["key"]][f"{row['readout']}.minority_f1"] == float(expected)
            checked += 1
    assert checked > 500


def test_a_table_that_does_not_fit_the_predictions_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    shutil.copytree(REPORT, folder)
    text = (folder / "trials.csv").read_text().splitlines()
    text[1] = "f" * 64 + text[1][64:]
    (folder / "trials.csv").write_text("\n".join(text) + "\n")
    with pytest.raises(BnclaimsError, match="do not fit together"):
        read_report(folder)


def test_without_mlflow_the_remedy_is_said(
    report: Exportable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(BnclaimsError, match=r"not installed; install it with pip install"):
        to_mlflow(report, "sqlite:///x.db", experiment="bnclaims")


def few(report: Exportable) -> Exportable:
    return Exportable(sha256=report.sha256, document=report.document, trials=report.trials[:5])


def runs(uri: str) -> list[Any]:
    client = pytest.importorskip("mlflow").MlflowClient(uri)
    experiment = client.get_experiment_by_name("mine")
    return list(client.search_runs([experiment.experiment_id]))


def test_mlflow_gets_verdicts_and_trials_and_nothing_twice(
    report: Exportable, tmp_path: Path
) -> None:
    pytest.importorskip("mlflow", reason="MLflow is an optional extra")
    pytest.importorskip("alembic", reason="a database store of MLflow needs alembic")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    assert to_mlflow(few(report), uri, experiment="mine") == 6
    assert to_mlflow(few(report), uri, experiment="mine") == 0
    found = runs(uri)
    (parent,) = [run for run in found if run.data.tags[KIND_TAG] == "report"]
    children = {run.data.tags[KEY_TAG]: run for run in found if KEY_TAG in run.data.tags}
    document = json.loads((REPORT / "report.json").read_text())
    for claim in document["claims"]:
        assert parent.data.tags[f"verdict.{claim['id']}"] == claim["verdict"]
    assert parent.data.metrics["vi.effect"] == pytest.approx(
        document["claims"][6]["cells"][0]["estimate"]
    )
    for trial in report.trials[:5]:
        run = children[trial.key]
        assert run.data.metrics == pytest.approx(dict(trial.numbers))
        assert run.data.params == dict(trial.parameters)
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id


def test_a_store_that_does_not_exist_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("mlflow", reason="MLflow is an optional extra")
    done = subprocess.run(
        [sys.executable, "-m", "bnclaims", "export", str(REPORT), "--mlflow", "nosuch://x"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "error: --mlflow nosuch://x: the store refuses" in done.stderr
    assert "Traceback" not in done.stderr
