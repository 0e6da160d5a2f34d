"""Fills the matrix of findings in ../README.md from committed reports: ``python docs/readme_table.py``.

One row a claim, one column a report: the verdict, the effect in every score, what it is because of, and
whether it is still there in trained networks, in the words of terminal and page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bnclaims.report import row
from bnclaims.report.formatting import interval
from bnclaims.report.model import Report, StatedClaim
from bnclaims.report.reading.report import read_report_json

ROOT: Final = Path(__file__).resolve().parents[1]
README: Final = ROOT / "README.md"
START: Final = "<!-- verdicts -->\n"
END: Final = "<!-- /verdicts -->"
# What a claim says, where its title is longer than a cell, in the order of the rows; others follow.
IN_SHORT: Final = {
    "premise": "final BN raises minority F1 and J",
    "i": "the gain is there without the layer",
    "ii": "the gain peaks at some imbalance ratio",
    "ii-specific": "... more than that of a moved threshold",
    "iii": "batch size plays a role",
    "iv": "reproduces on other data and simpler networks",
    "v": "only with a single majority class",
    "vi": "almost no impact with a sigmoid",
    "uncertainty": "adds calibration error, training prevalence",
    "uncertainty-balanced": "... on the balanced test",
    "uncertainty-scaled": "... after temperature scaling",
    "uncertainty-prior": "... with the prior put back",
    "uncertainty-ranking": "confidence tells right from wrong less well",
    "lasting": "the gain is there in trained networks",
    "alt-prevalence": "raises F1 at the training prevalence",
    "alt-threshold": "a tuned threshold does as well",
    "alt-threshold-both": "... where the layer has one too",
    "alt-prior-shift": "the prior taken off does as well",
    "alt-weighted-loss": "a weighted loss does as well",
    "alt-ranking": "final BN ranks as well (AUC)",
}
# Scores of performance; other claims have one quantity, which they name.
SCORES: Final = {"f1": "F1", "last_f1": "F1", "natural_f1": "F1", "j": "J", "last_j": "J"}


def lines(reports: Sequence[tuple[str, Report]]) -> Iterator[str]:
    """The matrix of these reports, each with its address in the repository."""
    heads = [f"[{report.on}, {report.protocol.name}]({at})" for at, report in reports]
    yield f"| claim | in short | {' | '.join(heads)} |"
    yield f"|---|---|{'---|' * len(heads)}"
    by_report = [{claim.id: claim for claim in report.claims} for _, report in reports]
    judged = {claim.id: claim for _, report in reports for claim in report.claims if claim.judged}
    for id in sorted(judged, key=lambda id: [*IN_SHORT, id].index(id)):
        cells = [said(found.get(id)) for found in by_report]
        yield f"| {id} | {IN_SHORT.get(id, judged[id].title)} | {' | '.join(cells)} |"


def said(claim: StatedClaim | None) -> str:
    """Everything about a claim in one cell, the verdict first."""
    if claim is None or not claim.tested:
        return "not tested"
    if not claim.judged:
        return "not judged"
    return "<br>".join([str(claim.verdict), *_effects(claim), *_beside(claim)])


def _effects(claim: StatedClaim) -> Iterator[str]:
    if claim.headline is None:
        judged = sum(cell.judged for cell in claim.cells)
        yield f"{sum(cell.verdict == claim.verdict for cell in claim.cells)} of {judged} cells"
    elif claim.headline.finding is not None:
        for score in claim.headline.finding.scores:
            name = SCORES.get(score.metric, "")
            yield f"{name} {interval(score.estimate, score.interval)}".strip()


def _beside(claim: StatedClaim) -> Iterator[str]:
    if claim.summary is None:
        return
    summary = claim.summary.summary()
    if summary.answer is not None:
        yield row.ANSWERS[summary.answer]
    if summary.specific:
        yield from row.reasons(summary)
        yield f"when trained: {row.lasting(summary)}"


def committed() -> list[tuple[str, Report]]:
    """The committed reports by their addresses, in the order of their folders' names."""
    found = sorted(path.parent for path in (ROOT / "reports").glob("*/report.json"))
    return [(f"reports/{folder.name}", read_report_json(folder)) for folder in found]


def filled(text: str, reports: Sequence[tuple[str, Report]]) -> str:
    """The text of the README with the matrix of these reports; ``SystemExit`` without its marks."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{README} lacks the marks of the verdicts")
    return before + start + "\n".join(lines(reports)) + "\n\n" + end + after


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8"), committed()), encoding="utf-8")
