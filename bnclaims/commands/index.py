"""Index of several audits, a badge for each of their claims and a card for each of them."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command(short_help="One page, badges and cards over a folder of reports.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 when a file is not current."
)
def index(folder: Path, check: bool) -> None:
    """Write FOLDER/index.html over the reports in FOLDER, a badge (SVG) per claim and a card per report.

    Badges stand in FOLDER/badges/REPORT/CLAIM.svg, cards for slides in FOLDER/cards/REPORT.svg and
    .png, beside the reports and not in them. A report named `latest`, where runs are written by
    default, is left out.
    """
    from bnclaims.report.index.card import outdated_cards, write_cards
    from bnclaims.report.index.index import cards_of, index_files, outdated, write_index

    files, cards = index_files(folder), cards_of(folder)
    if check:
        stale = [*outdated(folder, files), *outdated_cards(folder, cards)]
        for name in stale:
            click.echo(f"not current: {folder / name}")
        sys.exit(1 if stale else 0)
    for name in [*write_index(folder, files), *write_cards(folder, cards)]:
        click.echo(f"{'wrote' if (folder / name).exists() else 'removed'} {folder / name}")
    click.echo(f"{folder / 'index.html'}: {len(files) - 1} badges, {len(cards)} cards")
