"""Report of an audit as a typed model: the form of ``report.json``, for writing and for reading."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, JsonValue, ValidationError

from bnclaims.audit.results import CellState, has_verdict
from bnclaims.errors import BnclaimsError
from bnclaims.report.files import REPORT
from bnclaims.report.formatting import shown
from bnclaims.report.model_beside import SettingAdvice, StatedReliability, StatedSensitivity
from bnclaims.report.model_explained import StatedAnswerOf, StatedBeside, StatedSummary
from bnclaims.report.model_parts import (
    Attrition,
    StatedDataset,
    StatedPaper,
    StatedProtocol,
    StatedRun,
    StatedSelection,
    StatedSetting,
    StatedSuite,
    TableSchema,
)
from bnclaims.report.model_types import Interval, Many, Number, ReportPart, StatedVerdict
from bnclaims.report.reading.untrusted_files import parse_json, printable_lines
from bnclaims.report.schemas import OLDEST, SCHEMA, verified_elsewhere

# The source of claims that are questions of the suite's own.
OWN: Final = "this audit"


class StatedPoint(ReportPart):
    """Dose of a curve: its value, the gain there and the ends of its interval, None where unbounded."""

    dose: Number
    estimate: Number | None
    low: Number | None
    high: Number | None


class StatedEstimate(ReportPart):
    """Difference of a statement in one score, as `bnclaims.audit.statements.statement.Estimate` has it."""

    metric: str
    estimate: Number | None
    interval: Interval | None
    new_images_interval: Interval | None
    points: Many[StatedPoint]


class StatedFinding(ReportPart):
    """Finding of a cell or of a part of it, as `bnclaims.audit.statements.statement.Finding` has it."""

    label: str
    kind: str
    p_support: Number | None
    p_refute: Number | None
    estimate: Number | None
    interval: Interval | None
    new_images_interval: Interval | None
    lines: Many[Number | None]
    support_lines: Many[Number | None]
    refute_lines: Many[Number | None]
    seeds: int
    missing: int
    notes: Many[str]
    pool_only: bool
    points: Many[StatedPoint]
    peak: Interval | None
    metrics: Many[str]
    parts: Many[StatedFinding]
    mean_interval: Interval | None
    beyond: Interval | None
    scores: Many[StatedEstimate]


class StatedLook(ReportPart):
    """Look at a cell: the seeds so far, its own p-values and the sequential ones."""

    seeds: int
    support: Number | None
    refute: Number | None
    p_support: Number | None
    p_refute: Number | None


class StatedCell(ReportPart):
    """Cell of a claim with its state, its verdict and its numbers; ends of intervals None: unbounded."""

    name: str
    setting: str
    settings: dict[str, StatedSetting]
    doses: dict[str, Number]
    state: Annotated[CellState, Field(strict=False)]
    verdict: StatedVerdict
    estimate: Number | None
    interval: Interval | None
    new_images_interval: Interval | None
    seeds: int = Field(ge=0)
    p_support: Number | None
    p_refute: Number | None
    decision_p: Number | None
    primary: bool
    per_cell: bool
    reason: str
    why: str
    counts_as: str | None
    flags: Many[str]
    looks: Many[StatedLook]
    finding: StatedFinding | None
    answer: StatedAnswerOf | None = None
    beside: StatedBeside | None = None

    @property
    def judged(self) -> bool:
        """Whether its verdict is that of a judge: a run may never have come to it, or left it out."""
        return self.state is CellState.JUDGED

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of its finding."""
        return () if self.finding is None else self.finding.notes


def _unlike(entries: tuple[Any, ...]) -> tuple[Any, ...]:
    names = [entry.id if isinstance(entry, StatedClaim) else entry.name for entry in entries]
    if len(set(names)) != len(names):
        raise ValueError("a name is there twice")
    return entries


