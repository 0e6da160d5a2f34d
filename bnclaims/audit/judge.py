"""Audit: a pure function of records, every cell judged and every claim given its verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bnclaims.audit.claim import Claim
from bnclaims.audit.evidence.evidence import MeasuredKey, Measurement
from bnclaims.audit.plan import cells_for, with_cells
from bnclaims.audit.results import Audit, CellJudgement, CellState, ClaimJudgement
from bnclaims.audit.verdicts import (
    MissingRecord,
    in_its_list,
    judge_cell,
    judge_claim,
    unjudged,
    with_holm,
)
from bnclaims.protocol.cells import Cell, Selection
from bnclaims.protocol.load import Protocol
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record


def audit(
    claims: Sequence[Claim],
    protocol: Protocol,
    selection: Selection,
    read: Callable[[Trial], Record | None],
    *,
    include: Callable[[Claim, Cell], CellState | None] = lambda claim, cell: None,
    train: Callable[[Sequence[Trial]], object] = lambda trials: None,
) -> Audit:
    """Judges every claim that the protocol has cells for on the records that ``read`` returns.

    ``train`` is told which trials a look is about to read; by default nothing is trained.

    A cell for which ``include`` returns a state, or whose first look lacks trials, is reported as not
    judged. Pure but for ``read``: the plugin, the verifier and the calibration share it.
    """
    used: set[tuple[str, str]] = set()
    measured: dict[MeasuredKey, Measurement] = {}
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
        judgements: list[CellJudgement] = []
        for cell in cells:
            if (state := include(claim, cell)) is not None:
                judgements.append(unjudged(claim, cell, protocol.rules, state))
                continue
            # A copy, since a cell whose trials are not all there has used nothing.
            so_far = dict(measured)
            try:
                judged, readouts = judge_cell(
                    claim,
                    cell,
                    protocol.rules,
                    obtain,
                    cells=in_its_list(cell, cells),
                    measured=so_far,
                )
            except MissingRecord:
                judgements.append(unjudged(claim, cell, protocol.rules, CellState.TRIALS_MISSING))
            else:
                judgements.append(judged)
                used |= readouts
                measured = so_far
        all_cells[claim.id] = cells
        judged_claims.append(judge_claim(claim, judgements, protocol.rules))
    return Audit(
        protocol=protocol,
        selection=selection,
        cells=all_cells,
        claims=tuple(with_holm(judged_claims, protocol.rules.family)),
        records={key: found[key] for key in sorted({key for key, _ in used})},
        used=frozenset(used),
        measured=measured,
    )
