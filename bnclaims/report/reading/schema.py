"""The parts of a ``report.json`` that its check reads, of the right types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bnclaims.errors import BnclaimsError
from bnclaims.report.files import REPORT, SCHEMA
from bnclaims.report.formatting import shown
from bnclaims.report.reading.untrusted_files import parse_json


class Part(BaseModel):
    """A part of a report: of exactly its types; what it does not name is left unread."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class StatedCell(Part):
    """A cell, as far as its check reads it."""

    name: str
    reason: str


class StatedClaim(Part):
    """A claim, as far as its check reads it."""

    id: str
    cells: list[StatedCell]


class StatedSelection(Part):
    """What was selected, all of it."""

    dataset: str
    majority: list[str]
    minority: list[str]
    device: str
    nights: int = Field(default=1, ge=1)
    fingerprints: dict[str, str]
    weights: dict[str, str | None] = {}


class StatedSuite(Part):
    """What wrote the report."""

    version: str


class Stated(Part):
    """The parts of ``report.json`` that the check itself reads."""

    # Not Literal[1], which takes true as well.
    schema_: int = Field(alias="schema", ge=SCHEMA, le=SCHEMA)
    suite: StatedSuite
    selection: StatedSelection
    files: dict[str, str]
    claims: list[StatedClaim]


S = TypeVar("S", bound=Stated)


def parse_report(
    data: bytes, model: type[S], *, source: str = REPORT
) -> tuple[Mapping[str, Any], S]:
    """The whole of a ``report.json`` and the parts that ``model`` checks.

    ``source`` names it in the `BnclaimsError` when it is not a report.
    """
    try:
        document = parse_json(data)
        return document, model.model_validate(document)
    except ValidationError as error:
        problem = error.errors()[0]
        place = shown(".".join(map(str, problem["loc"])))[1:-1] or "its content"
        reason = f"{place}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
    except RecursionError:
        reason = "not valid JSON (it is nested too deeply)"
    except ValueError as error:
        reason = f"not valid JSON ({error})"
    raise BnclaimsError(f"{source}: {reason}; this version reads reports of schema {SCHEMA}.")
