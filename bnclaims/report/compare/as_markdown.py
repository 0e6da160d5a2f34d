"""Comparison of two reports as Markdown, e.g. for the body of an issue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from bnclaims.report.formatting import name_of


def markdown_of(comparison: Comparison) -> str:
    """Everything that differs; what reports call things is code, which no markup can end."""
    lines = [
        f"**{summary(comparison)}**",
        "",
        f"- first: {_code(title_of(comparison.before))}",
        f"- second: {_code(title_of(comparison.after))}",
        "",
        *(f"- {_code(change.text)}" for change in comparison.changes),
        *(f"- {_code(change.text)}" for change in comparison.advice),
        "",
        *_table(("claim, cell", "first", "second", "effect, first", "effect, second", "change")),
        *(row for pair in comparison.claims for row in _claim(pair)),
        "",
        grounds(comparison),
        "",
        protocol_sentence(comparison),
        *_differences(comparison.protocol),
        "",
        "Data, software and machine differ:"
        if comparison.environment
        else "Data, software and machine are stated the same.",
        *_differences(comparison.environment),
    ]
    return "\n".join(lines) + "\n"


def _claim(pair: ClaimPair) -> Iterator[str]:
    shown = pair.headline
    yield _row(_code(name_of(pair.id)), pair, shown)
    for cell in pair.cells:
        if cell is not shown:
            yield _row(f"&emsp;{_code(cell.name)}", cell, cell)


def _row(name: str, sides: ClaimPair | CellPair, cell: CellPair | None) -> str:
    return _line(
        [
            name,
            verdict_of(sides.before),
            verdict_of(sides.after),
            effect_of(cell.before if cell else None),
            effect_of(cell.after if cell else None),
            change_of(cell.change if cell else None),
        ]
    )


def _differences(entries: Sequence[EntryChange]) -> Iterator[str]:
    if not entries:
        return
    yield ""
    yield from _table(("where", "first", "second"))
    for entry in entries:
        sides = (
            "–" if side is None else _code(shortened(side)) for side in (entry.before, entry.after)
        )
        yield _line([_code(entry.place), *sides])


def _table(columns: Sequence[str]) -> Iterator[str]:
    yield _line(columns)
    yield _line(["---"] * len(columns))


def _line(values: Sequence[str]) -> str:
    # In a table a bar ends a cell even inside code.
    return f"| {' | '.join(value.replace('|', chr(92) + '|') for value in values)} |"


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39)).strip() or ' '}`"
