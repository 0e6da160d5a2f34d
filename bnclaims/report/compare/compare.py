"""Comparison of two reports: verdicts, effects, protocol, environment."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import JsonValue

from bnclaims.report.compare.protocol_changes import EntryChange, between, protocol_differences
from bnclaims.report.compare.shared_trials import Relation, Trials, read_trials, relation
from bnclaims.report.compare.verdict_changes import Change, changes, verdicts_of
from bnclaims.report.files import LIMITS, PROTOCOL
from bnclaims.report.formatting import name_of
from bnclaims.report.model import Report, StatedCell, StatedClaim
from bnclaims.report.reading.report import read_report_json
from bnclaims.report.reading.untrusted_files import read_file
from bnclaims.stats import mover


@dataclasses.dataclass(frozen=True, kw_only=True)
class ComparedReport:
    """One of the two reports: its files as far as a comparison reads them."""

    name: str
    report: Report
    protocol: bytes
    trials: Trials


@dataclasses.dataclass(frozen=True, kw_only=True)
class EffectChange:
    """The second estimate minus the first.

    ``interval`` is MOVER's (`bnclaims.stats.mover`), None where both estimates rest on the same
    networks, so that chance has no part in their difference, and where one side has none; ``note``
    says which. Ends are None where unbounded. ``estimate`` is None where there is nothing to
    subtract.
    """

    estimate: float | None
    interval: tuple[float | None, float | None] | None
    evidence: Relation
    note: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class CellPair:
    """A cell in both reports, or in one of them."""

    name: str
    before: StatedCell | None
    after: StatedCell | None
    change: EffectChange | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClaimPair:
    """A claim in both reports, or in one of them; ``headline`` names the cell that gives its verdict."""

    id: str
    sentence: str
    before: StatedClaim | None
    after: StatedClaim | None
    cells: tuple[CellPair, ...]
    headline: CellPair | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class AdviceChange:
    """A claim's cell in whose setting the two reports advise something else; None: no advice."""

    cell: str
    before: str | None
    after: str | None

    @property
    def place(self) -> str:
        """The claim and the cell in words."""
        claim, _, cell = self.cell.partition(": ")
        return f"claim {name_of(claim)}, cell {cell}" if cell else self.cell

    @property
    def text(self) -> str:
        """The change on one line."""
        was, now = (side or "no advice" for side in (self.before, self.after))
        return f"recommendation, {self.place}: was {was}, is {now}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """All that two reports do not share."""

    before: ComparedReport
    after: ComparedReport
    changes: tuple[Change, ...]
    advice: tuple[AdviceChange, ...]
    claims: tuple[ClaimPair, ...]
    protocol: tuple[EntryChange, ...]
    environment: tuple[EntryChange, ...]
    confidence: float | None

    @property
    def verdicts_differ(self) -> bool:
        """Whether a verdict differs or is there on one side only; a cell nobody judged has none."""
        return any(change.kind != "unjudged" for change in self.changes)

    @property
    def same_protocol(self) -> bool:
        """Whether both were made under the same file, byte for byte."""
        return self.before.protocol == self.after.protocol


def read_compared(folder: Path) -> ComparedReport:
    """A report's files; `BnclaimsError` when one is missing or not what it should be."""
    report = read_report_json(folder)
    return ComparedReport(
        name=folder.resolve().name,
        report=report,
        protocol=read_file(folder / PROTOCOL, limit=LIMITS[PROTOCOL]),
        trials=read_trials(folder, report.protocol.first_seed),
    )


