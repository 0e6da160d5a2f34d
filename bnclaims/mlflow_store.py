"""A report's trials and verdicts in an MLflow tracking store."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping
from typing import Any

from bnclaims.errors import BnclaimsError
from bnclaims.export import Exportable, TrialRow
from bnclaims.report.recorded import RecordedClaim

# Marks what was exported, so that a second export adds nothing.
REPORT_TAG, KEY_TAG, KIND_TAG = "bnclaims.report_sha256", "bnclaims.key", "bnclaims.kind"


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
        half: list[str] = []
        while True:
            page = self._client.search_runs(
                [self._experiment],
                filter_string=f"tags.`{REPORT_TAG}` = '{self._report.sha256}'",
                max_results=1000,
                page_token=token,
            )
            for run in page:
                if run.info.status in ("FINISHED", "FAILED"):
                    found[run.data.tags.get(KEY_TAG, "")] = run.info.run_id
                else:
                    half.append(run.info.run_id)
            token = page.token
            if not token:
                break
        # Half a run, of an export that was interrupted, would stay as one that never ends.
        for run_id in half:
            self._client.delete_run(run_id)
        return found

    def _parent(self) -> str:
        document = self._report.document
        numbers: dict[str, float] = {}
        for claim in document.claims:
            numbers |= _numbers(claim)
        tags = {
            KIND_TAG: "report",
            "bnclaims.version": document.suite.version,
            "bnclaims.protocol_sha256": document.protocol.sha256,
            **{f"verdict.{claim.id}": claim.verdict for claim in document.claims},
        }
        parameters = {"protocol": document.protocol.name, "dataset": document.selection.dataset}
        name = f"{document.protocol.name} on {document.on}"
        return self._run(name, parameters, numbers, tags, seconds=None, failed=False)

    def _child(self, parent: str, trial: TrialRow) -> None:
        cells = {f"claim.{id}": ", ".join(names) for id, names in trial.cells.items()}
        tags = {KIND_TAG: "trial", KEY_TAG: trial.key, "mlflow.parentRunId": parent, **cells}
        self._run(
            trial.name,
            trial.parameters,
            trial.numbers,
            tags,
            seconds=trial.seconds,
            failed=trial.diverged,
        )

    def _run(
        self,
        name: str,
        parameters: Mapping[str, str],
        numbers: Mapping[str, float],
        tags: Mapping[str, str],
        *,
        seconds: float | None,
        failed: bool,
    ) -> str:
        from mlflow.entities import Metric, Param

        document = self._report.document
        tags = {**tags, REPORT_TAG: self._report.sha256, "mlflow.source.name": "bnclaims export"}
        if document.world is not None:
            tags["bnclaims.world"] = document.world
        # The duration that MLflow shows is that of the training. When it began nobody kept; by the
        # time of the report it was over.
        end = _milliseconds(document.generated)
        start = end - round(1000 * (seconds or 0))
        run = self._client.create_run(self._experiment, start, tags, name)
        run_id: str = run.info.run_id
        self._client.log_batch(
            run_id,
            metrics=[Metric(key, value, end, 0) for key, value in numbers.items()],
            params=[Param(key, value) for key, value in parameters.items()],
        )
        self._client.set_terminated(run_id, "FAILED" if failed else "FINISHED", end)
        return run_id


def _numbers(claim: RecordedClaim) -> dict[str, float]:
    """What is known of a claim, by name, e.g. ``vi.effect``."""
    numbers = {"p_for": claim.p_support, "p_against": claim.p_refute}
    if (cell := claim.headline) is not None:
        low, high = cell.interval or (None, None)
        numbers |= {"effect": cell.estimate, "low": low, "high": high, "seeds": cell.seeds}
    return {f"{claim.id}.{name}": value for name, value in numbers.items() if value is not None}


def _milliseconds(moment: str) -> int:
    """Milliseconds since 1970 of a moment in ISO 8601; `BnclaimsError` when it is none."""
    try:
        return round(1000 * datetime.datetime.fromisoformat(moment).timestamp())
    except ValueError as error:
        raise BnclaimsError(
            f"report.json: generated {moment!r} is no moment; fetch the report again."
        ) from error
