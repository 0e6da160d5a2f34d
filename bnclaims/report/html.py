"""The report as one HTML page that needs no network and no other file.

The page says nothing that `report.json` does not say: it words, draws and arranges. Everything it
is given is escaped, since names of classes, files and data are whatever a user called them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bnclaims.report import plots
from bnclaims.report.overview import VERDICTS, answer, deciding_cell, strips, tally
from bnclaims.report.plots import Plot
from bnclaims.report.templates import FOLDER, template
from bnclaims.report.words import printable

if TYPE_CHECKING:
    import pandas as pd

TEMPLATE = FOLDER / "page.html.j2"
LONGEST_FLAG = 40


def render(document: Mapping[str, Any], trials: pd.DataFrame, *, report_sha256: str) -> str:
    """The page of a report as text.

    ``document`` is the content of ``report.json`` (schema 1), ``trials`` that of ``trials.csv``,
    ``report_sha256`` the hash of ``report.json``, which the page only ever holds in full, so that a
    stand-in can be replaced by it later. Equal arguments give equal pages.
    """
    document = printable(document)
    headings = headings_of(document["claims"])
    page = template(TEMPLATE.name).render(
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


def nearer_side(claim: Mapping[str, Any]) -> str:
    """Which of a claim's two p-values is closer to deciding it, or has."""
    support, refute = claim["p_support"], claim["p_refute"]
    return "refute" if refute is not None and (support is None or refute < support) else "support"
