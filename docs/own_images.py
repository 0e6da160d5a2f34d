"""Fills the answers in own-images.md from committed reports: ``python docs/own_images.py``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bnclaims.report.formatting import with_minus
from bnclaims.report.reading.report import read_report_json
from bnclaims.report.remedies import RankedTable, ranked_in

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fixtures.committed import REMEDIES  # noqa: E402

PAGE: Final = ROOT / "docs" / "own-images.md"
MARK: Final = re.compile(r"<!-- (?P<what>table|answers) -->\n.*?<!-- /(?P=what) -->", re.DOTALL)
# Of the columns of a ranked table those that fit a page.
SHOWN: Final = ("Remedy", "J", "Gain in J", "In J", "F1 at {}", "In F1 at {}", "Costs")


def table(ranked: RankedTable) -> Iterator[str]:
    """The ranked table in Markdown, without the columns that only a report has room for."""
    places = [ranked.columns.index(name.format(ranked.share)) for name in SHOWN]
    yield f"| {' | '.join(ranked.columns[place] for place in places)} |"
    yield f"|{' --- |' * len(places)}"
    for row in ranked.rows:
        yield f"| {' | '.join(row[place] for place in places)} |"
    yield ""
    yield f"> {ranked.stated.advice}"


def answers(reports: dict[str, RankedTable]) -> Iterator[str]:
    """The advice of every report, and with how many images none is needed."""
    for name, ranked in reports.items():
        yield f"- {ranked.setting} (`reports/{name}`): {ranked.stated.advice}"
        yield from (f"    - {with_minus(note)}" for note in ranked.notes)


def filled(text: str) -> str:
    """The page with what the committed reports say between its marks."""
    found = {name: ranked_in(read_report_json(ROOT / "reports" / name)) for name in REMEDIES}
    known = {name: ranked for name, ranked in found.items() if ranked is not None}
    made = {"table": table(known[REMEDIES[0]]), "answers": answers(known)}

    def block(match: re.Match[str]) -> str:
        what = match["what"]
        return f"<!-- {what} -->\n\n" + "\n".join(made[what]) + f"\n\n<!-- /{what} -->"

    return MARK.sub(block, text)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
