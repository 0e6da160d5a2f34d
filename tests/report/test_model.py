"""The model of a report: it knows every field, writes what it reads, and its schema is published."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from pydantic import BaseModel

from bnclaims.audit.results import (
    Flip,
    Look,
    Measured,
    Sensitivity,
    Variation,
)
from bnclaims.audit.statements.statement import Finding, Point
from bnclaims.datasets.dataset import Release, RemoteFile
from bnclaims.datasets.folder_contents import FolderInfo
from bnclaims.protocol.budget import BudgetCell, BudgetRules
from bnclaims.protocol.trial import Setting, Task
from bnclaims.report import model, model_beside, model_parts
from bnclaims.report.model import parse_report
from bnclaims.report.reliability import Bin, Reliability
from fixtures.committed import AUDITS

ROOT = Path(__file__).parents[2]
REPORTS = [ROOT / "reports" / name / "report.json" for name in AUDITS]
SCHEMA = Draft202012Validator(
    json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
)


@pytest.fixture(params=REPORTS, ids=lambda path: path.parent.name)
def data(request: pytest.FixtureRequest) -> bytes:
    content: bytes = request.param.read_bytes()
    return content


def test_a_committed_report_is_written_again_byte_for_byte(data: bytes) -> None:
    """So the model knows every field there is, and its type."""
    assert json.dumps(parse_report(data)[1].plain(), indent=1).encode() + b"\n" == data


def test_a_committed_report_obeys_the_published_schema(data: bytes) -> None:
    document = json.loads(data)
    SCHEMA.validate(document)
    SCHEMA.validate(parse_report(data)[1].plain())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["claims"][0].update(verdict="PROVEN"),
        lambda d: d["claims"][0]["cells"][0].update(estimate="0.5"),
        lambda d: d["claims"][0]["cells"][0].update(state="lost"),
        lambda d: d["claims"][0]["cells"][0].update(interval=[0.1]),
        lambda d: d["claims"][0]["cells"][0]["finding"].pop("kind"),
        lambda d: d.update(schema=99),
        lambda d: d.pop("selection"),
    ],
)
def test_what_is_no_report_does_not_obey_the_schema(spoil: Callable[[Any], object]) -> None:
    document = json.loads(REPORTS[0].read_bytes())
    spoil(document)
    with pytest.raises(ValidationError):
        SCHEMA.validate(document)


@pytest.mark.parametrize(
    ("source", "stated"),
    [
        (Finding, model.StatedFinding),
        (Point, model.StatedPoint),
        (Look, model.StatedLook),
        (Sensitivity, model_beside.StatedSensitivity),
        (Variation, model_beside.StatedVariation),
        (Measured, model_beside.StatedMetric),
        (Flip, model_beside.StatedFlip),
        (Reliability, model_beside.StatedReliability),
        (Bin, model_beside.StatedBin),
        (Setting, model_parts.StatedSetting),
        (Task, model_parts.StatedTask),
        (FolderInfo, model_parts.StatedDataset),
        (Release, model_parts.StatedRelease),
        (RemoteFile, model_parts.StatedDownload),
    ],
)
def test_no_field_of_what_is_reported_gets_lost(source: type, stated: type[BaseModel]) -> None:
    """A field that the model does not name would be left out of reports in silence."""
    fields = [field.name for field in dataclasses.fields(source)]
    if source is Release:
        # `bnclaims datasets` tells them; what is left out is in the source of the dataset as well.
        assert fields[-2:] == ["package", "left_out"]
        fields = fields[:-2]
    assert fields == list(stated.model_fields)


def test_no_field_of_a_budget_gets_lost() -> None:
    assert list(BudgetCell.model_fields) == list(model_parts.StatedBudgetCell.model_fields)
    assert [*BudgetRules.model_fields, "not_tested"] == list(model_parts.StatedBudget.model_fields)
