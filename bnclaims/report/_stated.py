"""The parts of a ``report.json`` that its check reads, of the right types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bnclaims.errors import BnclaimsError
from bnclaims.report._differences import shown
from bnclaims.report._untrusted import parse_json
from bnclaims.report.document import SCHEMA
from bnclaims.report.files import REPORT


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class StatedCell(_Part):
    name: str
    reason: str


class StatedClaim(_Part):
    id: str
    cells: list[StatedCell]


class StatedSelection(_Part):
    dataset: str
    majority: list[str]
    minority: list[str]
    device: str
    fingerprints: dict[str, str]


class StatedSuite(_Part):
    version: str


class Stated(_Part):
    """The parts of ``report.json`` that the check itself reads."""

    # Not Literal[1], which takes true as well.
    schema_: int = Field(alias="schema", ge=SCHEMA, le=SCHEMA)
    suite: StatedSuite
    selection: StatedSelection
    files: dict[str, str]
    claims: list[StatedClaim]


def parse_report(data: bytes) -> tuple[Mapping[str, Any], Stated]:
    """The whole of a ``report.json`` and its checked parts; `BnclaimsError` when it is not one."""
    try:
        document = parse_json(data)
        return document, Stated.model_validate(document)
    except ValidationError as error:
        problem = error.errors()[0]
        place = shown(".".join(map(str, problem["loc"])))[1:-1] or "its content"
        reason = f"{place}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
    except ValueError as error:
        reason = f"not valid JSON ({error})"
    raise BnclaimsError(f"{REPORT}: {reason}; this version reads reports of schema {SCHEMA}.")
