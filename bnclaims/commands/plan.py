"""The trials of a protocol."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from bnclaims.commands._options import run_options, session_of


@click.command()
@run_options
@click.option("--json", "as_json", is_flag=True, help="Every trial, one JSON object per line.")
def plan(claims: Path | None, as_json: bool, **options: Any) -> None:
    """List cells and the trials they may need; trains nothing."""
    session = session_of(claims, **options)
    if as_json:
        for trial in session.plan.all.values():
            click.echo(json.dumps({"key": trial.key, **trial.as_dict()}, sort_keys=True))
        return
    from rich.console import Console
    from rich.table import Table

    from bnclaims.verdicts import looks_of

    table = Table(title=f"protocol {session.protocol.name} on {session.selection.dataset}")
    for name in ("claim", "cell", "settings", "looks (seeds)", "trials at most", "why"):
        table.add_column(name)
    for claim, cell in session.plan.cells:
        looks = looks_of(cell, session.protocol.rules)
        trials = len(cell.trials(claim.arms, range(looks[-1])))
        table.add_row(
            claim.id,
            cell.name + (" *" if cell.primary else ""),
            str(len(cell.settings)),
            "–" if cell.unavailable else " / ".join(map(str, looks)),
            str(trials),
            cell.unavailable or cell.reason,
        )
    Console().print(table)
    click.echo(
        f"* primary cell. {len(session.plan.first)} trials for the first looks, at most "
        f"{len(session.plan.all)} in all: cells share trials, and a decided cell asks for no more."
    )
