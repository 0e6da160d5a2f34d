"""Figures as SVG elements that take their colours from the style sheet of the page around them."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

from bnclaims.report.page.compact_svg import compact

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Narrow on purpose: at the width of a phone the text of a figure is still read without zooming.
WIDTH = 4.7
# Stand-ins that matplotlib writes as they are and that become variables of the style sheet.
# Black would not do: matplotlib leaves it out, as SVG's default.
INK, FAINT, ACCENT, SOFT, PAPER = "#010203", "#010204", "#010205", "#010206", "#010207"
SHADE = "#010208"
# Text and ground of each verdict.
VERDICT_COLOURS = {
    "SUPPORTED": ("#010209", "#01020a"),
    "REFUTED": ("#01020b", "#01020c"),
    "INCONCLUSIVE": ("#01020d", "#01020e"),
    "INVALID": ("#01020f", "#010210"),
}
VARIABLES = {
    INK: "ink",
    FAINT: "faint",
    ACCENT: "accent",
    SOFT: "soft",
    PAPER: "paper",
    SHADE: "shade",
    **{ink: verdict.lower() for verdict, (ink, _) in VERDICT_COLOURS.items()},
    **{tint: f"{verdict.lower()}-tint" for verdict, (_, tint) in VERDICT_COLOURS.items()},
}

_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 10.0,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    # Dots are lines without a length.
    "path.simplify": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "bnclaims",
}


@contextmanager
def empty_figure(height: float) -> Iterator[Figure]:
    """An empty figure in the page's style; matplotlib is slow to import and only needed here."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        # Labels may hold any script; a glyph that matplotlib lacks is drawn by the browser.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield Figure(figsize=(WIDTH, height))


def svg_of(figure: Figure, name: str, title: str, description: str) -> str:
    """The figure as an SVG element, safe to stand beside others in one page.

    ``name`` is a word that is unique on the page; ``title`` and ``description`` are for readers who
    do not see the figure. The same figure gives the same text.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var(--{variable})")
    box = re.search(r'viewBox="[^"]*"', text)
    assert box is not None, "matplotlib always writes a viewBox"
    head = (
        f'<svg {box[0]} role="img" aria-labelledby="{name}-title {name}-desc" '
        'xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>'
    )
    return f"{head}{compact(text, name)}</svg>"
