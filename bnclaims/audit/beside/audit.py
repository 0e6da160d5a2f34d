"""Audit with what stands beside its verdicts: for reports, and recomputed where one is checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial

from bnclaims.audit.beside.cell import cell_beside
from bnclaims.audit.beside.results import CellBeside
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.evidence.readouts import DERIVED
from bnclaims.audit.results import Audit, CellState, ClaimJudgement
from bnclaims.protocol.names import KEPT
from bnclaims.protocol.trial import Trial

# Trial key and stored readout.
Stored = frozenset[tuple[str, str]]


def with_beside(audit: Audit) -> Audit:
    """The audit with what stands beside every judged cell; nothing here enters a verdict."""
    if audit.beside is not None:
        return audit
    stored = frozenset((key, _base(readout)) for key, readout in audit.used)
    beside = {judged.claim.id: _of_claim(audit, judged, stored) for judged in audit.claims}
    return dataclasses.replace(audit, beside=beside)


def _of_claim(audit: Audit, judged: ClaimJudgement, stored: Stored) -> Mapping[str, CellBeside]:
    found = {}
    rules = audit.protocol.rules
    for cell, judgement in zip(audit.cells[judged.claim.id], judged.cells, strict=True):
        if judgement.state is not CellState.JUDGED:
            continue
        of_seeds = partial(
            Evidence, cell, rules=rules, records=audit.records, measured=audit.measured
        )
        evidence = of_seeds(tuple(rules.seeds(judgement.seeds)))
        statement = judged.claim.assertion(evidence)
        more = of_seeds(tuple(rules.seeds(_most(evidence, stored))))
        found[cell.name] = cell_beside(
            statement, judged.claim.assertion(more), evidence=evidence, more=more
        )
    return found


def _most(evidence: Evidence, stored: Stored) -> int:
    """Seeds of the latest look for which all is stored that was read for the seeds of a cell.

    A report keeps no more of a network than some claim was judged on.
    """
    read = {
        (evidence.cell.settings[setting], arm, _base(readout))
        for _, arm, readout, setting, _ in evidence.columns
    }
    rules, judged = evidence.rules, len(evidence.seeds)
    later = [n for n in rules.effect_looks if n > judged]
    there = [
        n
        for n in later
        if all(
            (Trial(setting=setting, arm=arm, seed=seed).key, readout) in stored
            for seed in rules.seeds(n)
            for setting, arm, readout in read
        )
    ]
    return max([judged, *there])


def _base(readout: str) -> str:
    """The stored readout that one is derived from."""
    return KEPT if readout in DERIVED else readout
