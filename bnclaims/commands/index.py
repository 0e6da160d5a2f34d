"""Index of several audits, and a badge for each of their claims."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command(short_help="One page and badges over a folder of reports.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 when a file is not current."
)
def index(folder: Path, check: bool) -> None:
    """Write FOLDER/index.html over the reports in FOLDER, and a badge (SVG) per claim.

    Badges stand in FOLDER/badges/REPORT/CLAIM.svg, beside the reports and not in them. A report
    named `latest`, where runs are written by default, is left out.
    """
    from bnclaims.report.index.index import index_files, outdated, write_index

    files = index_files(folder)
    if check:
        stale = outdated(folder, files)
        for name in stale:
            click.echo(f"not current: {folder / name}")
        sys.exit(1 if stale else 0)
    for name in write_index(folder, files):
        click.echo(f"wrote {folder / name}" if name in files else f"removed {folder / name}")
    click.echo(f"{folder / 'index.html'}: {len(files) - 1} badges")
