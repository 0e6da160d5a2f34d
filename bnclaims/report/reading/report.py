"""Reports as others are held against them: read without trust, judged by nobody."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from bnclaims.audit.results import NOT_JUDGED, NOT_RUN, Verdict
from bnclaims.errors import is_dir
from bnclaims.report.files import LIMITS, REPORT
from bnclaims.report.reading.schema import Part, Stated, StatedCell, StatedClaim, parse_report
from bnclaims.report.reading.untrusted_files import printable_lines, read_file

Number = Annotated[float, Field(allow_inf_nan=False)]


def _word(text: str) -> str:
    if text not in set(Verdict):
        raise ValueError(f"a verdict is one of {', '.join(Verdict)}")
    return text


def _unlike(entries: list[Any]) -> list[Any]:
    names = [entry.id if isinstance(entry, StatedClaim) else entry.name for entry in entries]
    if len(set(names)) != len(names):
        raise ValueError("a name is there twice")
    return entries


Word = Annotated[str, AfterValidator(_word)]


class RecordedFinding(Part):
    """What the estimate of a cell is an estimate of."""

    label: str
    kind: str


class RecordedCell(StatedCell):
    """A cell with its word and its headline numbers; ends of intervals are None where unbounded."""

    setting: str
    settings: dict[str, dict[str, Any]]
    verdict: Word
    estimate: Number | None
    # A list in JSON, and strict types take no list for a pair.
    interval: Annotated[list[Number | None], Field(min_length=2, max_length=2)] | None
    seeds: int = Field(ge=0)
    primary: bool
    finding: RecordedFinding | None

    @property
    def judged(self) -> bool:
        """Whether its word is that of a judge: a run may never have come to it, or have left it out."""
        return not self.reason.startswith((NOT_JUDGED, NOT_RUN))


class RecordedClaim(StatedClaim):
    """A claim with its word, its p-values and its cells."""

    title: str
    sentence: str
    arms: list[str]
    verdict: Word
    reason: str
    family: bool
    p_support: Number | None
    p_refute: Number | None
    cells: Annotated[list[RecordedCell], AfterValidator(_unlike)]  # type: ignore[assignment]

    @property
    def judged(self) -> bool:
        """Whether it has a word: the run came to all its cells and did not leave them all out."""
        came = all(not cell.reason.startswith(NOT_JUDGED) for cell in self.cells)
        return came and self.tested

    @property
    def tested(self) -> bool:
        """Whether any of its cells was run: the budget or missing images may leave out them all."""
        return any(not cell.reason.startswith(NOT_RUN) for cell in self.cells)

    @property
    def headline(self) -> RecordedCell | None:
        """The cell that gives the claim its word; None where several share in it."""
        chosen = [cell for cell in self.cells if cell.primary] or self.cells
        return chosen[0] if len(chosen) == 1 else None


class RecordedAdvice(Part):
    """What a report recommends in a setting."""

    name: str
    advice: str


class RecordedData(Part):
    """A dataset, and whether its images were made by a program."""

    name: str
    synthetic: bool


class RecordedProtocol(Part):
    """Which protocol a report was made under."""

    name: str
    title: str
    sha256: str
    reasons: dict[str, dict[str, Any]]

    @property
    def confidence(self) -> float | None:
        """Confidence of the intervals, None where it is not stated."""
        rule = self.reasons.get("statistics", {}).get("confidence")
        value = rule.get("value") if isinstance(rule, dict) else None
        return value if isinstance(value, float) and 0 < value < 1 else None


class Recorded(Stated):
    """A ``report.json``, as far as comparisons, the index and badges read it."""

    generated: str
    # What is printed is made so once, for terminals, pages and drawings alike.
    _printable = model_validator(mode="before")(printable_lines)
    protocol: RecordedProtocol
    environment: dict[str, str]
    run: dict[str, Any]
    data: list[RecordedData]
    claims: Annotated[  # type: ignore[assignment]
        list[RecordedClaim], Field(min_length=1), AfterValidator(_unlike)
    ]
    # Not in reports of earlier versions.
    recommendation: Annotated[list[RecordedAdvice], AfterValidator(_unlike)] | None = None

    @property
    def world(self) -> str | None:
        """The synthetic world that took the place of training, if one did."""
        name = self.run.get("synthetic_world")
        return None if name is None else str(name)

    @property
    def on(self) -> str:
        """What the audit is about, with a word of warning where that is no photograph."""
        dataset = self.selection.dataset
        if self.world is not None:
            return f"{dataset} (simulated)"
        synthetic = any(data.synthetic for data in self.data if data.name == dataset)
        return f"{dataset} (synthetic)" if synthetic else dataset


@dataclasses.dataclass(frozen=True, kw_only=True)
class Words:
    """The words of a report or a run: by claim, and by claim and cell; None where not judged."""

    claims: Mapping[str, str | None]
    cells: Mapping[tuple[str, str], str | None]


def read_recorded(report: Path) -> Recorded:
    """A report by its folder or its ``report.json``; `BnclaimsError` when it is not one."""
    file = report / REPORT if is_dir(report) else report
    data = read_file(file, limit=LIMITS[REPORT])
    return parse_report(data, Recorded, source=str(file))[1]


def words_of(claims: Sequence[RecordedClaim]) -> Words:
    """The words that a report states."""
    return Words(
        claims={claim.id: claim.verdict if claim.judged else None for claim in claims},
        cells={
            (claim.id, cell.name): cell.verdict if cell.judged else None
            for claim in claims
            for cell in claim.cells
        },
    )
