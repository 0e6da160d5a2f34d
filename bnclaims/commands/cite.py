"""Citation of a report and of the paper whose claims it tests."""

from __future__ import annotations

from pathlib import Path

import click

from bnclaims.commands.options import report_folder


@click.command(short_help="Print how to cite a report, in BibTeX.")
@click.argument("report", type=click.Path(path_type=Path), callback=report_folder)
def cite(report: Path) -> None:
    """Print BibTeX entries of REPORT and of the paper whose claims it tests, if it tests one's.

    That of the report has the version and commit that made it and the hashes of its protocol and of its
    predictions, from which every verdict follows. Datasets have citations of their own: `bnclaims datasets`.
    """
    from bnclaims.report.page.citation import bibtex, report_bibtex
    from bnclaims.report.reading.report import read_report_json
    from bnclaims.report.remedies import own_questions

    stated = read_report_json(report)
    entries = [report_bibtex(stated), *([] if own_questions(stated) else [bibtex(stated.paper)])]
    click.echo("\n\n".join(entries))
