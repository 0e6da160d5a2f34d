"""Row of a claim on the page: what it is because of, and whether that lasts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from bnclaims.report import row
from bnclaims.report.model import StatedClaim


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """The words, and a ``bar`` from 0 to 100 for the threshold's share where that is known."""

    because: Sequence[str] = ()
    lasting: str = row.NOTHING
    answer: str = ""
    bar: int | None = None

    @property
    def sort(self) -> int:
        """What the column is sorted by: claims without a known share come last."""
        return -1 if self.bar is None else self.bar


def row_of(claim: StatedClaim) -> Row:
    """The row of a claim; an empty one where the report states none."""
    if claim.summary is None:
        return Row()
    summary = claim.summary.summary()
    share = summary.threshold
    return Row(
        because=row.reasons(summary),
        lasting=row.lasting(summary) if summary.specific else row.NOTHING,
        answer="" if summary.answer is None else row.ANSWERS[summary.answer],
        bar=round(100 * min(max(share.estimate, 0.0), 1.0)) if share and share.bounded else None,
    )
