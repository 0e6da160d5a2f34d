"""The top of the report page: how the claims came out, in words and in one small drawing each."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bnclaims.protocol_file import FAMILY
from bnclaims.report.estimates import Row, cell_rows, limits
from bnclaims.report.words import interval, name_of, number, precision

# The words in the order of the page, and what each means.
VERDICTS = {
    "SUPPORTED": "The test that can show the statement rejected its null hypothesis at the level "
    "of the claim, and the estimate is as large as the protocol asks for.",
    "REFUTED": "The test that can show the opposite rejected its null hypothesis. This is a "
    "finding about the claim as read here, not a fault of the run.",
    "INCONCLUSIVE": "Neither test rejected, or the cell was not run. It is no evidence for either "
    "side; more seeds may decide it.",
    "INVALID": "The word would rest on the absence of an effect, and a control did not show that "
    "this assay could have seen one.",
}
COUNTS = ("none", "one", "two", "three", "four", "five", "six")
# More estimates than this are drawn in one strip of the overview instead of one by one.
MOST_STRIPS = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Strip:
    """A small drawing of estimates in the overview, placed on a scale of 0 to 1.

    ``text`` is the estimate in words, ``label`` what it is an estimate of, ``value`` what to sort
    by, ``clear`` how far the interval is from the nearest line; ``lines`` are the values that
    decide, each with its place.
    """

    label: str
    text: str
    value: float
    clear: str
    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, str], ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bar:
    """An estimate, its interval and its new-images interval as places between 0 and 1."""

    at: float
    inner: tuple[float, float] | None
    outer: tuple[float, float] | None


def deciding_cell(claim: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The cell that gives the claim its word; None where several share in it."""
    primary = [cell for cell in claim["cells"] if cell["primary"]]
    chosen = primary or claim["cells"]
    return chosen[0] if len(chosen) == 1 else None


def strips(claim: Mapping[str, Any]) -> list[Strip]:
    """The drawings of a claim's effect for the overview, all on one scale."""
    cell = deciding_cell(claim)
    cells = [cell] if cell is not None else claim["cells"]
    rows = [row for cell in cells for row in cell_rows(cell) if row.estimate is not None]
    if not rows:
        return []
    low, high = limits(rows)
    if cell is not None and len(rows) <= MOST_STRIPS:
        return [
            _strip([row], low, high, row.label, interval(row.estimate, row.interval))
            for row in rows
        ]
    estimates = sorted(row.estimate for row in rows if row.estimate is not None)
    digits = precision(estimates)
    text = f"{number(estimates[0], digits)} to {number(estimates[-1], digits)}"
    return [_strip(rows, low, high, f"{rows[0].label}, {len(rows)} cells", text)]


def strip_of(rows: Sequence[Row], *, label: str, text: str) -> Strip:
    """One drawing of several estimates of the same quantity, each with its own bar."""
    return _strip(rows, *limits(rows), label, text)


def _strip(rows: Sequence[Row], low: float, high: float, label: str, text: str) -> Strip:
    def place(value: float | None, unbounded: float) -> float:
        at = unbounded if value is None else (value - low) / (high - low)
        return round(min(max(at, 0.0), 1.0), 4)

    def ends(bounds: Sequence[float | None] | None) -> tuple[float, float] | None:
        return None if bounds is None else (place(bounds[0], 0.0), place(bounds[1], 1.0))

    bars = [
        Bar(at=place(row.estimate, 0.5), inner=ends(row.interval), outer=ends(row.new_images))
        for row in rows
    ]
    lines = sorted({line for row in rows for line in row.lines})
    labels = tuple((place(line, 0.0), f"{line:g}".replace("-", "−")) for line in lines)
    value = min(row.estimate for row in rows if row.estimate is not None)
    return Strip(
        label=label, text=text, value=value, clear=_clear(rows), bars=tuple(bars), lines=labels
    )


def _clear(rows: Sequence[Row]) -> str:
    """How far the intervals stay from the nearest value that decides, or that one crosses it."""
    gaps: list[tuple[float, float]] = []
    for row in rows:
        if row.interval is None:
            continue
        low, high = row.interval
        for line in row.lines:
            above = -math.inf if low is None else low - line
            below = -math.inf if high is None else line - high
            gaps.append((max(above, below), line))
    if not gaps:
        return ""
    gap, line = min(gaps)
    named = f"{line:g}".replace("-", "−")
    if gap <= 0:
        return f"the interval reaches over {named}"
    return f"the interval ends {number(gap, precision([gap]))} from {named}"


def not_tested(document: Mapping[str, Any]) -> Sequence[str]:
    """Ids of the claims that a budget left out as a whole."""
    ids: Sequence[str] = document["protocol"].get("budget", {}).get("not_tested", ())
    return ids


def tested(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The claims that were not left out as a whole."""
    left_out = not_tested(document)
    return [claim for claim in document["claims"] if claim["id"] not in left_out]


def tally(claims: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Names of the claims of the family under each verdict word, in the order of the words."""
    return {
        word: [name_of(c["id"]) for c in claims if c["family"] and c["verdict"] == word]
        for word in VERDICTS
    }


def family_size(document: Mapping[str, Any]) -> int:
    """How many claims share the error rate, judged or not."""
    return len(document["protocol"].get("family", FAMILY))


def count_word(count: int) -> str:
    """A small number in words, a larger one in digits."""
    return COUNTS[count] if count < len(COUNTS) else str(count)


def headline(document: Mapping[str, Any]) -> str:
    """The title of the page: how many claims about what were tested."""
    count = family_size(document)
    subject = document["paper"]["subject"]
    claims = "claim" if count == 1 else "claims"
    return f"{count_word(count).capitalize()} {claims} about {subject}, put to the test"


def answer(document: Mapping[str, Any]) -> str:
    """The paragraph at the top: how the family and the premise came out, in careful words."""
    claims = tested(document)
    family = [claim for claim in claims if claim["family"]]
    counts = Counter(claim["verdict"] for claim in family)
    clauses = [
        f"{count_word(counts[word])} {'is' if counts[word] == 1 else 'are'} {word.lower()}, "
        f"{' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))}"
        for word, names in tally(claims).items()
        if names
    ]
    run = "simulated, not trained," if document["run"].get("synthetic_world") else "run"
    where = f"{run} on {document['selection']['dataset']}"
    every = family_size(document)
    said = [_scope(family, every, where) + (f", {'; '.join(clauses)}." if family else ".")]
    if every == len(family) == 1:
        said = [
            f"The claim, as operationalised here and {where}, is {family[0]['verdict'].lower()}"
            f"{_size(family[0])}."
        ]
    premise = next((claim for claim in claims if claim["id"] == "premise"), None)
    if premise is not None:
        said.append(
            f"The premise on which they rest is {premise['verdict'].lower()}{_size(premise)}."
        )
    return " ".join(said)


def _scope(family: Sequence[Mapping[str, Any]], every: int, where: str) -> str:
    """Of how many of how many claims the paragraph speaks."""
    if not family:
        return f"None of the {count_word(every)} claims was judged in this audit, {where}"
    judged = "" if len(family) == every else f"{len(family)} claims judged of the "
    claims = " claims" if len(family) == every else ""
    return f"Of the {judged}{count_word(every)}{claims}, as operationalised here and {where}"


def _size(claim: Mapping[str, Any]) -> str:
    cell = deciding_cell(claim)
    if cell is None or cell["estimate"] is None:
        return ""
    return (
        f": {cell['finding']['label']} {interval(cell['estimate'], cell['interval'])}, "
        f"the pseudomedian of paired differences over {cell['seeds']} seeds"
    )
