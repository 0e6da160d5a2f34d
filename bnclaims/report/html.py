"""The report as one HTML page that needs no network and no other file.

The page says nothing that `report.json` does not say: it words, draws and arranges. Everything it
is given is escaped, since names of classes, files and data are whatever a user called them.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bnclaims.report import plots
from bnclaims.report.plots import Plot, Row, interval, number

if TYPE_CHECKING:
    import pandas as pd

TEMPLATE = Path(__file__).with_name("page.html.j2")

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
LONGEST_FLAG = 40


@dataclasses.dataclass(frozen=True, kw_only=True)
class Strip:
    """A small drawing of estimates in the overview, placed on a scale of 0 to 1.

    ``text`` is the estimate in words, ``label`` what it is an estimate of, ``value`` what to sort
    by; ``lines`` are the values that decide, each with its place.
    """

    label: str
    text: str
    value: float
    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, str], ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bar:
    """An estimate, its interval and its new-images interval as places between 0 and 1."""

    at: float
    inner: tuple[float, float] | None
    outer: tuple[float, float] | None


def render(document: Mapping[str, Any], trials: pd.DataFrame, *, report_sha256: str) -> str:
    """The page of a report as text.

    ``document`` is the content of ``report.json`` (schema 1), ``trials`` that of ``trials.csv``,
    ``report_sha256`` the hash of ``report.json``, which the page only ever holds in full, so that a
    stand-in can be replaced by it later. Equal arguments give equal pages.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "p": p_value,
        "plain": plain,
        "name": name_of,
        "sha256": content_hash,
        "bibtex": bibtex_text,
    }
    environment.globals |= {
        "interval": interval,
        "distance": distance,
        "precision": plots.precision,
    }
    document = printable(document)
    headings = headings_of(document["claims"])
    page = environment.get_template(TEMPLATE.name).render(
        document=document,
        claims=[
            _claim_view(claim, trials, index) | {"heading": heading}
            for index, (claim, heading) in enumerate(zip(document["claims"], headings, strict=True))
        ],
        answer=answer(document),
        tally=tally(document["claims"]),
        meanings=VERDICTS,
        synthetic=[data["title"] for data in document["data"] if data["synthetic"]],
        report_sha256=report_sha256,
    )
    return str(page)


def headings_of(claims: Sequence[Mapping[str, Any]]) -> list[str]:
    """The title of every claim, told apart by its id where several share one."""
    shared = Counter(claim["title"] for claim in claims)
    headings = []
    for claim in claims:
        topic, detail = claim["title"].partition(":")[0], claim["id"].partition("-")[2]
        if shared[claim["title"]] > 1 and detail:
            headings.append(f"{topic}: {detail.replace('-', ' ')}")
        else:
            headings.append(claim["title"])
    return headings


def _claim_view(claim: Mapping[str, Any], trials: pd.DataFrame, index: int) -> dict[str, Any]:
    """A claim with its drawings; ``index`` makes the ids of its elements unique."""
    decider = deciding_cell(claim)
    deciders = [decider] if decider is not None else claim["cells"]
    flags = sorted({flag for cell in deciders for flag in cell["flags"]})
    return {
        **claim,
        "anchor": f"claim-{index}",
        "strips": strips(claim),
        "seeds": max((cell["seeds"] for cell in deciders), default=0),
        "decision_p": next((cell["decision_p"] for cell in deciders), None),
        "nearer": nearer_side(claim),
        # Long notes stand with the cell; a flag must fit beside the word it qualifies.
        "flags": [flag for flag in flags if len(flag) <= LONGEST_FLAG],
        "plots": list(_plots(claim, decider, trials, f"plot{index}")),
    }


def _plots(
    claim: Mapping[str, Any], decider: Mapping[str, Any] | None, trials: pd.DataFrame, name: str
) -> list[Plot]:
    drawn: list[Plot | None] = [plots.forest(f"{name}-forest", claim)]
    for index, cell in enumerate(claim["cells"]):
        drawn.append(plots.dose_response(f"{name}-dose{index}", cell))
    if claim["id"] in ("premise", "i") and decider is not None:
        drawn.append(plots.paired_seeds(f"{name}-seeds", decider, trials))
    return [plot for plot in drawn if plot is not None]


