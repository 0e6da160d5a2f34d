"""Row of a claim on the page: what it is because of, and whether that lasts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bnclaims.report import row
from bnclaims.report.model_beside import StatedSummary


def claim_row(claim: Mapping[str, Any]) -> dict[str, Any]:
    """The words, and a bar from 0 to 100 for the threshold's share where that is known."""
    stated = claim.get("summary")
    if stated is None:
        return {"because": [], "lasting": row.NOTHING, "answer": "", "bar": None, "sort": -1}
    summary = StatedSummary.model_validate(stated).summary()
    share = summary.threshold
    known = share is not None and share.bounded
    bar = round(100 * min(max(share.estimate, 0.0), 1.0)) if share is not None and known else None
    return {
        "because": row.reasons(summary),
        "lasting": row.lasting(summary) if summary.specific else row.NOTHING,
        "answer": "" if summary.answer is None else row.ANSWERS[summary.answer],
        "bar": bar,
        "sort": -1 if bar is None else bar,
    }


def only_chance(document: Mapping[str, Any]) -> str:
    """The sentence that must lead where nothing beats chance; empty elsewhere."""
    return row.NOTHING_BEATS_CHANCE if document.get("only_chance") else ""
