"""Tables of Markdown."""

from __future__ import annotations


def row(*cells: str) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"
