"""Verification: a report checked from its own raw predictions, without a trainer and without trust."""

from __future__ import annotations

import dataclasses
import datetime
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from bnclaims.audit.beside.audit import with_beside
from bnclaims.audit.claim import Claim
from bnclaims.audit.judge import audit
from bnclaims.audit.results import NOT_JUDGED, Audit, CellState
from bnclaims.audit.sensitivity import with_sensitivity
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.cells import Cell
from bnclaims.protocol.load import Protocol, parse_protocol
from bnclaims.report.document import report_of
from bnclaims.report.files import (
    CRATE,
    LIMITS,
    PAGE,
    PREDICTIONS,
    PROTOCOL,
    REPORT,
    TABLE,
    named_in_page,
    page_sha256,
    sha256,
)
from bnclaims.report.formatting import shown
from bnclaims.report.model import Report, parse_report
from bnclaims.report.model_parts import TableSchema
from bnclaims.report.predictions import decode_predictions
from bnclaims.report.reading.untrusted_files import read_file
from bnclaims.report.registration import fault_in, in_history
from bnclaims.report.schemas import WHOLE
from bnclaims.report.trials_columns import descriptor
from bnclaims.report.trials_table import decode_table, text_of, trials_frame
from bnclaims.report.verify.crate_differences import crate_differences
from bnclaims.report.verify.differences import differences
from bnclaims.report.verify.notes import built_in, notes_on
from bnclaims.report.verify.row_differences import bare, row_differences
from bnclaims.store.record import Record

# A report that is wrong throughout would otherwise drown its first fault.
_MOST: Final = 50
# What every schema has, and the fields that are recomputed: the last ones since schema 4, before which a
# report could lack some of the others.
_NEEDED: Final = (REPORT, TABLE, PREDICTIONS, PROTOCOL, PAGE)
_EARLIER: Final = ("only_chance", "claims", "attrition", "protocol", "tables", "recommendation")
_RECOMPUTED: Final = (*_EARLIER, "omitted", "paper")
_ANY_TIME: Final = datetime.datetime.fromtimestamp(0, datetime.UTC)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verification:
    """What a check found: ``problems`` and ``notes`` as sentences, and how much was checked.

    A report without problems follows, number by number, from its predictions and its protocol.
    """

    problems: tuple[str, ...]
    notes: tuple[str, ...]
    trials: int
    rows: int
    claims: int

    @property
    def passed(self) -> bool:
        """Whether there is no problem."""
        return not self.problems


class _Fingerprints(dict[str, str]):
    """Stated fingerprints; one that is not stated fits no trial."""

    def __missing__(self, dataset: str) -> str:
        return "not stated"


def verify(folder: Path, claims: Sequence[Claim]) -> Verification:
    """Recomputes everything that a report states about its claims, and compares.

    ``claims`` judge it; nothing in the folder is imported, executed or followed. Wrong counts are
    named before the statements that rest on them, and those before files of another hash.
    `BnclaimsError` when the folder is not a readable report.
    """
    files = {name: read_file(folder / name, limit=LIMITS[name]) for name in _NEEDED}
    document, report = parse_report(files[REPORT])
    files |= _further(folder, report)
    protocol = _protocol(files[PROTOCOL])
    records = decode_predictions(files[PREDICTIONS])
    stated = decode_table(files[TABLE], source=TABLE)
    audited = _audited(report, protocol, records, claims)
    trials = trials_frame(audited.records, audited.used)
    problems = [
        *_in_fingerprints(report, records),
        *_some(row_differences(stated, text_of(trials))),
        *_some(_unused(records, audited)),
        *_some(_in_document(document, report, audited, claims, descriptor(trials.columns))),
        *_in_files(report, files),
        *_in_registration(report, protocol),
    ]
    return Verification(
        problems=tuple(problems),
        notes=tuple(notes_on(report, protocol, audited, claims)),
        trials=len(records),
        rows=len(stated),
        claims=len(report.claims),
    )


def _further(folder: Path, report: Report) -> dict[str, bytes]:
    """The files that a report states beside those that each has, and those that stand there unstated."""
    # Before, nothing was said of what pytest had written, and there was no crate.
    names = [CRATE] if report.schema_ < WHOLE else [n for n in LIMITS if n not in _NEEDED]
    there = [name for name in names if name in report.files or os.path.lexists(folder / name)]
    return {name: read_file(folder / name, limit=LIMITS[name]) for name in there}


def _protocol(data: bytes) -> Protocol:
    try:
        return parse_protocol(data.decode("utf-8"), source=PROTOCOL)
    except (UnicodeDecodeError, RecursionError) as error:
        raise BnclaimsError(f"{PROTOCOL}: not readable text; fetch the report again.") from error


