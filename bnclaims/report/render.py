"""Page and crate of a report made anew from its numbers, by the templates of this version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bnclaims.audit.claim import Claim
from bnclaims.errors import BnclaimsError
from bnclaims.report.files import (
    JUNIT,
    LIMITS,
    PAGE,
    PLACEHOLDER,
    PREDICTIONS,
    PROTOCOL,
    REPORT,
    TABLE,
)
from bnclaims.report.model import parse_report
from bnclaims.report.page import html
from bnclaims.report.reading.untrusted_files import read_file
from bnclaims.report.schemas import SCHEMA
from bnclaims.report.trials_table import decode_table, typed
from bnclaims.report.verify.verify import verify
from bnclaims.report.write import bound, hashes_of


def rendered(folder: Path, claims: Sequence[Claim]) -> dict[str, bytes]:
    """The bytes of every file of a report with its page and its crate made anew, by name.

    Every number stays as it is. `BnclaimsError` where the report does not follow from its predictions,
    as new hashes would hide that, or shows sample images, which only a run has.
    """
    if problems := verify(folder, claims).problems:
        raise BnclaimsError(
            f"{folder}: does not verify ({problems[0]}); fetch the report again, or judge its networks "
            "anew with --stored."
        )
    names = [TABLE, PREDICTIONS, PROTOCOL, *([JUNIT] if (folder / JUNIT).exists() else [])]
    content = {name: read_file(folder / name, limit=LIMITS[name]) for name in names}
    if b'src="data:image/png;base64,' in read_file(folder / PAGE, limit=LIMITS[PAGE]):
        raise BnclaimsError(
            f"{folder}: its page shows images of the data, which the report does not hold; judge its "
            "networks anew with --stored --sample-images."
        )
    _, report = parse_report(read_file(folder / REPORT, limit=LIMITS[REPORT]))
    report = report.model_copy(update={"schema_": SCHEMA, "files": hashes_of(content)})
    page = html.render(
        report,
        typed(decode_table(content[TABLE], source=TABLE), source=TABLE),
        report_sha256=PLACEHOLDER,
        shows={claim.id: claim.shows for claim in claims},
    )
    return bound(report, content, page.encode())
