"""Matrix of claims by audits: what an index says of every claim in every audit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from bnclaims.report.compare.wording import effect_of
from bnclaims.report.files import PAGE
from bnclaims.report.formatting import listed, without_name
from bnclaims.report.model import Report, StatedClaim
from bnclaims.report.model_parts import StatedSetting
from bnclaims.report.page.html import GROUPS, anchor, group_of
from bnclaims.report.row import in_scores

# The networks that are this suite's own; all others are published ones of full size.
SMALL: Final = frozenset({"simple_cnn", "mlp"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class MatrixCell:
    """A claim in an audit: its verdict, or why it has none, its effect, and where its page tells more."""

    verdict: str
    judged: bool
    effects: tuple[str, ...]
    link: str


@dataclasses.dataclass(frozen=True)
class MatrixRow:
    """A claim in all audits, in the order of the audits; None where an audit does not have it."""

    id: str
    short: str
    cells: tuple[MatrixCell | None, ...]


def matrix(reports: Mapping[str, Report]) -> list[tuple[str, list[MatrixRow]]]:
    """The rows of every group of claims that some report has, by the reports' names, in page order."""
    claims: dict[str, StatedClaim] = {}
    for report in reports.values():
        for claim in report.claims:
            claims.setdefault(claim.id, claim)
    rows = [
        (
            group_of(claim),
            MatrixRow(claim.id, without_name(claim.id, claim.title), _cells(claim.id, reports)),
        )
        for claim in claims.values()
    ]
    grouped = [(name, [row for group, row in rows if group == name]) for name in GROUPS]
    return [(name, found) for name, found in grouped if found]


def verdict_or_why(claim: StatedClaim) -> str:
    """The verdict of a claim, or in capitals why it has none."""
    if not claim.tested:
        return "NOT TESTED"
    return claim.verdict if claim.judged else "NOT JUDGED"


def effects(claim: StatedClaim) -> tuple[str, ...]:
    """The effect of the cell that gives a claim its verdict, in each of its scores."""
    cell = claim.headline
    if cell is None or cell.estimate is None:
        return ()
    scores = cell.finding.scores if cell.finding else ()
    return tuple(in_scores(scores) if len(scores) > 1 else [effect_of(cell)])


def scale(report: Report) -> str:
    """How large the networks are that give the claims of a report their verdicts."""
    networks = {setting.architecture for setting in _deciding(report)}
    if not networks:
        return "nothing judged"
    if networks <= SMALL:
        return "small networks"
    return "networks of both sizes" if networks & SMALL else "networks of full size"


def pixels(report: Report) -> str:
    """The side of the images that give the claims of a report their verdicts."""
    sizes = sorted({setting.task.image_size for setting in _deciding(report)})
    return f"{listed(str(size) for size in sizes)} pixels" if sizes else "no images"


def _deciding(report: Report) -> list[StatedSetting]:
    return [
        setting
        for claim in report.claims
        if claim.headline is not None and claim.headline.finding is not None
        for setting in claim.headline.settings.values()
    ]


def _cells(id: str, reports: Mapping[str, Report]) -> tuple[MatrixCell | None, ...]:
    return tuple(_cell(id, name, report) for name, report in reports.items())


def _cell(id: str, name: str, report: Report) -> MatrixCell | None:
    for place, claim in enumerate(report.claims):
        if claim.id == id:
            return MatrixCell(
                verdict=verdict_or_why(claim),
                judged=claim.tested and claim.judged,
                effects=effects(claim),
                link=f"{quote(name)}/{PAGE}#{anchor(place)}",
            )
    return None