def deciding_cell(claim: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The cell that gives the claim its word; None where several share in it."""
    primary = [cell for cell in claim["cells"] if cell["primary"]]
    chosen = primary or claim["cells"]
    return chosen[0] if len(chosen) == 1 else None


def nearer_side(claim: Mapping[str, Any]) -> str:
    """Which of a claim's two p-values is closer to deciding it, or has."""
    support, refute = claim["p_support"], claim["p_refute"]
    return "refute" if refute is not None and (support is None or refute < support) else "support"


def strips(claim: Mapping[str, Any]) -> list[Strip]:
    """The drawings of a claim's effect for the overview, all on one scale."""
    cell = deciding_cell(claim)
    cells = [cell] if cell is not None else claim["cells"]
    rows = [row for cell in cells for row in plots.cell_rows(cell) if row.estimate is not None]
    if not rows:
        return []
    low, high = plots.limits(rows)
    if cell is not None and len(rows) <= MOST_STRIPS:
        return [
            _strip([row], low, high, row.label, interval(row.estimate, row.interval))
            for row in rows
        ]
    estimates = sorted(row.estimate for row in rows if row.estimate is not None)
    digits = plots.precision(estimates)
    text = f"{number(estimates[0], digits)} to {number(estimates[-1], digits)}"
    return [_strip(rows, low, high, f"{rows[0].label}, {len(rows)} cells", text)]


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
    return Strip(label=label, text=text, value=value, bars=tuple(bars), lines=labels)


def tally(claims: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Names of the claims of the family under each verdict word, in the order of the words."""
    return {
        word: [name_of(c["id"]) for c in claims if c["family"] and c["verdict"] == word]
        for word in VERDICTS
    }


def answer(document: Mapping[str, Any]) -> str:
    """The paragraph at the top: how the six and the premise came out, in careful words."""
    claims = document["claims"]
    family = [claim for claim in claims if claim["family"]]
    counts = Counter(claim["verdict"] for claim in family)
    clauses = [
        f"{COUNTS[counts[word]]} {'is' if counts[word] == 1 else 'are'} {word.lower()}, "
        f"{' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))}"
        for word, names in tally(claims).items()
        if names
    ]
    run = "simulated, not trained," if document["run"].get("synthetic_world") else "run"
    where = f"{run} on {document['selection']['dataset']}"
    scope = (
        "Of the six claims"
        if len(family) == 6
        else f"Of the {len(family)} claims judged of the six"
    )
    said = [
        f"{scope}, as operationalised here and {where}, {'; '.join(clauses)}."
        if family
        else f"None of the six claims was judged in this audit, {where}."
    ]
    premise = next((claim for claim in claims if claim["id"] == "premise"), None)
    if premise is not None:
        said.append(
            f"The premise on which they rest is {premise['verdict'].lower()}{_size(premise)}."
        )
    return " ".join(said)


def _size(claim: Mapping[str, Any]) -> str:
    cell = deciding_cell(claim)
    if cell is None or cell["estimate"] is None:
        return ""
    return (
        ": the final BN layer changes minority F1 by "
        f"{interval(cell['estimate'], cell['interval'])}, "
        f"the pseudomedian of paired differences over {cell['seeds']} seeds"
    )


def name_of(claim_id: str) -> str:
    """How a claim is called in running text: ``(i)`` for the six, its id for the others."""
    return f"({claim_id})" if re.fullmatch("[ivx]+", claim_id) else claim_id.replace("-", " ")


def p_value(p: float | None) -> str:
    """A p-value with two significant digits."""
    return "–" if p is None else f"{p:.2g}"


def distance(p: float | None, line: float | None) -> str:
    """How far a p-value is from the level that decides, as a factor."""
    if p is None or not line:
        return ""
    if p <= 0:
        return "far below"
    factor, side = (line / p, "below") if p <= line else (p / line, "above")
    return f"{float(f'{factor:.2g}'):,g}× {side}"


def plain(value: Any) -> str:
    """Plain data of any shape as a line of text."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case Mapping():
            return "; ".join(f"{key}: {plain(item)}" for key, item in value.items()) or "–"
        case list() | tuple():
            return ", ".join(plain(item) for item in value) or "–"
        case _:
            return str(value) or "–"


def printable(value: Any) -> Any:
    """The same data with text that UTF-8 can hold: a file name need not be valid text."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case Mapping():
            return {printable(key): printable(item) for key, item in value.items()}
        case list() | tuple():
            return [printable(item) for item in value]
        case _:
            return value


def bibtex_text(value: Any) -> str:
    """Text that cannot end a BibTeX field early."""
    return re.sub(r"[{}\\]", "", plain(value))


def content_hash(text: str) -> str:
    """The hash by which a content security policy names an inline script."""
    return base64.b64encode(hashlib.sha256(str(text).encode()).digest()).decode()
