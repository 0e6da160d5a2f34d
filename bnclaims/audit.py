"""A whole audit as a pure function of records: every cell judged, every claim worded."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bnclaims.cells import Cell, Selection, cells_of
from bnclaims.claim import Claim
from bnclaims.errors import BnclaimsError
from bnclaims.protocol import Protocol
from bnclaims.record import Record
from bnclaims.trial import Trial
from bnclaims.verdicts import (
    CellJudgement,
    ClaimJudgement,
    judge_cell,
    judge_claim,
    unjudged,
    with_holm,
)

if TYPE_CHECKING:
    from bnclaims.sensitivity import Sensitivity

# Why a cell was not judged: it could not be, or nobody asked for it.
TRIALS_MISSING = "trials are missing"
DESELECTED = "deselected"


class MissingRecord(Exception):
    """A trial that a judgement needs has no record."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Audit:
    """Everything that a report says and rests on.

    ``records`` holds the record of every trial that a judgement used, by key; ``used`` the
    (key, readout) pairs that were measured; ``environment`` and ``run`` describe where and how the
    audit ran and decide nothing. ``sensitivity``, by claim id, is added for reports only.
    """

    protocol: Protocol
    selection: Selection
    cells: Mapping[str, tuple[Cell, ...]]
    claims: tuple[ClaimJudgement, ...]
    records: Mapping[str, Record]
    used: frozenset[tuple[str, str]]
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    run: Mapping[str, object] = dataclasses.field(default_factory=dict)
    sensitivity: Mapping[str, Sensitivity] | None = None


def in_order(claims: Sequence[Claim], family: Sequence[str]) -> list[Claim]:
    """Claims in the order of reports: the premise, the family, then the others in theirs."""
    order = ("premise", *family, "uncertainty")
    return sorted(claims, key=lambda c: order.index(c.id) if c.id in order else len(order))


def cells_for(claim: Claim, protocol: Protocol, selection: Selection) -> tuple[Cell, ...]:
    """The cells of a claim; `BnclaimsError` where they cannot make its word as it combines them."""
    cells = tuple(cells_of(protocol, claim.id, selection))
    primary = sum(cell.primary for cell in cells)
    if claim.combine == "primary" and primary != 1:
        raise BnclaimsError(
            f"protocol {protocol.name}: claims.{claim.id} has no primary cell; give the one that "
            "decides primary = true."
        )
    if claim.combine != "primary" and primary:
        raise BnclaimsError(
            f"protocol {protocol.name}: claims.{claim.id} has a primary cell, but the claim combines "
            f"its cells ({claim.combine}); take primary out."
        )
    return cells


def with_cells(claims: Sequence[Claim], protocol: Protocol) -> list[Claim]:
    """The claims that a protocol has cells for, in the order of reports.

    Only claims beside the family can be left out: without cells, the premise and the family's own
    are errors wherever cells are asked for.
    """
    kept = [
        claim
        for claim in claims
        if claim.id in protocol.file.claims or claim.id in ("premise", *protocol.rules.family)
    ]
    return in_order(kept, protocol.rules.family)


def audit(
    claims: Sequence[Claim],
    protocol: Protocol,
    selection: Selection,
    read: Callable[[Trial], Record | None],
    *,
    include: Callable[[Claim, Cell], str | None] = lambda claim, cell: None,
    train: Callable[[Sequence[Trial]], object] = lambda trials: None,
) -> Audit:
    """Judges every claim that the protocol has cells for on the records that ``read`` returns.

    ``train`` is told which trials a look is about to read; by default nothing is trained.

    A cell for which ``include`` returns a reason, or whose trials are not all there, is reported as
    not judged. Pure but for ``read``: the plugin, the verifier and the calibration share it.
    """
    used: set[tuple[str, str]] = set()
    judged_claims: list[ClaimJudgement] = []
    all_cells: dict[str, tuple[Cell, ...]] = {}

    found: dict[str, Record] = {}

    def obtain(trials: Sequence[Trial]) -> Mapping[str, Record]:
        unread = [trial for trial in trials if trial.key not in found]
        train(unread)
        for trial in unread:
            record = read(trial)
            if record is None:
                raise MissingRecord(trial.key)
            found[trial.key] = record
        return found

    for claim in with_cells(claims, protocol):
        cells = cells_for(claim, protocol, selection)
        available = sum(cell.unavailable is None for cell in cells)
        judgements: list[CellJudgement] = []
        for cell in cells:
            if (why := include(claim, cell)) is not None:
                judgements.append(unjudged(claim, cell, protocol.rules, why))
                continue
            try:
                judged, readouts = judge_cell(claim, cell, protocol.rules, obtain, cells=available)
            except MissingRecord:
                judgements.append(unjudged(claim, cell, protocol.rules, TRIALS_MISSING))
            else:
                judgements.append(judged)
                used |= readouts
        all_cells[claim.id] = cells
        judged_claims.append(judge_claim(claim, judgements, available, protocol.rules))
    return Audit(
        protocol=protocol,
        selection=selection,
        cells=all_cells,
        claims=tuple(with_holm(judged_claims, protocol.rules.family)),
        records={key: found[key] for key in sorted({key for key, _ in used})},
        used=frozenset(used),
    )