class StatedClaim(ReportPart):
    """Claim with its verdict, its p-values and its cells."""

    id: str
    sentence: str
    source: str
    title: str
    reading: str
    family: bool
    combine: str
    verdict: StatedVerdict
    reason: str
    p_support: Number | None
    p_refute: Number | None
    holm_support: Number | None
    holm_refute: Number | None
    holds_in: int
    arms: Many[str]
    cells: Annotated[Many[StatedCell], AfterValidator(_unlike)]
    reliability: Many[StatedReliability] | None = None
    sensitivity: StatedSensitivity | None = None
    summary: StatedSummary | None = None

    @property
    def own(self) -> bool:
        """Whether it is a question of this suite's own, and no sentence of a paper."""
        return self.source == OWN

    @property
    def judged(self) -> bool:
        """Whether it has a verdict: the run came to what makes it and did not leave it out."""
        return has_verdict(self.cells)

    @property
    def tested(self) -> bool:
        """Whether any of its cells was run: the budget or missing images may leave out them all."""
        return any(cell.state is not CellState.NOT_RUN for cell in self.cells)

    @property
    def findings(self) -> bool:
        """Whether any of its cells has a finding."""
        return any(cell.finding is not None for cell in self.cells)

    @property
    def headline(self) -> StatedCell | None:
        """The cell that gives the claim its verdict; None where several share in it."""
        chosen = [cell for cell in self.cells if cell.primary] or self.cells
        return chosen[0] if len(chosen) == 1 else None


class Report(ReportPart):
    """Report of an audit: everything in ``report.json``.

    ``files`` gives the sha256 of the other files by name. ``only_chance``: nothing that was judged is
    shown to beat chance. ``omitted`` names claims that the protocol has cells for and the report has
    not. There is no ``recommendation`` for claims of another paper.
    """

    # Not Literal, which takes true as well.
    schema_: int = Field(alias="schema", ge=OLDEST, le=SCHEMA)
    generated: str
    suite: StatedSuite
    paper: StatedPaper
    protocol: StatedProtocol
    selection: StatedSelection
    environment: dict[str, str]
    run: StatedRun
    data: Many[StatedDataset]
    attrition: Attrition
    files: dict[str, str]
    only_chance: bool | None = None
    claims: Annotated[Many[StatedClaim], AfterValidator(_unlike)]
    omitted: Many[str] | None = None
    recommendation: Annotated[Many[SettingAdvice], AfterValidator(_unlike)] | None = None
    tables: dict[str, TableSchema] | None = None

    @property
    def on(self) -> str:
        """What the audit is about, with a word of warning where that is no photograph."""
        dataset = self.selection.dataset
        if self.run.synthetic_world is not None:
            return f"{dataset} (simulated)"
        synthetic = any(data.synthetic for data in self.data if data.name == dataset)
        return f"{dataset} (synthetic)" if synthetic else dataset


def parse_report(
    data: bytes, *, source: str = REPORT, printable: bool = False
) -> tuple[dict[str, JsonValue], Report]:
    """The content of a ``report.json`` as it stands and as the model, read without trust.

    ``source`` names it in the `BnclaimsError` when it is not a report. With ``printable`` its texts
    are made safe to print, once for terminals, pages and drawings alike.
    """
    try:
        document = parse_json(data)
        if isinstance(document, dict) and (elsewhere := _elsewhere(document)) is not None:
            raise BnclaimsError(f"{source}: {elsewhere}")
        report = Report.model_validate(printable_lines(document) if printable else document)
    except ValidationError as error:
        problem = error.errors()[0]
        place = shown(".".join(map(str, problem["loc"])))[1:-1] or "its content"
        reason = f"{place}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
    except RecursionError:
        reason = "not valid JSON (it is nested too deeply)"
    except ValueError as error:
        reason = f"not valid JSON ({error})"
    else:
        return document, report
    raise BnclaimsError(
        f"{source}: {reason}; this version reads reports of schema {OLDEST} to {SCHEMA}."
    )


def _elsewhere(document: dict[str, JsonValue]) -> str | None:
    suite = document.get("suite")
    version = suite.get("version") if isinstance(suite, dict) else None
    return verified_elsewhere(document.get("schema"), shown(version))
