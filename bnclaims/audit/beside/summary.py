"""Summary of a claim in one row: it holds or not, because of what, and whether that lasts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bnclaims.audit.beside.lasting import lasting_of
from bnclaims.audit.beside.results import Summary
from bnclaims.audit.results import Audit, CellJudgement, CellState, ClaimJudgement
from bnclaims.protocol.cells import Cell


def summary_of(audit: Audit, judged: ClaimJudgement) -> Summary:
    """The row of a claim, from the judged cells that make its verdict."""
    pairs = _deciding(audit, judged)
    beside = (audit.beside or {}).get(judged.claim.id, {})
    found = [beside[cell.name] for cell, _ in pairs if cell.name in beside]
    effects = [effect for at in found for effect in at.effects]
    shares = [at.threshold_share for at in effects if at.threshold_share is not None]
    kept = [at.retained for at in effects if at.retained is not None]
    alone = len(pairs) == len(effects) == 1
    lasting = (
        {lasting_of(audit, cell, removed=bool(kept)) for cell, _ in pairs}
        if len(effects) == len(pairs)
        else {None}
    )
    return Summary(
        verdict=judged.verdict,
        answer=pairs[0][1].answer if len(pairs) == 1 else None,
        settings=len(effects),
        specific=dict(Counter(at.specific.word for at in effects)),
        mostly=dict(Counter(at.word for at in shares)),
        threshold=shares[0].share if alone and shares else None,
        retained=dict(Counter(at.word for at in kept)),
        lasting=lasting.pop() if len(lasting) == 1 else None,
        one_sided=any(network.often_one_sided for at in found for network in at.networks),
    )


def _deciding(audit: Audit, judged: ClaimJudgement) -> Sequence[tuple[Cell, CellJudgement]]:
    pairs = zip(audit.cells[judged.claim.id], judged.cells, strict=True)
    run = [pair for pair in pairs if pair[1].state is CellState.JUDGED]
    return [pair for pair in run if pair[1].primary] or [
        pair for pair in run if judged.claim.combine != "replication" or pair[1].counts_as
    ]
