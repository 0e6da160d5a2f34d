"""Notes on a verification: what it could not check, and what a report does not speak of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bnclaims.audit.claim import Claim
from bnclaims.audit.plan import with_cells
from bnclaims.audit.results import NOT_JUDGED, Audit
from bnclaims.protocol.load import FOLDER, Protocol, load_protocol
from bnclaims.report.document import version
from bnclaims.report.formatting import shown
from bnclaims.report.model import Report
from bnclaims.report.registration import in_history
from bnclaims.report.verify.row_differences import bare


def notes_on(
    report: Report, protocol: Protocol, audited: Audit, claims: Sequence[Claim]
) -> Iterator[str]:
    """What is worth knowing of a report that its check neither confirms nor refutes, in sentences."""
    file, registered = built_in(protocol), report.run.registration
    if file and registered and not in_history(registered, file.parent):
        yield (
            f"That commit {bare(registered.protocol_commit)[:12]} registered the protocol before the report "
            "was made is not checked: this is no clone with that history."
        )
    if file is None:
        yield f"Protocol {shown(protocol.name)} is not one of this installation."
    elif load_protocol(protocol.name).whole_sha256 != protocol.whole_sha256:
        yield f"Protocol {protocol.name} is not the one of that name in this installation."
    if (budget := protocol.file.budget) is not None:
        left_out = len(budget.cells) - len(budget.chosen)
        yield (
            f"A budget of {budget.minutes:g} minutes left out {left_out} of {len(budget.cells)} cells"
            + (f"; not tested: {', '.join(budget.not_tested)}." if budget.not_tested else ".")
        )
    if report.suite.version != version():
        yield f"Written by version {bare(report.suite.version)}, checked by {version()}."
    stated = {claim.id for claim in report.claims}
    absent = [claim.id for claim in with_cells(claims, protocol) if claim.id not in stated]
    if absent:
        yield f"Claims that are not in the report: {', '.join(absent)}."
    for judged in audited.claims:
        for cell in judged.cells:
            if cell.state in NOT_JUDGED:
                yield f"Claim {judged.claim.id}, cell {cell.cell}: {shown(cell.reason)[1:-1]}."


def built_in(protocol: Protocol) -> Path | None:
    """The file of this installation's protocol of that name, None where it has none."""
    # The name is only ever compared: as a path it could lead anywhere.
    return {file.stem: file for file in FOLDER.glob("*.toml")}.get(protocol.name)
