"""Page and crate of a report, made anew."""

from __future__ import annotations

from pathlib import Path

import click

from bnclaims.commands.options import claims_option, report_folder
from bnclaims.run.claims_folder import claims_folder


@click.command(short_help="Make the page of a report anew; every number stays.")
@click.argument("report", type=click.Path(path_type=Path), callback=report_folder)
@claims_option
def render(report: Path, claims: Path | None) -> None:
    """Make the page and the RO-Crate of REPORT anew, by the templates of this version.

    Every number and verdict stays as it is. The report is verified before, and of the latest schema
    after it.
    """
    from bnclaims.audit.claim import discover
    from bnclaims.report.render import rendered
    from bnclaims.report.write import write_files

    files = rendered(report, discover(claims_folder(claims)))
    write_files(report, files)
    click.echo(f"wrote {report}: {', '.join(sorted(files))}")
