"""Card of an audit for slides: its family of claims with verdicts and effects, as SVG and as PNG."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bnclaims.errors import BnclaimsError
from bnclaims.report.formatting import name_of, without_name
from bnclaims.report.index.badge import COLOURS, WITHOUT_VERDICT
from bnclaims.report.index.matrix import effects, pixels, scale, verdict_or_why
from bnclaims.report.model import Report
from bnclaims.report.page.lead import headline
from bnclaims.store.atomic_files import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CARDS: Final = "cards"
FORMATS: Final = ("svg", "png")
# Part of what marks a card: another one draws all cards anew.
_DESIGN: Final = 1
_MARK: Final = "bnclaims index card "
# A slide of 1600 by 900 pixels, and the most of a title in it.
_SIZE: Final = (16.0, 9.0)
_DOTS: Final = 100
_TITLE: Final = 80
_INK: Final = "#1c2024"
_MUTED: Final = "#565c63"
# Where the columns of a line begin, of 160 units.
_COLUMNS: Final = (8.0, 26.0, 104.0, 127.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Card:
    """What a card says: ``lines`` are name, title, verdict and effect of each claim of the family."""

    title: str
    about: str
    lines: tuple[tuple[str, str, str, str], ...]
    source: str

    @property
    def mark(self) -> str:
        """What a file of this very card holds, so that another drawing program need not be the same."""
        said = repr((_DESIGN, dataclasses.astuple(self)))
        return _MARK + hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()


def card(report: Report) -> Card:
    """The card of a report; equal reports give equal cards."""
    family = [claim for claim in report.claims if claim.family or claim.id == "premise"]
    return Card(
        title=headline(report),
        about=f"{report.on} · protocol {report.protocol.name} · {scale(report)}, {pixels(report)} · "
        f"{report.generated[:10]}",
        lines=tuple(
            (
                name_of(claim.id),
                textwrap.shorten(without_name(claim.id, claim.title), _TITLE, placeholder=" …"),
                verdict_or_why(claim),
                ", ".join(effects(claim)[:1]),
            )
            for claim in family
        ),
        source=f"{report.suite.name} {report.suite.version} · as operationalised by the protocol with "
        f"sha256 {report.protocol.sha256[:16]} · {report.paper.title}",
    )


def outdated_cards(folder: Path, cards: Mapping[str, Card]) -> list[str]:
    """Files of cards, by path from ``folder``, that are missing, of another report, or of none."""
    wanted = {f"{CARDS}/{name}.{kind}": card for name, card in cards.items() for kind in FORMATS}
    stale = [name for name, one in wanted.items() if one.mark.encode() not in _data(folder / name)]
    there = (path for kind in FORMATS for path in (folder / CARDS).glob(f"*.{kind}"))
    ours = (path for path in there if _MARK.encode() in _data(path))
    found = {path.relative_to(folder).as_posix() for path in ours}
    return [*stale, *sorted(found - wanted.keys())]


def write_cards(folder: Path, cards: Mapping[str, Card]) -> list[str]:
    """Draws the cards that are outdated, removes those of reports that are gone, and returns both."""
    changed = outdated_cards(folder, cards)
    try:
        for name in changed:
            path = folder / name
            if path.stem not in cards:
                path.unlink()
                continue
            path.parent.mkdir(exist_ok=True)
            write_whole(path, drawn(cards[path.stem], path.suffix[1:]), replace=True)
    except OSError as error:
        raise BnclaimsError(
            f"{folder}: a card cannot be written ({error.strerror}); free space there or make it "
            "writable."
        ) from error
    return changed


def drawn(card: Card, kind: str) -> bytes:
    """A card as ``svg`` or ``png``: 1600 by 900 pixels, with its mark among what describes the file."""
    import matplotlib
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {
        "font.family": "DejaVu Sans",
        "text.parse_math": False,
        "svg.fonttype": "none",
    }
    with matplotlib.rc_context({**style, "svg.hashsalt": "bnclaims"}):
        figure = Figure(figsize=_SIZE, dpi=_DOTS, facecolor="#fcfcfa")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, 10 * _SIZE[0])
        axes.set_ylim(10 * _SIZE[1], 0)
        left = _COLUMNS[0]
        axes.text(left, 10, textwrap.fill(card.title, 80), fontsize=23, weight="bold", color=_INK)
        axes.text(
            left, 15, textwrap.shorten(card.about, 120, placeholder=" …"), fontsize=16, color=_MUTED
        )
        step = min(8.2, 62 / max(1, len(card.lines)))
        for number, line in enumerate(card.lines):
            _line(axes, 22.5 + number * step, *line)
        axes.text(
            left,
            86.5,
            textwrap.shorten(card.source, 180, placeholder=" …"),
            fontsize=11.5,
            color=_MUTED,
        )
        buffer = io.BytesIO()
        described = {"Description": card.mark} | ({"Date": None} if kind == "svg" else {})
        figure.savefig(buffer, format=kind, metadata=described)
    return buffer.getvalue()


def _line(axes: Axes, y: float, name: str, title: str, verdict: str, effect: str) -> None:
    colour = COLOURS.get(verdict, WITHOUT_VERDICT)
    name_at, title_at, verdict_at, effect_at = _COLUMNS
    axes.text(name_at, y, name, fontsize=16, weight="bold", color=_INK, va="center")
    axes.text(title_at, y, title, fontsize=14, color=_INK, va="center")
    pill = {"boxstyle": "round,pad=0.35", "facecolor": colour, "edgecolor": "none"}
    axes.text(
        verdict_at, y, verdict, fontsize=13, weight="bold", color="white", va="center", bbox=pill
    )
    axes.text(effect_at, y, effect, fontsize=15, color=_INK, va="center")


def _data(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
