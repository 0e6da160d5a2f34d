"""Citation of a report and of the paper whose claims it tests."""

from __future__ import annotations

from pathlib import Path

import click

from bnclaims.commands.options import report_folder


@click.command(short_help="Print how to cite a report, in BibTeX.")
@click.argument("report", type=click.Path(path_type=Path), callback=report_folder)
def cite(report: Path) -> None:
    """Print BibTeX entries of REPORT and of the paper whose claims it tests.

    That of the report has the version and commit that made it and the hashes of its protocol and of its
    predictions, from which every verdict follows. Datasets have citations of their own: `bnclaims datasets`.
    """
    from bnclaims.report.page.citation import bibtex, report_bibtex
    from bnclaims.report.reading.report import read_report_json

    stated = read_report_json(report)
    click.echo(f"{report_bibtex(stated)}\n\n{bibtex(stated.paper)}")
