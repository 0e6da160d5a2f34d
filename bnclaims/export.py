"""A report's trials for programs that track experiments."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bnclaims import metrics
from bnclaims.errors import BnclaimsError
from bnclaims.record import Record
from bnclaims.report._stated import Stated, parse_report
from bnclaims.report._untrusted import read_file
from bnclaims.report.files import LIMITS, PREDICTIONS, REPORT, TABLE, sha256
from bnclaims.report.predictions import decode_predictions
from bnclaims.report.table import decode_table

# Marks what was exported, so that a second export adds nothing.
REPORT_TAG, KEY_TAG, KIND_TAG = "bnclaims.report_sha256", "bnclaims.key", "bnclaims.kind"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrialRow:
    """One trial of a report: what was trained, and numbers by name, e.g. ``kept.minority_f1``."""

    key: str
    parameters: Mapping[str, str]
    numbers: Mapping[str, float]
    diverged: bool

    @property
    def name(self) -> str:
        """A short name for people."""
        return f"{self.parameters['arm']} seed {self.parameters['seed']} {self.key[:8]}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exportable:
    """The parts of a report that an export carries; ``sha256`` is that of its ``report.json``."""

    sha256: str
    document: Mapping[str, Any]
    trials: tuple[TrialRow, ...]


def read_report(folder: Path) -> Exportable:
    """The trials of a report; `BnclaimsError` when it cannot be read."""
    data = read_file(folder / REPORT, limit=LIMITS[REPORT])
    document, _ = parse_report(data, Stated, source=str(folder / REPORT))
    records = decode_predictions(read_file(folder / PREDICTIONS, limit=LIMITS[PREDICTIONS]))
    columns, lines = decode_table(read_file(folder / TABLE, limit=LIMITS[TABLE]), source=TABLE)
    rows: dict[str, list[dict[str, str]]] = {}
    for line in lines:
        row = dict(zip(columns, line, strict=True))
        rows.setdefault(row["key"], []).append(row)
    try:
        trials = tuple(_trial(records[key], entries) for key, entries in rows.items())
    except (KeyError, ValueError) as error:
        raise BnclaimsError(
            f"{folder}: {TABLE} and {PREDICTIONS} do not fit together ({error}); bnclaims verify says "
            "where."
        ) from error
    return Exportable(sha256=sha256(data), document=document, trials=trials)


def _trial(record: Record, rows: Sequence[Mapping[str, str]]) -> TrialRow:
    setting, task = record.trial.setting, record.trial.setting.task
    parameters = {
        "dataset": task.dataset,
        "architecture": setting.architecture,
        "regime": setting.regime,
        "classifier": setting.classifier,
        "head": setting.head,
        "batch_size": setting.batch_size,
        "epochs": setting.epochs,
        "steps": setting.steps,
        "optimiser": setting.optimiser,
        "learning_rate": setting.learning_rate,
        "precision": setting.precision,
        "majority_images": task.majority_images,
        "minority_images": task.minority_images,
        "arm": record.trial.arm,
        "seed": record.trial.seed,
    }
    numbers: dict[str, float] = {}
    classes = range(len(task.classes))
    for row in rows if not record.diverged else ():
        counts = np.array([[int(row[f"true{t}_pred{p}"]) for p in classes] for t in classes])
        name = row["readout"]
        numbers[f"{name}.minority_f1"] = float(metrics.minority_f1(counts, task.minority_classes))
        numbers[f"{name}.balanced_accuracy"] = float(metrics.balanced_accuracy(counts))
    if "train" in record.seconds:
        numbers["train_seconds"] = record.seconds["train"]
    return TrialRow(
        key=record.trial.key,
        parameters={name: str(value) for name, value in parameters.items() if value is not None},
        numbers=numbers,
        diverged=record.diverged,
    )


def to_mlflow(
    report: Exportable,
    uri: str,
    *,
    experiment: str,
    on_trial: Callable[[], None] = lambda: None,
) -> int:
    """Writes the report's verdicts and trials to an MLflow tracking store; the number of new runs.

    One run for the report carries the verdicts as tags and the effects as metrics; the trials are
    its children. A run that was exported before is left as it is. `BnclaimsError` when MLflow is
    not installed or the store refuses.
    """
    # What is exported goes where the user says, and nowhere else.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError as error:
        raise BnclaimsError(
            "--mlflow: MLflow is not installed; install it with pip install 'bnclaims[mlflow]'."
        ) from error
    try:
        return _Mlflow(MlflowClient(uri), experiment, report).write(on_trial)
    # A wrong address fails in many ways, depending on the library behind it.
    except (MlflowException, ImportError, OSError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise BnclaimsError(
            f"--mlflow {uri}: the store refuses ({reason[0]}); give a tracking URI such as "
            "sqlite:///mlflow.db or http://localhost:5000."
        ) from error


class _Mlflow:
    """The runs of one report in one experiment."""

    def __init__(self, client: Any, experiment: str, report: Exportable) -> None:
        self._client = client
        self._report = report
        known = client.get_experiment_by_name(experiment)
        self._experiment: str = (
            client.create_experiment(experiment) if known is None else known.experiment_id
        )

    def write(self, on_trial: Callable[[], None]) -> int:
        """Writes what is not there yet."""
        there = self._exported()
        parent = there.get("")
        new = 0
        if parent is None:
            parent, new = self._parent(), 1
        for trial in self._report.trials:
            if trial.key not in there:
                self._child(parent, trial)
                new += 1
            on_trial()
        return new

    def _exported(self) -> dict[str, str]:
        """Run ids of what this report has in the experiment, by key; the report's own under ""."""
        found: dict[str, str] = {}
        token: str | None = None
        while True:
            page = self._client.search_runs(
                [self._experiment],
                filter_string=f"tags.`{REPORT_TAG}` = '{self._report.sha256}'",
                max_results=1000,
                page_token=token,
            )
            for run in page:
                # Half a run, of an export that was interrupted, is done again.
                if run.info.status in ("FINISHED", "FAILED"):
                    found[run.data.tags.get(KEY_TAG, "")] = run.info.run_id
            token = page.token
            if not token:
                return found

    def _parent(self) -> str:
        document = self._report.document
        claims = document["claims"]
        primary = {
            claim["id"]: next((cell for cell in claim["cells"] if cell["primary"]), None)
            for claim in claims
        }
        numbers = {
            f"{id}.effect": cell["estimate"]
            for id, cell in primary.items()
            if cell is not None and cell["estimate"] is not None
        }
        tags = {
            KIND_TAG: "report",
            "bnclaims.version": document["suite"]["version"],
            "bnclaims.protocol_sha256": document["protocol"]["sha256"],
            **{f"verdict.{claim['id']}": claim["verdict"] for claim in claims},
        }
        parameters = {
            "protocol": document["protocol"]["name"],
            "dataset": document["selection"]["dataset"],
        }
        name = f"{parameters['protocol']} on {parameters['dataset']}"
        return self._run(name, parameters, numbers, tags, failed=False)

    def _child(self, parent: str, trial: TrialRow) -> None:
        tags = {KIND_TAG: "trial", KEY_TAG: trial.key, "mlflow.parentRunId": parent}
        self._run(trial.name, trial.parameters, trial.numbers, tags, failed=trial.diverged)

    def _run(
        self,
        name: str,
        parameters: Mapping[str, str],
        numbers: Mapping[str, float],
        tags: Mapping[str, str],
        *,
        failed: bool,
    ) -> str:
        from mlflow.entities import Metric, Param

        run = self._client.create_run(
            self._experiment, run_name=name, tags={**tags, REPORT_TAG: self._report.sha256}
        )
        run_id: str = run.info.run_id
        when = run.info.start_time
        self._client.log_batch(
            run_id,
            metrics=[Metric(key, value, when, 0) for key, value in numbers.items()],
            params=[Param(key, value) for key, value in parameters.items()],
        )
        self._client.set_terminated(run_id, status="FAILED" if failed else "FINISHED")
        return run_id
