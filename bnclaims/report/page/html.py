"""Page of a report: one HTML file that needs no network and no other file.

The page says nothing that `report.json` does not say: it words, draws and arranges. Everything it
is given is escaped, since names of classes, files and data are whatever a user called them.
"""

from __future__ import annotations

import base64
import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bnclaims.audit.claim import Shown
from bnclaims.report.formatting import printable, without_name
from bnclaims.report.linked_data import in_page
from bnclaims.report.model import Report, StatedCell, StatedClaim
from bnclaims.report.model_beside import StatedFlip
from bnclaims.report.page.alternatives_plot import remedies_plot
from bnclaims.report.page.citation import bibtex, link_of, report_bibtex
from bnclaims.report.page.claim_row import Row, row_of
from bnclaims.report.page.compact_svg import STYLES, with_classes
from bnclaims.report.page.dose_plot import dose_plots
from bnclaims.report.page.explained import NETWORKS, PARTS, Explained, explained
from bnclaims.report.page.forest_plot import Plot, claim_forest
from bnclaims.report.page.lead import (
    VERDICTS,
    abstract_only,
    answer,
    count_word,
    family_size,
    headline,
    synthetic,
    tally,
    tested,
    what_ran,
)
from bnclaims.report.page.learning_curve_plot import learning_curves
from bnclaims.report.page.margin_plot import margin_plot
from bnclaims.report.page.overview import Strip, strips
from bnclaims.report.page.provenance import check_of, command_of, run_facts, weights_said
from bnclaims.report.page.reliability_plot import reliability_plot
from bnclaims.report.page.seed_plot import paired_seeds
from bnclaims.report.page.seed_values import Seeds, counts_of
from bnclaims.report.page.settings_table import COLUMNS, settings_table
from bnclaims.report.page.templates import template
from bnclaims.report.remedies import own_questions, ranked_in
from bnclaims.report.row import NOTHING_BEATS_CHANCE

if TYPE_CHECKING:
    import pandas as pd

LONGEST_FLAG = 24
# In the order of the page.
GROUPS = (
    "The premise and the claims of the family",
    "Beside the family",
    "The alternatives: what else achieves or explains the gain",
)
# The metric and the test of the verdicts, among those that are tried.
USED = ("F1 and J", "signed rank with sign-flip guard")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClaimView:
    """A claim as the page shows it.

    ``stated`` is what the report says of it, ``short`` its heading without its name, ``anchor`` unique
    on the page; ``deciders`` are the cells that give it its verdict, at the level ``decision_p``, and
    ``seeds`` the most of one of them; ``nearer`` is the side whose p-value is closer to deciding,
    ``ran`` the rows of what ran.
    """

    stated: StatedClaim
    heading: str
    short: str
    anchor: str
    group: str
    deciders: Sequence[StatedCell]
    strips: Sequence[Strip]
    seeds: int
    decision_p: float | None
    nearer: str
    flags: Sequence[str]
    plots: Sequence[Plot]
    ran: Sequence[tuple[str, ...]]
    cells_run: int
    choices: Plot | None
    row: Row
    explained: Explained

    @property
    def tested(self) -> bool:
        """Whether any of its cells was judged."""
        return self.stated.findings

    @property
    def judged(self) -> bool:
        """Whether it has a verdict: cells that do not make it may have been judged alone."""
        return self.stated.judged and self.stated.findings

    @property
    def flips(self) -> Sequence[StatedFlip]:
        """The choices under which its verdict is another."""
        return self.stated.sensitivity.flips if self.stated.sensitivity else ()


