"""Page of a report drawn again from its own files, without training and without judging."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bnclaims.audit.claim import Claim
from bnclaims.errors import BnclaimsError
from bnclaims.report.files import LIMITS, PAGE, PLACEHOLDER, REPORT, TABLE, sha256
from bnclaims.report.model import parse_report
from bnclaims.report.page import html
from bnclaims.report.reading.reply import read_reply
from bnclaims.report.reading.untrusted_files import read_file
from bnclaims.report.trials_table import decode_table, typed
from bnclaims.store.atomic_files import write_whole

_FILES: Final = "files"


def redrawn(folder: Path, claims: Sequence[Claim]) -> dict[str, bytes]:
    """The page of a report as this version draws it, and the ``report.json`` that names its hash.

    Nothing else in ``report.json`` changes; ``claims`` say what is drawn seed by seed. `BnclaimsError`
    when the folder is not a readable report.
    """
    document, report = parse_report(read_file(folder / REPORT, limit=LIMITS[REPORT]))
    table = decode_table(read_file(folder / TABLE, limit=LIMITS[TABLE]), source=TABLE)
    files = {name: stated for name, stated in report.files.items() if name != PAGE}
    page = html.render(
        report.model_copy(update={_FILES: files}),
        typed(table, source=TABLE),
        report_sha256=PLACEHOLDER,
        reply=read_reply(folder),
        shows={claim.id: claim.shows for claim in claims},
    ).encode()
    document = {**document, _FILES: {**files, PAGE: sha256(page)}}
    stated = (json.dumps(document, indent=1, allow_nan=False) + "\n").encode()
    return {REPORT: stated, PAGE: page.replace(PLACEHOLDER.encode(), sha256(stated).encode())}


def redraw(folder: Path, claims: Sequence[Claim]) -> bool:
    """Writes what `redrawn` makes, and says whether that was any different from what stood there."""
    made = redrawn(folder, claims)
    if all(_same(folder / name, data) for name, data in made.items()):
        return False
    try:
        for name, data in made.items():
            write_whole(folder / name, data, replace=True)
    except OSError as error:
        raise BnclaimsError(
            f"{folder}: the page cannot be written ({error.strerror or error}); free space there or make "
            "it writable."
        ) from error
    return True


def _same(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False
