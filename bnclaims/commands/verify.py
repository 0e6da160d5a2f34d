"""Verification of a report, recomputed from its counts and predictions."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bnclaims.commands.options import claims_option, report_folder
from bnclaims.run.claims_folder import claims_folder

MOST_NOTES = 8


@click.command(short_help="Recompute a report from its counts and predictions.")
@click.argument("report", type=click.Path(path_type=Path), callback=report_folder)
@claims_option
def verify(report: Path, claims: Path | None) -> None:
    """Recompute every number and verdict of REPORT from its counts and predictions, without torch.

    What is worth knowing beside that goes to the error output: claims that are not in the report, a
    protocol that is another one here. Exits 0 when all follow, 1 when one does not (naming it), 2 when
    the report cannot be read.
    """
    from bnclaims.audit.claim import discover
    from bnclaims.report.formatting import counted
    from bnclaims.report.verify.verify import verify as check

    result = check(report, discover(claims_folder(claims)))
    for problem in result.problems:
        click.echo(problem)
    # Those on single cells come last.
    for note in result.notes[:MOST_NOTES]:
        click.echo(f"note: {note}", err=True)
    if (more := len(result.notes) - MOST_NOTES) > 0:
        click.echo(f"note: ... and {more} more like these", err=True)
    if result.problems:
        click.echo(f"NOT VERIFIED: {report}: {counted(len(result.problems), 'difference')}")
        sys.exit(1)
    click.echo(
        f"verified: {report}: {counted(result.claims, 'claim')}, {counted(result.rows, 'row')} of "
        f"{counted(result.trials, 'trial')}, "
        "every count, number and verdict follows from the predictions and the protocol"
    )
