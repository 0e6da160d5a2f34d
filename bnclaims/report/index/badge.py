"""Badge: a claim's verdict as a small drawing (SVG) for other pages, in the manner of build badges."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from bnclaims.report.compare.wording import effect_of
from bnclaims.report.formatting import name_of
from bnclaims.report.index.matrix import verdict_or_why
from bnclaims.report.model import Report, StatedClaim
from bnclaims.report.page.lead import abstract_only, from_scratch
from bnclaims.report.page.templates import template

# Those of the report page on light paper: white text on them has a contrast of 7 or more.
COLOURS: Final = {
    "SUPPORTED": "#0a568a",
    "REFUTED": "#94300f",
    "INCONCLUSIVE": "#55524d",
    "INVALID": "#7a2a6c",
}
# Of claims without a verdict: INCONCLUSIVE is what evidence was, not that there is none.
WITHOUT_VERDICT: Final = "#55524d"
SIZE: Final = 11
PADDING: Final = 6


def badge(report: Report, claim: StatedClaim) -> str:
    """The badge of a claim as SVG text, with a title and a description for those who cannot see it.

    Equal reports give equal badges. The text has the width that it has in DejaVu Sans; readers
    without that font get theirs stretched to it.
    """
    label = f"{claim_name(claim)} · {report.on}"
    verdict = verdict_or_why(claim)
    colour = COLOURS.get(verdict, WITHOUT_VERDICT)
    widths = [text_width(text) for text in (label, verdict)]
    cell = claim.headline
    effect = f" Effect {effect_of(cell)}, {cell.seeds} seeds." if cell and cell.seeds else ""
    known = " The paper was read as far as its abstract." if abstract_only(report) else ""
    start = " All networks were trained from scratch." if from_scratch(report) else ""
    return template("badge.svg.j2").render(
        label=label,
        verdict=verdict,
        colour=colour,
        widths=widths,
        padding=PADDING,
        size=SIZE,
        title=f"{label}: {verdict}",
        description=f"{verdict.capitalize()}, as operationalised by the protocol "
        f"{report.protocol.name} on {report.on}, {report.generated[:10]}: “{claim.sentence}”"
        f"{effect}{start}{known}",
    )


def claim_name(claim: StatedClaim) -> str:
    """How a badge calls a claim: ``claim (i)`` for the six, its id for the others."""
    return f"claim {name_of(claim.id)}" if claim.family else name_of(claim.id)


@lru_cache(maxsize=256)
def text_width(text: str) -> int:
    """Width of a text in whole pixels, as DejaVu Sans draws it at the size of a badge."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    # With matplotlib rather than a table of widths: it brings the font along, and every script.
    width, _, _ = TextToPath().get_text_width_height_descent(
        text, FontProperties(family="DejaVu Sans", size=SIZE), ismath=False
    )
    return round(width) + 1