def _audited(
    report: Report, protocol: Protocol, records: Mapping[str, Record], claims: Sequence[Claim]
) -> Audit:
    stated = {claim.id for claim in report.claims}
    left_out = {
        (claim.id, cell.name): cell.state
        for claim in report.claims
        for cell in claim.cells
        if cell.state in NOT_JUDGED
    }

    def include(claim: Claim, cell: Cell) -> CellState | None:
        return left_out.get((claim.id, cell.name))

    selection = dataclasses.replace(
        report.selection.selection(),
        fingerprints=_Fingerprints(report.selection.fingerprints),
    )
    try:
        audited = audit(
            [claim for claim in claims if claim.id in stated],
            protocol,
            selection,
            lambda trial: records.get(trial.key),
            include=include,
        )
        return with_beside(with_sensitivity(audited))
    except (ValueError, ArithmeticError, LookupError) as error:
        raise BnclaimsError(
            f"{PREDICTIONS}: cannot be judged ({type(error).__name__}: {error}); fetch the report "
            "again."
        ) from error


def _in_fingerprints(report: Report, records: Mapping[str, Record]) -> Iterator[str]:
    tasks = {record.trial.setting.task for record in records.values()}
    stated = report.selection.fingerprints
    for dataset, fingerprint in sorted({(task.dataset, task.fingerprint) for task in tasks}):
        if stated.get(dataset) != fingerprint:
            yield (
                f"{REPORT}: selection, fingerprints, {shown(dataset)}: stated "
                f"{shown(stated.get(dataset))}, in {PREDICTIONS} {shown(fingerprint)}"
            )


def _unused(records: Mapping[str, Record], audited: Audit) -> Iterator[str]:
    for key in sorted(records.keys() - audited.records.keys()):
        trial = records[key].trial
        yield (
            f"{PREDICTIONS}: trial {key} (arm {trial.arm}, seed {trial.seed}): "
            "no judgement used this trial"
        )


def _in_document(
    document: Mapping[str, JsonValue],
    report: Report,
    audited: Audit,
    claims: Sequence[Claim],
    table: TableSchema,
) -> Iterator[str]:
    known = {claim.id for claim in claims}
    for claim in report.claims:
        if claim.id not in known:
            yield f"{REPORT}: claim {shown(claim.id)} is not one that it was checked against"
    again = report_of(audited, files={}, generated=_ANY_TIME, tables={TABLE: table})
    recomputed = again.plain()
    stated = set(document) if report.schema_ < WHOLE else {*document, *recomputed}
    for name in _EARLIER if report.schema_ < WHOLE else _RECOMPUTED:
        if name not in stated:
            continue
        if name not in document:
            yield f"{REPORT}: {name} is missing, recomputed {shown(recomputed[name])}"
        elif name not in recomputed:
            yield f"{REPORT}: {name} does not belong there"
        else:
            for problem in differences(document[name], recomputed[name], name):
                yield f"{REPORT}: {problem}"


def _in_registration(report: Report, protocol: Protocol) -> Iterator[str]:
    stated = report.run.registration
    file = built_in(protocol)
    if stated is None or file is None or not in_history(stated, file.parent):
        return
    if (fault := fault_in(stated, file, protocol.whole_sha256)) is not None:
        yield f"{REPORT}: run, protocol_commit: {fault}"


def _in_files(report: Report, files: Mapping[str, bytes]) -> Iterator[str]:
    # The crate names report.json and the page as they are, and has its own check.
    hashed = {name: sha256(data) for name, data in files.items() if name not in (REPORT, CRATE)}
    hashed[PAGE] = page_sha256(files[PAGE])
    changed = {name for name, found in hashed.items() if report.files.get(name) != found}
    for name in sorted(changed):
        stated = bare(report.files.get(name, "none"))
        yield f"{name}: has sha256 {hashed[name]}, {REPORT} states {stated}"
    for name in sorted(report.files.keys() - files.keys()):
        yield f"{REPORT}: files, {shown(name)}: does not belong there"
    named, found = named_in_page(files[PAGE]) or "none", sha256(files[REPORT])
    if named != found:
        changed |= {PAGE, REPORT}
        yield f"{PAGE}: made of a {REPORT} with sha256 {named}, this one has {found}"
    if CRATE in files:
        # What is named already is not named again.
        others = {name: data for name, data in files.items() if name not in {*changed, CRATE}}
        yield from crate_differences(files[CRATE], report, others)
    elif report.schema_ >= WHOLE:
        yield f"{REPORT}: files, '{CRATE}' is missing"


def _some(problems: Iterator[str]) -> list[str]:
    """The first problems of a kind, and how many more there are."""
    found = list(problems)
    more = len(found) - _MOST
    return found if more <= 0 else [*found[:_MOST], f"... and {more} more like these"]
