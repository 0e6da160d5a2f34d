"""Page and crate of a report made again from its own files, without training and without judging."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bnclaims.audit.claim import Claim
from bnclaims.audit.plan import with_cells
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.load import parse_protocol
from bnclaims.report.files import (
    JUNIT,
    LIMITS,
    PLACEHOLDER,
    PREDICTIONS,
    PROTOCOL,
    REPORT,
    TABLE,
)
from bnclaims.report.model import Report, parse_report
from bnclaims.report.page import html
from bnclaims.report.reading.reply import read_reply
from bnclaims.report.reading.untrusted_files import read_file
from bnclaims.report.schemas import SCHEMA, WHOLE
from bnclaims.report.trials_table import decode_table, typed
from bnclaims.report.write import bound, hashes_of
from bnclaims.store.atomic_files import write_whole


def redrawn(folder: Path, claims: Sequence[Claim]) -> dict[str, bytes]:
    """All files of a report by name, its page and crate as this version makes them.

    No number changes: of ``report.json`` only the hashes, and what an earlier schema did not state.
    ``claims`` say what is drawn seed by seed. `BnclaimsError` when the folder is not a readable report.
    """
    _, report = parse_report(read_file(folder / REPORT, limit=LIMITS[REPORT]))
    content = _content(folder, report)
    added: dict[str, object] = {"files": hashes_of(content)}
    if report.schema_ < WHOLE:
        added |= _since_then(report, content[PROTOCOL], claims)
    report = report.model_copy(update=added)
    page = html.render(
        report,
        typed(decode_table(content[TABLE], source=TABLE), source=TABLE),
        report_sha256=PLACEHOLDER,
        reply=read_reply(folder),
        shows={claim.id: claim.shows for claim in claims},
    )
    return bound(report, content, page.encode())


def _content(folder: Path, report: Report) -> dict[str, bytes]:
    """The files that a report rests on; `BnclaimsError` where one is not the one that it names."""
    names = (TABLE, PREDICTIONS, PROTOCOL, *([JUNIT] if os.path.lexists(folder / JUNIT) else []))
    content = {name: read_file(folder / name, limit=LIMITS[name]) for name in names}
    for name, found in hashes_of(content).items():
        stated = report.files.get(name)
        # What pytest says of the run was not named before.
        if stated != found and not (name == JUNIT and stated is None and report.schema_ < WHOLE):
            raise BnclaimsError(
                f"{folder}: {name} is not the one that {REPORT} names; fetch the report again."
            )
    return content


def _since_then(report: Report, protocol: bytes, claims: Sequence[Claim]) -> Mapping[str, object]:
    """What reports of the latest schema state and those before did not."""
    stated = {claim.id for claim in report.claims}
    known = with_cells(claims, parse_protocol(protocol.decode("utf-8"), source=PROTOCOL))
    omitted = tuple(sorted(claim.id for claim in known if claim.id not in stated))
    return {"schema_": SCHEMA, **({"omitted": omitted} if omitted else {})}


def redraw(folder: Path, claims: Sequence[Claim]) -> bool:
    """Writes what `redrawn` makes, and says whether that was any different from what stood there."""
    made = redrawn(folder, claims)
    changed = {name: data for name, data in made.items() if not _same(folder / name, data)}
    try:
        for name, data in changed.items():
            write_whole(folder / name, data, replace=True)
    except OSError as error:
        raise BnclaimsError(
            f"{folder}: the page cannot be written ({error.strerror or error}); free space there or make "
            "it writable."
        ) from error
    return bool(changed)


def _same(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False
