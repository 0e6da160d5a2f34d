"""The report as one HTML page that needs no network and no other file.

The page says nothing that `report.json` does not say: it words, draws and arranges. Everything it
is given is escaped, since names of classes, files and data are whatever a user called them.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bnclaims.audit.claim import Network
from bnclaims.report.formatting import printable
from bnclaims.report.page import forest_plot
from bnclaims.report.page.alternatives_plot import remedies_plot
from bnclaims.report.page.citation import bibtex, link_of
from bnclaims.report.page.dose_plot import dose_plots
from bnclaims.report.page.forest_plot import Plot
from bnclaims.report.page.lead import (
    VERDICTS,
    answer,
    count_word,
    family_size,
    headline,
    not_tested,
    synthetic,
    tally,
    tested,
    what_ran,
)
from bnclaims.report.page.margin_plot import margin_plot
from bnclaims.report.page.overview import deciding_cell, strips
from bnclaims.report.page.provenance import check_of, command_of, run_facts, weights_said
from bnclaims.report.page.reliability_plot import reliability_plot
from bnclaims.report.page.seed_plot import paired_seeds
from bnclaims.report.page.seed_values import Seeds, counts_of
from bnclaims.report.page.settings_table import COLUMNS, settings_table
from bnclaims.report.page.templates import template

LONGEST_FLAG = 60
# In the order of the page.
GROUPS = (
    "The premise and the claims of the family",
    "Beside the family",
    "The alternatives: what else achieves or explains the gain",
)
# The metric and the test of the verdicts, among those that are tried.
USED = ("F1", "signed rank with sign-flip guard")


def render(
    document: Mapping[str, Any],
    trials: Sequence[Mapping[str, str]],
    *,
    report_sha256: str,
    samples: Mapping[str, bytes] | None = None,
    networks: Mapping[str, Sequence[Network]] | None = None,
) -> str:
    """The page of a report as text.

    ``document`` is the content of ``report.json`` (schema 1), ``trials`` the rows of ``trials.csv``,
    ``report_sha256`` the hash of ``report.json``, which the page only ever holds in full, so that a
    stand-in can be replaced by it later. ``samples`` are pictures (PNG) of datasets by name, for a page
    that stays where their licences allow them, ``networks`` what claims declare to be drawn seed by
    seed, by id. Equal arguments give equal pages.
    """
    document = printable(document)
    headings = headings_of(document["claims"])
    seeds = Seeds(counts_of(trials), networks or {})
    statistics = document["protocol"]["reasons"]["statistics"]
    margin = statistics.get("smallest_effect", {}).get("value")
    page = template("page.html.j2").render(
        document=document,
        claims=sorted(
            (
                _claim_view(claim, seeds, index, margin) | {"heading": heading}
                for index, (claim, heading) in enumerate(
                    zip(document["claims"], headings, strict=True)
                )
            ),
            # As the file has them, but what was not tested must not stand in the reader's way.
            key=lambda claim: (
                GROUPS.index(claim["group"]),
                not (claim["tested"] or claim["family"]),
            ),
        ),
        answer=answer(document),
        headline=headline(document),
        family=count_word(family_size(document)),
        cite_paper=bibtex(document["paper"]),
        paper_link=link_of(document["paper"]),
        tally=tally(tested(document)),
        left_out=not_tested(document),
        meanings=VERDICTS,
        advised=[
            {**entry, "plot": remedies_plot(f"remedies{index}", entry, _margin(statistics))}
            for index, entry in enumerate(document.get("recommendation", ()))
        ],
        used=USED,
        weights=weights_said(document),
        titles={data["name"]: data["title"] for data in document["data"]},
        what_ran=what_ran(document),
        synthetic=synthetic(document),
        settings_columns=COLUMNS,
        ran=run_facts(document["run"], document["attrition"]["trials"]),
        command=command_of(document),
        check=check_of(document),
        report_sha256=report_sha256,
        samples={
            name: base64.b64encode(picture).decode() for name, picture in (samples or {}).items()
        },
    )
    return str(page)


def _margin(statistics: Mapping[str, Any]) -> float | None:
    margin: float | None = statistics.get("margin", {}).get("value")
    return margin


def headings_of(claims: Sequence[Mapping[str, Any]]) -> list[str]:
    """The title of every claim, or its sentence where several share a title."""
    shared = Counter(claim["title"] for claim in claims)
    return [
        claim["title"] if shared[claim["title"]] == 1 else claim["sentence"] for claim in claims
    ]


def _claim_view(
    claim: Mapping[str, Any], seeds: Seeds, index: int, margin: float | None
) -> dict[str, Any]:
    """A claim with its drawings; ``index`` makes the ids of its elements unique."""
    decider = deciding_cell(claim)
    deciders = [decider] if decider is not None else claim["cells"]
    level = next((cell["decision_p"] for cell in deciders), None)
    # Notes on one of several cells stand with that cell.
    flags = sorted(
        {
            flag
            for cell in deciders
            for flag in cell["flags"]
            if len(deciders) == 1 or flag not in (cell["finding"] or {}).get("notes", ())
        }
    )
    return {
        **claim,
        "anchor": f"claim-{index}",
        "group": group_of(claim),
        "tested": any(cell["finding"] for cell in claim["cells"]),
        "deciders": deciders,
        "strips": strips(claim),
        "seeds": max((cell["seeds"] for cell in deciders), default=0),
        "decision_p": level,
        "nearer": nearer_side(claim),
        # Long notes stand with the cell; a flag must fit beside the word it qualifies.
        "flags": [flag for flag in flags if len(flag) <= LONGEST_FLAG],
        "plots": _plots(claim, seeds, f"plot{index}"),
        "ran": settings_table(deciders),
        "cells_run": sum(cell["finding"] is not None for cell in claim["cells"]),
        "choices": margin_plot(f"plot{index}-margins", claim, own=margin, level=level),
        "flips": (claim.get("sensitivity") or {}).get("flips", []),
    }


def _plots(claim: Mapping[str, Any], seeds: Seeds, name: str) -> list[Plot]:
    if not any(cell["finding"] for cell in claim["cells"]):
        return []
    drawn = [
        forest_plot.forest(f"{name}-forest", claim),
        *dose_plots(f"{name}-dose", claim),
        paired_seeds(f"{name}-seeds", claim, seeds),
        reliability_plot(f"{name}-reliability", claim),
    ]
    return [plot for plot in drawn if plot is not None]


def group_of(claim: Mapping[str, Any]) -> str:
    """The heading under which a claim stands."""
    if claim["id"] == "premise" or claim["family"]:
        return GROUPS[0]
    return GROUPS[2] if claim["source"] == "this audit" else GROUPS[1]


def nearer_side(claim: Mapping[str, Any]) -> str:
    """Which of a claim's two p-values is closer to deciding it, or has."""
    support, refute = claim["p_support"], claim["p_refute"]
    return "refute" if refute is not None and (support is None or refute < support) else "support"