def render(
    report: Report,
    trials: pd.DataFrame,
    *,
    report_sha256: str,
    samples: Mapping[str, bytes] | None = None,
    shows: Mapping[str, Sequence[Shown]] | None = None,
    reply: Sequence[str] = (),
) -> str:
    """The page of a report as text.

    ``trials`` is the table of ``trials.csv``, ``report_sha256`` the hash of ``report.json``, which the
    page only ever holds in full, so that a stand-in can be replaced by it later. ``samples`` are
    pictures (PNG) of datasets by name, for a page that stays where their licences allow them,
    ``shows`` what claims declare to be drawn seed by seed, by id; ``reply`` has the paragraphs of what
    the paper's authors answer. Equal arguments give equal pages.
    """
    report = Report.model_validate(printable(report.plain()))
    seeds = Seeds(counts_of(trials), shows or {}, int(number_of(report, "first_seed") or 0))
    views = [
        _claim_view(claim, heading, seeds, index, number_of(report, "smallest_effect"))
        for index, (claim, heading) in enumerate(
            zip(report.claims, headings_of(report.claims), strict=True)
        )
    ]
    advised = report.recommendation or ()
    page = template("page.html.j2").render(
        report=report,
        # As the file has them, but what was not tested must not stand in the reader's way.
        claims=sorted(
            views,
            key=lambda view: (GROUPS.index(view.group), not (view.tested or view.stated.family)),
        ),
        answer=answer(report),
        chance=NOTHING_BEATS_CHANCE if report.only_chance else "",
        headline=headline(report),
        family=count_word(family_size(report)),
        cite_paper=bibtex(report.paper),
        cite_report=report_bibtex(report),
        reply=reply,
        paper_link=link_of(report.paper),
        tally=tally(tested(report)),
        meanings=VERDICTS,
        ranked=ranked_in(report),
        own_questions=own_questions(report),
        advised=[
            (entry, remedies_plot(f"remedies{index}", entry, number_of(report, "margin")))
            for index, entry in enumerate(advised)
        ],
        used=USED,
        weights=weights_said(report),
        figure_styles=STYLES,
        titles={data.name: data.title for data in report.data},
        what_ran=what_ran(report),
        abstract_only=abstract_only(report),
        synthetic=synthetic(report),
        settings_columns=COLUMNS,
        parts_columns=PARTS,
        networks_columns=NETWORKS,
        ran=run_facts(report.run, report.attrition.trials),
        command=command_of(report),
        check=check_of(report),
        report_sha256=report_sha256,
        linked_data=in_page(report),
        samples={
            name: base64.b64encode(picture).decode() for name, picture in (samples or {}).items()
        },
    )
    return with_classes(str(page))


def number_of(report: Report, name: str) -> float | None:
    """A number of the protocol's statistics."""
    value = report.protocol.value(name)
    return value if isinstance(value, int | float) else None


def headings_of(claims: Sequence[StatedClaim]) -> list[str]:
    """The title of every claim, or its sentence where several share a title."""
    shared = Counter(claim.title for claim in claims)
    return [claim.title if shared[claim.title] == 1 else claim.sentence for claim in claims]


def _claim_view(
    claim: StatedClaim, heading: str, seeds: Seeds, index: int, margin: float | None
) -> ClaimView:
    """A claim with its drawings; ``index`` makes the ids of its elements unique."""
    deciders = claim.cells if claim.headline is None else (claim.headline,)
    level = next((cell.decision_p for cell in deciders), None)
    # Notes on one of several cells stand with that cell.
    flags = sorted(
        {
            flag
            for cell in deciders
            for flag in cell.flags
            if len(deciders) == 1 or flag not in cell.notes
        }
    )
    if claim.summary is not None and claim.summary.one_sided:
        flags.append("one-sided networks")
    return ClaimView(
        stated=claim,
        heading=heading,
        short=without_name(claim.id, heading),
        anchor=anchor(index),
        group=group_of(claim),
        deciders=deciders,
        strips=strips(claim),
        seeds=max((cell.seeds for cell in deciders), default=0),
        decision_p=level,
        nearer=nearer_side(claim),
        # Long notes stand with the cell; a flag must fit beside the verdict it qualifies.
        flags=[flag for flag in flags if len(flag) <= LONGEST_FLAG],
        plots=_plots(claim, seeds, f"plot{index}"),
        ran=settings_table(deciders),
        cells_run=sum(cell.finding is not None for cell in claim.cells),
        choices=margin_plot(f"plot{index}-margins", claim, own=margin, level=level),
        row=row_of(claim),
        explained=explained(claim),
    )


def _plots(claim: StatedClaim, seeds: Seeds, name: str) -> list[Plot]:
    if not claim.findings:
        return []
    drawn = [
        claim_forest(f"{name}-forest", claim),
        *dose_plots(f"{name}-dose", claim),
        *learning_curves(f"{name}-images", claim),
        paired_seeds(f"{name}-seeds", claim, seeds),
        reliability_plot(f"{name}-reliability", claim),
    ]
    return [plot for plot in drawn if plot is not None]


def anchor(place: int) -> str:
    """The id on the page of the claim at a place of the report."""
    return f"claim-{place}"


def group_of(claim: StatedClaim) -> str:
    """The heading under which a claim stands."""
    if claim.id == "premise" or claim.family:
        return GROUPS[0]
    return GROUPS[2] if claim.own else GROUPS[1]


def nearer_side(claim: StatedClaim) -> str:
    """Which of a claim's two p-values is closer to deciding it, or has."""
    support, refute = claim.p_support, claim.p_refute
    return "refute" if refute is not None and (support is None or refute < support) else "support"
