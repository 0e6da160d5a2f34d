"""Lasting: the verdict of the same gain in networks trained until plain finds its training minority."""

from __future__ import annotations

import dataclasses

from bnclaims.audit.claim import StillThere
from bnclaims.audit.results import Audit, CellState
from bnclaims.audit.verdict import Verdict
from bnclaims.protocol.cells import Cell
from bnclaims.protocol.trial import Setting


def lasting_of(audit: Audit, cell: Cell) -> Verdict | None:
    """The verdict of the lasting cell whose networks differ in nothing but how they were trained.

    None where the protocol has no such cell, or it was not judged.
    """
    wanted = _untrained(cell)
    for judged in audit.claims:
        if not isinstance(judged.claim.tells, StillThere):
            continue
        for other, judgement in zip(audit.cells[judged.claim.id], judged.cells, strict=True):
            if judgement.state is CellState.JUDGED and wanted and wanted == _untrained(other):
                return judgement.verdict
    return None


def _untrained(cell: Cell) -> set[Setting]:
    """The settings of a cell without length and rate of training, which are those of no setting."""
    return {
        dataclasses.replace(setting, epochs=None, steps=1, learning_rate=1.0)
        for setting in cell.settings.values()
    }