def compare(before: ComparedReport, after: ComparedReport) -> Comparison:
    """What changed from one report to the other. Pure, and trusts neither."""
    one, other = before.report, after.report
    confidence = one.protocol.confidence
    if confidence != other.protocol.confidence:
        confidence = None
    by_id = ({c.id: c for c in one.claims}, {c.id: c for c in other.claims})
    return Comparison(
        before=before,
        after=after,
        changes=tuple(changes(verdicts_of(one.claims), verdicts_of(other.claims))),
        advice=tuple(_advice_changes(one, other)),
        claims=tuple(
            _claim_pair(before, after, by_id[0].get(name), by_id[1].get(name), confidence)
            for name in dict.fromkeys([*by_id[0], *by_id[1]])
        ),
        protocol=tuple(protocol_differences(before.protocol, after.protocol)),
        environment=tuple(between(_environment(one), _environment(other))),
        confidence=confidence,
    )


def _advice_changes(before: Report, after: Report) -> Iterator[AdviceChange]:
    """Nothing where a report is of a version that recommended nothing."""
    if before.recommendation is None or after.recommendation is None:
        return
    first, second = (
        {entry.name: entry.advice for entry in side}
        for side in (before.recommendation, after.recommendation)
    )
    for cell in dict.fromkeys([*first, *second]):
        was, now = first.get(cell), second.get(cell)
        if was != now:
            yield AdviceChange(cell=cell, before=was, after=now)


def _environment(report: Report) -> dict[str, JsonValue]:
    """Where, on what and by what a report was made, apart from its protocol."""
    return {
        "suite": report.suite.version,
        **report.selection.model_dump(mode="json", exclude={"cells_for_other_devices"}),
        "executor": report.run.executor,
        "synthetic world": report.run.synthetic_world,
        **report.environment,
    }


def _claim_pair(
    before: ComparedReport,
    after: ComparedReport,
    one: StatedClaim | None,
    other: StatedClaim | None,
    confidence: float | None,
) -> ClaimPair:
    known = one or other
    assert known is not None
    first = {cell.name: cell for cell in one.cells} if one else {}
    second = {cell.name: cell for cell in other.cells} if other else {}
    cells = []
    for name in dict.fromkeys([*first, *second]):
        left, right = first.get(name), second.get(name)
        change = None
        if one and other and left and right:
            evidence = relation(before.trials.of(one, left), after.trials.of(other, right))
            change = _effect_change(left, right, evidence, confidence)
        cells.append(CellPair(name=name, before=left, after=right, change=change))
    headlines = {claim.headline.name for claim in (one, other) if claim and claim.headline}
    headline = next((cell for cell in cells if headlines == {cell.name}), None)
    return ClaimPair(
        id=known.id,
        sentence=known.sentence,
        before=one,
        after=other,
        cells=tuple(cells),
        headline=headline,
    )


def _effect_change(
    one: StatedCell, other: StatedCell, evidence: Relation, confidence: float | None
) -> EffectChange:
    def without(note: str, estimate: float | None = None) -> EffectChange:
        return EffectChange(estimate=estimate, interval=None, evidence=evidence, note=note)

    if one.estimate is None or other.estimate is None:
        return without("no estimate on one side" if one.estimate != other.estimate else "")
    # Labels may differ: that of a peak names the dose where it is.
    if (one.finding and one.finding.kind) != (other.finding and other.finding.kind):
        return without("another kind of quantity")
    if evidence == "same":
        return without("same networks", other.estimate - one.estimate)
    if confidence is None:
        return without("intervals of different confidence", other.estimate - one.estimate)
    sides = (_bounded(one.estimate, one.interval), _bounded(other.estimate, other.interval))
    try:
        change = mover(*sides)
    except ValueError:
        return without("an estimate outside its interval", other.estimate - one.estimate)
    note = "some trials in common" if evidence == "shared" else ""
    interval = (_finite(change.low), _finite(change.high))
    return EffectChange(estimate=change.estimate, interval=interval, evidence=evidence, note=note)


def _bounded(
    estimate: float, interval: Sequence[float | None] | None
) -> tuple[float, float, float]:
    low, high = interval or (None, None)
    return estimate, -math.inf if low is None else low, math.inf if high is None else high


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
