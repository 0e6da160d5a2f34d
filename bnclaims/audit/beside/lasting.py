"""Lasting: the verdict of the same gain in networks trained until plain finds its training minority."""

from __future__ import annotations

import dataclasses

from bnclaims.audit.claim import Claim, StillThere
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.results import Audit, CellState
from bnclaims.audit.statements.gates import threshold_gain
from bnclaims.audit.statements.paired_effects import Effect
from bnclaims.audit.statements.statement import Statement
from bnclaims.audit.verdict import Verdict
from bnclaims.audit.verdicts import in_its_list, judge_cell
from bnclaims.protocol.cells import MAIN, Cell
from bnclaims.protocol.names import FINAL_BN, PLAIN, REMOVED
from bnclaims.protocol.trial import Setting


def lasting_of(audit: Audit, cell: Cell, *, removed: bool = False) -> Verdict | None:
    """The verdict of the lasting cell whose networks differ in nothing but how they were trained.

    With ``removed`` that of the same networks without their layer. None where the protocol has no such
    cell, or it was not judged.
    """
    wanted = _untrained(cell)
    for judged in audit.claims:
        if not isinstance(judged.claim.tells, StillThere):
            continue
        for other, judgement in zip(audit.cells[judged.claim.id], judged.cells, strict=True):
            if judgement.state is CellState.JUDGED and wanted and wanted == _untrained(other):
                if not removed:
                    return judgement.verdict
                return _without_layer(audit, judged.claim, other, judgement.seeds)
    return None


def _without_layer(audit: Audit, lasting: Claim, cell: Cell, seeds: int) -> Verdict:
    def still_there(evidence: Evidence) -> Statement:
        plain, layer = (
            (PLAIN, FINAL_BN) if {*evidence.settings} == {PLAIN, FINAL_BN} else (MAIN, MAIN)
        )
        gain = evidence.both(FINAL_BN, REMOVED, layer) - evidence.both(PLAIN, setting=plain)
        return Effect("gain with the layer removed", gain, threshold_gain(evidence, plain))

    judged, _ = judge_cell(
        dataclasses.replace(lasting, assertion=still_there),
        dataclasses.replace(cell, max_seeds=seeds),
        audit.protocol.rules,
        lambda trials: audit.records,
        cells=in_its_list(cell, audit.cells[lasting.id]),
        measured=audit.measured,
        describe=False,
    )
    return judged.verdict


def _untrained(cell: Cell) -> set[Setting]:
    """The settings of a cell without length and rate of training, which are those of no setting."""
    return {
        dataclasses.replace(setting, epochs=None, steps=1, learning_rate=1.0)
        for setting in cell.settings.values()
    }
