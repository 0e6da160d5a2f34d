"""Page of a report, drawn again without training."""

from __future__ import annotations

from pathlib import Path

import click

from bnclaims.commands.options import claims_option, report_folder
from bnclaims.run.claims_folder import claims_folder


@click.command(short_help="Draw the page of a report again, without training.")
@click.argument("report", type=click.Path(path_type=Path), callback=report_folder)
@claims_option
def page(report: Path, claims: Path | None) -> None:
    """Draw REPORT/index.html again from the files beside it, as this version of the suite draws it.

    With it the RO-Crate. Of report.json only hashes change, and it becomes one of the latest schema. Run
    it after an answer (REPORT/reply.md) came or changed. Pictures of images, which only private reports
    have, are not drawn again.
    """
    from bnclaims.audit.claim import discover
    from bnclaims.report.redraw import redraw

    changed = redraw(report, discover(claims_folder(claims)))
    click.echo(f"{'wrote' if changed else 'unchanged:'} {report / 'index.html'}")
