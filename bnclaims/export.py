"""A report's trials for programs that track experiments."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bnclaims import metrics
from bnclaims.errors import BnclaimsError
from bnclaims.record import Record
from bnclaims.report._stated import parse_report
from bnclaims.report._untrusted import read_file
from bnclaims.report.files import LIMITS, PREDICTIONS, REPORT, TABLE, sha256
from bnclaims.report.predictions import decode_predictions
from bnclaims.report.recorded import Recorded
from bnclaims.report.table import decode_table
from bnclaims.trial import Setting, Trial, canonical_json


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrialRow:
    """One trial of a report: what was trained, and numbers by name, e.g. ``kept.minority_f1``.

    ``cells`` are the names of the cells that it serves, by claim id; ``seconds`` is the time of its
    training, None where it was not kept.
    """

    key: str
    parameters: Mapping[str, str]
    numbers: Mapping[str, float]
    cells: Mapping[str, tuple[str, ...]]
    seconds: float | None
    diverged: bool

    @property
    def name(self) -> str:
        """A short name for people."""
        return f"{self.parameters['arm']} seed {self.parameters['seed']} {self.key[:8]}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exportable:
    """The parts of a report that an export carries; ``sha256`` is that of its ``report.json``."""

    sha256: str
    document: Recorded
    trials: tuple[TrialRow, ...]


def read_report(folder: Path) -> Exportable:
    """The trials of a report; `BnclaimsError` when it cannot be read."""
    data = read_file(folder / REPORT, limit=LIMITS[REPORT])
    _, document = parse_report(data, Recorded, source=str(folder / REPORT))
    records = decode_predictions(read_file(folder / PREDICTIONS, limit=LIMITS[PREDICTIONS]))
    columns, lines = decode_table(read_file(folder / TABLE, limit=LIMITS[TABLE]), source=TABLE)
    rows: dict[str, list[dict[str, str]]] = {}
    for line in lines:
        row = dict(zip(columns, line, strict=True))
        rows.setdefault(row["key"], []).append(row)
    try:
        trials = tuple(_trial(records[key], entries, document) for key, entries in rows.items())
    except (KeyError, ValueError) as error:
        raise BnclaimsError(
            f"{folder}: {TABLE} and {PREDICTIONS} do not fit together ({error}); bnclaims verify says "
            "where."
        ) from error
    return Exportable(sha256=sha256(data), document=document, trials=trials)


def _trial(record: Record, rows: Sequence[Mapping[str, str]], document: Recorded) -> TrialRow:
    task = record.trial.setting.task
    numbers: dict[str, float] = {}
    classes = range(len(task.classes))
    for row in rows if not record.diverged else ():
        counts = np.array([[int(row[f"true{t}_pred{p}"]) for p in classes] for t in classes])
        name = row["readout"]
        numbers[f"{name}.minority_f1"] = float(metrics.minority_f1(counts, task.minority_classes))
        numbers[f"{name}.balanced_accuracy"] = float(metrics.balanced_accuracy(counts))
    seconds = record.seconds.get("train")
    if seconds is not None:
        numbers["train_seconds"] = seconds
    return TrialRow(
        key=record.trial.key,
        parameters=_parameters(record.trial),
        numbers=numbers,
        cells=_cells(record.trial, document),
        seconds=seconds,
        diverged=record.diverged,
    )


def _parameters(trial: Trial) -> dict[str, str]:
    """Everything that tells the trial from others; ``setting`` is one text for all of it but arm and seed."""
    setting, task = trial.setting, trial.setting.task
    values = {
        "setting": _name(setting),
        "arm": trial.arm,
        "seed": trial.seed,
        **{field.name: getattr(task, field.name) for field in dataclasses.fields(task)},
        **{field.name: getattr(setting, field.name) for field in dataclasses.fields(setting)},
    }
    values["majority"], values["minority"] = map(_classes, (task.majority, task.minority))
    del values["task"]
    return {name: str(value) for name, value in values.items() if value is not None}


def _name(setting: Setting) -> str:
    """The setting's label, which does not name all that two settings may differ in, and its hash."""
    return f"{setting.label} [{hashlib.sha256(setting.canonical.encode()).hexdigest()[:8]}]"


def _classes(classes: Sequence[Sequence[str]]) -> str:
    """Classes of a task as text, e.g. ``0+1, 8`` where the first is two of the dataset's."""
    return ", ".join("+".join(members) for members in classes)


def _cells(trial: Trial, document: Recorded) -> dict[str, tuple[str, ...]]:
    found = {
        claim.id: tuple(
            cell.name
            for cell in claim.cells
            if trial.seed < cell.seeds
            and any(
                canonical_json(setting) == trial.setting.canonical
                for setting in cell.settings.values()
            )
        )
        for claim in document.claims
        if trial.arm in claim.arms
    }
    return {id: names for id, names in found.items() if names}
