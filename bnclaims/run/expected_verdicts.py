"""Expected verdicts of `--expect`: those of an earlier report, and how those of a run differ."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from bnclaims.audit.results import Audit, CellState, has_verdict
from bnclaims.errors import BnclaimsError, is_dir
from bnclaims.report.compare.verdict_changes import Change, Verdicts, changes, verdicts_of
from bnclaims.report.reading.report import read_report_json


@dataclasses.dataclass(frozen=True, kw_only=True)
class Deviations:
    """How a run differs from what was expected; ``left_out`` counts cells it was not asked for."""

    changes: tuple[Change, ...]
    left_out: int

    @property
    def differs(self) -> bool:
        """Whether a verdict differs or is on one side only; a cell nobody judged has none."""
        return any(change.kind != "unjudged" for change in self.changes)


def expected_verdicts(report: Path, *, protocol_sha256: str, dataset: str) -> Verdicts:
    """The verdicts of an earlier report.

    Raises `BnclaimsError` when it cannot be read or was made under another protocol or dataset,
    since its verdicts would then answer another question.
    """
    if not is_dir(report):
        raise BnclaimsError(
            f"--expect {report}: not a readable report, there is no such folder; give one that pytest "
            "claims wrote, or run once without --expect to make it."
        )
    try:
        recorded = read_report_json(report)
    except BnclaimsError as error:
        raise BnclaimsError(f"--expect: not a readable report: {error}") from error
    if recorded.protocol.sha256 != protocol_sha256:
        raise BnclaimsError(
            f"--expect {report}: made under another protocol (sha256 "
            f"{recorded.protocol.sha256[:12]}, now {protocol_sha256[:12]}); expect a report of the "
            "same protocol."
        )
    if recorded.selection.dataset != dataset:
        raise BnclaimsError(
            f"--expect {report}: is about dataset {recorded.selection.dataset}, this run about "
            f"{dataset}; expect a report on the same dataset."
        )
    return verdicts_of(recorded.claims)


def deviations(expected: Verdicts, audit: Audit, *, all_claims: bool) -> Deviations:
    """How the verdicts of a run differ from the expected ones.

    What was deselected has no verdict and does not count. With ``all_claims`` a claim that the run does
    not know is gone; without, the run was asked for other claims.
    """
    judged = {(claim.claim.id, cell.cell): cell for claim in audit.claims for cell in claim.cells}
    known = {claim.claim.id for claim in audit.claims}
    deselected = {place for place, cell in judged.items() if cell.state is CellState.DESELECTED}
    other = set() if all_claims else expected.claims.keys() - known
    # The verdict of a claim is that of all its cells.
    partly = {claim for claim, _ in deselected} | other
    before = Verdicts(
        claims={name: verdict for name, verdict in expected.claims.items() if name not in partly},
        cells={
            place: verdict
            for place, verdict in expected.cells.items()
            if place not in deselected and place[0] not in other
        },
    )
    now = Verdicts(
        claims={
            claim.claim.id: claim.verdict if has_verdict(claim.cells) else None
            for claim in audit.claims
            if claim.claim.id not in partly
        },
        cells={
            place: cell.verdict if cell.state is CellState.JUDGED else None
            for place, cell in judged.items()
            if place not in deselected
        },
    )
    return Deviations(
        changes=tuple(changes(before, now)), left_out=len(expected.cells) - len(before.cells)
    )
