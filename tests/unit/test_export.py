"""Export of a report's trials: the numbers of the table, once, into a store of the user's choice."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bnclaims.errors import BnclaimsError
from bnclaims.export import Exportable, read_report
from bnclaims.mlflow_store import KEY_TAG, KIND_TAG, REPORT_TAG, to_mlflow

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


def test_parameters_tell_every_trial_from_every_other(report: Exportable) -> None:
    """By all of them, and by setting, arm and seed alone: what one groups by in MLflow."""
    assert len({tuple(trial.parameters.values()) for trial in report.trials}) == len(report.trials)
    names = {
        tuple(trial.parameters[n] for n in ("setting", "arm", "seed")) for trial in report.trials
    }
    assert len(names) == len(report.trials)


def test_every_trial_names_the_claims_and_cells_that_it_serves(report: Exportable) -> None:
    assert all(trial.cells for trial in report.trials)
    for claim in report.document.claims:
        for cell in claim.cells:
            served = [
                trial for trial in report.trials if cell.name in trial.cells.get(claim.id, ())
            ]
            seeds = {int(trial.parameters["seed"]) for trial in served}
            assert seeds == set(range(cell.seeds)), (claim.id, cell.name)
            pairs = {(trial.parameters["setting"], trial.parameters["arm"]) for trial in served}
            assert len(served) == len(pairs) * cell.seeds


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
    (claim,) = [claim for claim in document["claims"] if claim["id"] == "vi"]
    (cell,) = [cell for cell in claim["cells"] if cell["primary"]]
    expected = {
        "vi.effect": cell["estimate"],
        "vi.low": cell["interval"][0],
        "vi.high": cell["interval"][1],
        "vi.seeds": cell["seeds"],
        "vi.p_for": claim["p_support"],
        "vi.p_against": claim["p_refute"],
    }
    assert {name: parent.data.metrics[name] for name in expected} == pytest.approx(expected)
    assert parent.data.tags[REPORT_TAG] == report.sha256
    for trial in report.trials[:5]:
        run = children[trial.key]
        assert run.data.metrics == pytest.approx(dict(trial.numbers))
        assert run.data.params == dict(trial.parameters)
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        for claim_id, cells in trial.cells.items():
            assert run.data.tags[f"claim.{claim_id}"] == ", ".join(cells)
        # What MLflow shows as the run's duration is that of the training.
        assert trial.seconds is not None
        lasted = run.info.end_time - run.info.start_time
        assert lasted == pytest.approx(1000 * trial.seconds, abs=1)


def test_an_export_that_was_interrupted_is_completed_and_leaves_no_run_that_never_ends(
    report: Exportable, tmp_path: Path
) -> None:
    mlflow = pytest.importorskip("mlflow", reason="MLflow is an optional extra")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"

    class Interrupted(Exception):
        pass

    def third() -> None:
        calls.append(None)
        if len(calls) == 3:
            raise Interrupted

    calls: list[None] = []
    with pytest.raises(Interrupted):
        to_mlflow(few(report), uri, experiment="mine", on_trial=third)
    # As a process leaves it that dies between a run's beginning and its end.
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name("mine").experiment_id
    tags = {REPORT_TAG: report.sha256, KIND_TAG: "trial", KEY_TAG: report.trials[3].key}
    client.create_run(experiment, tags=tags)
    assert to_mlflow(few(report), uri, experiment="mine") == 2
    found = runs(uri)
    assert sorted(run.data.tags.get(KEY_TAG, "") for run in found) == sorted(
        ["", *(trial.key for trial in report.trials[:5])]
    )
    assert {run.info.status for run in found} == {"FINISHED"}


def test_runs_of_a_synthetic_world_say_so(report: Exportable, tmp_path: Path) -> None:
    pytest.importorskip("mlflow", reason="MLflow is an optional extra")
    simulated = report.document.model_copy(
        update={"run": {**report.document.run, "synthetic_world": "null"}}
    )
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    to_mlflow(dataclasses.replace(few(report), document=simulated), uri, experiment="mine")
    found = runs(uri)
    assert {run.data.tags["bnclaims.world"] for run in found} == {"null"}
    (parent,) = [run for run in found if run.data.tags[KIND_TAG] == "report"]
    assert parent.info.run_name == "quick on digits (simulated)"


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
