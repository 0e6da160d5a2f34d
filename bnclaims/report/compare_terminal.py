"""A comparison of two reports on a terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from bnclaims.report.compare import CellPair, ClaimPair, Comparison
from bnclaims.report.compare_words import (
    change_of,
    effect_of,
    grounds,
    protocol_words,
    summary,
    title_of,
    word_of,
)
from bnclaims.report.entries import Difference
from bnclaims.report.words import STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

# A log has no width of its own; effects beside each other want some.
WIDTH_OF_A_LOG: Final = 120


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
        for word, colour in STYLES.items():
            line.highlight_regex(rf"\b{word}\b", colour)
        out.print(line)
    for advised in comparison.advice:
        out.print(Text(f"  {advised.text}"))
    out.print(_claims(comparison.claims, wide=out.width >= WIDTH_OF_A_LOG))
    out.print(Text(grounds(comparison), style="dim"))
    out.print()
    out.print(Text(protocol_words(comparison)))
    if comparison.protocol:
        out.print(_differences(comparison.protocol))
    if comparison.environment:
        out.print(Text("Data, software and machine differ:"))
        out.print(_differences(comparison.environment))
    else:
        out.print(Text("Data, software and machine are stated the same."))


def _claims(pairs: Sequence[ClaimPair], *, wide: bool) -> Table:
    """A row per claim and cell; a narrow terminal has no room for the effects of each side."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("claim, cell", overflow="fold")
    for name in ("first", "second"):
        table.add_column(name, no_wrap=True)
    for name in ("effect, first", "effect, second") if wide else ():
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("change [interval]", justify="right", no_wrap=wide)
    for pair in pairs:
        shown = pair.headline
        table.add_row(*_row(pair.id, pair, shown, wide=wide))
        for cell in pair.cells:
            if cell is not shown:
                table.add_row(*_row(f"  {cell.name}", cell, cell, wide=wide))
    return table


def _row(
    name: str, words: ClaimPair | CellPair, cell: CellPair | None, *, wide: bool
) -> Iterator[Text]:
    from rich.text import Text

    change = cell.change if cell else None
    yield Text(name)
    for side in (words.before, words.after):
        word = word_of(side)
        yield Text(word, style=STYLES.get(word, "dim"))
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


def _differences(entries: Sequence[Difference]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("where", "first", "second"):
        table.add_column(name, overflow="fold")
    for entry in entries:
        values = (entry.before, entry.after)
        table.add_row(Text(entry.place), *(Text("–" if v is None else v) for v in values))
    return table
