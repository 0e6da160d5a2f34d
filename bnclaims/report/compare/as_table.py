"""Comparison of two reports on a terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from bnclaims.report.compare.compare import CellPair, ClaimPair, Comparison
from bnclaims.report.compare.protocol_changes import EntryChange
from bnclaims.report.compare.wording import (
    change_of,
    effect_of,
    grounds,
    protocol_sentence,
    shortened,
    summary,
    title_of,
    verdict_of,
)
from bnclaims.report.formatting import STYLES, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

# A log has no width of its own; effects beside each other want some.
WIDTH_OF_A_LOG: Final = 140
INDENT: Final = 2
# More columns than any table has.
MUCH: Final = 10_000


def console() -> Console:
    """Standard output, wide enough for the table where it is no terminal."""
    from rich.console import Console

    fixed = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(width=None if fixed else WIDTH_OF_A_LOG, highlight=False)


def print_comparison(comparison: Comparison, out: Console) -> None:
    """Prints everything that differs; names and sentences are taken as text, never as markup."""
    from rich.text import Text

    out.print(Text.assemble(("first   ", "bold"), title_of(comparison.before)))
    out.print(Text.assemble(("second  ", "bold"), title_of(comparison.after)))
    out.print()
    out.print(Text(summary(comparison), style="bold"))
    for change in comparison.changes:
        style = "dim" if change.kind == "unjudged" else ""
        line = Text(f"  {change.text}", style=style)
        for verdict, colour in STYLES.items():
            line.highlight_regex(rf"\b{verdict}\b", colour)
        out.print(line)
    for advised in comparison.advice:
        out.print(Text(f"  {advised.text}"))
    out.print()
    out.print(_claims(comparison.claims, wide=_fits(comparison.claims, out)))
    out.print()
    out.print(Text(grounds(comparison), style="dim"))
    out.print()
    out.print(Text(protocol_sentence(comparison)))
    if comparison.protocol:
        out.print(_differences(comparison.protocol))
        out.print()
    if comparison.environment:
        out.print(Text("Data, software and machine differ:"))
        out.print(_differences(comparison.environment))
    else:
        out.print(Text("Data, software and machine are stated the same."))


def _fits(pairs: Sequence[ClaimPair], out: Console) -> bool:
    """Whether names stay whole words beside the effects of each side; rich would break them."""
    names = [(name_of(pair.id), 0) for pair in pairs]
    names += [(cell.name, INDENT) for pair in pairs for cell in pair.cells]
    longest = max(
        (len(word) + indent for name, indent in names for word in name.split()), default=0
    )
    narrowest = _claims(pairs, wide=True, names=longest)
    without_limit = out.options.update(width=MUCH)
    return out.measure(narrowest, options=without_limit).maximum <= out.width


def _claims(pairs: Sequence[ClaimPair], *, wide: bool, names: int | None = None) -> Table:
    """A row per claim and cell; a narrow terminal has no room for the effects of each side."""
    from rich.box import SIMPLE_HEAD
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("claim, cell", overflow="fold", width=names)
    for name in ("first", "second"):
        table.add_column(name, no_wrap=True)
    for name in ("effect, first", "effect, second") if wide else ():
        table.add_column(name, justify="right", no_wrap=True)
    # Text, since rich would take the brackets of a plain one for its own markup.
    table.add_column(Text("change [interval]"), justify="right", no_wrap=wide)
    for pair in pairs:
        shown = pair.headline
        table.add_row(Text(name_of(pair.id)), *_row(pair, shown, wide=wide))
        for cell in pair.cells:
            if cell is not shown:
                # Padding: names that go on in another line stay indented.
                inner = Padding(Text(cell.name), (0, 0, 0, INDENT))
                table.add_row(inner, *_row(cell, cell, wide=wide))
    return table


def _row(sides: ClaimPair | CellPair, cell: CellPair | None, *, wide: bool) -> Iterator[Text]:
    from rich.text import Text

    change = cell.change if cell else None
    for side in (sides.before, sides.after):
        verdict = verdict_of(side)
        yield Text(verdict, style=STYLES.get(verdict, "dim"))
    if wide:
        yield Text(effect_of(cell.before if cell else None))
        yield Text(effect_of(cell.after if cell else None))
    clear = change is not None and _beside_zero(change.interval)
    yield Text(change_of(change), style="bold" if clear else "")


def _beside_zero(interval: tuple[float | None, float | None] | None) -> bool:
    """Whether an interval leaves 0 out."""
    if interval is None:
        return False
    low, high = interval
    return (low is not None and low > 0) or (high is not None and high < 0)


def _differences(entries: Sequence[EntryChange]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("where", "first", "second"):
        table.add_column(name, overflow="fold")
    for entry in entries:
        sides = ("–" if side is None else shortened(side) for side in (entry.before, entry.after))
        table.add_row(Text(entry.place), *map(Text, sides))
    return table
