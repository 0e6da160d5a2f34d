"""Ranked remedies in words: the rows of their table, for pages and terminals."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from bnclaims.audit.statements.remedies import STILL_NEEDED
from bnclaims.protocol.names import KEPT, PLAIN, TUNED_THRESHOLD
from bnclaims.report.formatting import interval, number
from bnclaims.report.model import Report, StatedClaim
from bnclaims.report.model_explained import (
    StatedRankedRemedies,
    StatedRemedyRow,
    StatedSize,
    StatedStanding,
)

COSTS = ("no training", "another training", "another layer")


@dataclasses.dataclass(frozen=True, kw_only=True)
class RankedTable:
    """The ranked table of a cell: what it is about, the advice, and its rows in the order of ``columns``.

    ``notes`` say how many images of the minority each remedy takes to be needed no more, where that
    was asked.
    """

    setting: str
    stated: StatedRankedRemedies
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    notes: Sequence[str]

    @property
    def share(self) -> str:
        """Share of the minority in training, e.g. ``5 %``."""
        return share_of(self.stated)


def share_of(stated: StatedRankedRemedies) -> str:
    """Share of the minority in training, e.g. ``5 %``."""
    return f"{100 * stated.prevalence:.2g} %"


def ranked_table(claims: Sequence[StatedClaim]) -> RankedTable | None:
    """The ranked table of the cell that gives its claim the verdict; None where none ranks remedies."""
    for claim in claims:
        cell = claim.headline
        if cell is not None and cell.beside is not None and cell.beside.remedies is not None:
            stated = cell.beside.remedies
            return RankedTable(
                setting=cell.setting,
                stated=stated,
                columns=_columns(stated),
                rows=[row_of(place, row) for place, row in enumerate(stated.rows, 1)],
                notes=[*_learning(claims)],
            )
    return None


def ranked_in(report: Report) -> RankedTable | None:
    """The ranked table of a report."""
    return ranked_table(report.claims)


def own_questions(report: Report) -> bool:
    """Whether a report ranks remedies and every claim is a question of this suite's own."""
    return all(claim.own for claim in report.claims) and ranked_in(report) is not None


def in_brief(table: RankedTable) -> Iterator[str]:
    """The advice and the rows that it was chosen from, as lines of text."""
    yield f"which remedy helps? {table.setting}: {table.stated.advice}"
    yield from (f"  {note}" for note in table.notes)


def _columns(stated: StatedRankedRemedies) -> tuple[str, ...]:
    share = share_of(stated)
    return (
        "",
        "Remedy",
        "J",
        "Gain in J",
        "In J",
        "Gain in F1, balanced",
        f"F1 at {share}",
        f"Gain in F1 at {share}",
        f"In F1 at {share}",
        f"Calibration error at {share}",
        "Costs",
    )


def row_of(place: int, row: StatedRemedyRow) -> tuple[str, ...]:
    """The row of a remedy in the order of the columns, with its place."""
    in_j, in_f1 = map(_standing, row.standings)
    return (
        str(place),
        row.name,
        number(row.j.estimate),
        _gain(row.gain_j),
        in_j,
        _gain(row.gain_f1),
        number(row.natural_f1.estimate),
        _gain(row.gain_natural_f1),
        in_f1,
        number(row.ece.estimate),
        _cost(row),
    )


def _standing(standing: StatedStanding) -> str:
    helps = "helps" if standing.gains else ""
    best = "among the best" if standing.among_best else "another is better"
    return ", ".join(filter(None, (helps, best)))


def _gain(gain: StatedSize | None) -> str:
    return "–" if gain is None else interval(gain.estimate, gain.interval)


def _cost(row: StatedRemedyRow) -> str:
    cost = COSTS[row.effort // 2]
    if (row.arm, row.readout) == (PLAIN, KEPT):
        return "–"
    validation = ", validation images" if row.readout == TUNED_THRESHOLD else ""
    return f"{cost}{validation}"


def _learning(claims: Sequence[StatedClaim]) -> Iterator[str]:
    for claim in claims:
        for cell in claim.cells if claim.headline is None else (claim.headline,):
            if cell.finding is not None and cell.finding.kind == STILL_NEEDED:
                yield from cell.finding.notes
