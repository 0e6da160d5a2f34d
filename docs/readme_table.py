"""Fills the matrix of findings in ../README.md from committed reports: ``python docs/readme_table.py``.

One row a claim, one column a report; a cell has the verdict and the effect in both scores. What stands beside
a verdict is in `docs/findings.md`; all claims, intervals and single settings are in the reports.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from bnclaims.report import row
from bnclaims.report.formatting import number, precision
from bnclaims.report.model import Report, StatedClaim
from bnclaims.report.reading.report import read_report_json

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fixtures.committed import SCRATCH, TRANSFER  # noqa: E402

README: Final = ROOT / "README.md"
START: Final = "<!-- verdicts -->\n"
END: Final = "<!-- /verdicts -->"
# The claims that the README shows, and what they say in the width of a cell.
IN_SHORT: Final = {
    "premise": "final BN raises minority F1 and J",
    "i": "... also with the layer removed",
    "ii": "... most at some imbalance ratio",
    "iii": "... depending on the batch size",
    "iv": "... on other data, in simpler networks",
    "v": "... only with a single majority class",
    "vi": "... hardly with a sigmoid",
    "uncertainty": "it adds calibration error",
    "uncertainty-balanced": "... on a balanced test",
    "uncertainty-ranking": "it ranks right and wrong answers worse",
    "alt-threshold": "instead: a tuned threshold",
    "alt-prior-shift": "instead: the prior taken off",
    "alt-weighted-loss": "instead: a weighted loss",
}


def lines(
    reports: Sequence[tuple[str, Report]], cell: Callable[[StatedClaim | None], str]
) -> Iterator[str]:
    """The matrix of these reports, each under its head, and what a cell of it has."""
    yield f"| claim | in short | {' | '.join(head for head, _ in reports)} |"
    yield f"|---|---|{'---|' * len(reports)}"
    by_report = [{claim.id: claim for claim in report.claims} for _, report in reports]
    judged = {claim.id for _, report in reports for claim in report.claims if claim.judged}
    for id, short in IN_SHORT.items():
        if id in judged:
            cells = [cell(found.get(id)) for found in by_report]
            yield f"| {id} | {short} | {' | '.join(cells)} |"


def brief(claim: StatedClaim | None) -> str:
    """The verdict of a claim, or a remedy's answer, and the effect in every score."""
    return "<br>".join(said(claim).split("<br>")[:2]).replace("F1 ", "").replace("J ", "")


def said(claim: StatedClaim | None) -> str:
    """What a look must tell of a claim, the verdict or a remedy's answer first, then what is beside."""
    if claim is None or not claim.tested:
        return "not tested"
    if not claim.judged:
        return "not judged"
    summary = None if claim.summary is None else claim.summary.summary()
    if summary is not None and summary.answer is not None:
        return "<br>".join([row.ANSWERS[summary.answer], *_effects(claim)])
    beside = "" if summary is None else row.in_brief(summary)
    return "<br>".join([f"**{claim.verdict}**", *_effects(claim), *filter(None, [beside])])


def _effects(claim: StatedClaim) -> Iterator[str]:
    if claim.headline is None:
        judged = sum(cell.judged for cell in claim.cells)
        yield f"{sum(cell.verdict == claim.verdict for cell in claim.cells)} of {judged} cells"
    elif claim.headline.finding is not None:
        scores = claim.headline.finding.scores
        yield ", ".join(
            f"{row.SCORES.get(s.metric, '')} {number(s.estimate, precision([s.estimate]))}".strip()
            for s in scores
        )


def committed() -> list[tuple[str, Report]]:
    """The committed reports with their heads: what a run has left beside them is none."""
    read = [(name, read_report_json(ROOT / "reports" / name)) for name in (*SCRATCH, *TRANSFER)]
    return [
        (f"[{report.on}, {report.protocol.name}](reports/{name})", report) for name, report in read
    ]


def filled(text: str, reports: Sequence[tuple[str, Report]]) -> str:
    """The text of the README with the matrix of these reports; ``SystemExit`` without its marks."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{README} lacks the marks of the verdicts")
    return before + start + "\n".join(lines(reports, brief)) + "\n\n" + end + after


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8"), committed()), encoding="utf-8")
