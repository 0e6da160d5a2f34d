"""Two reports, held against each other."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from bnclaims.commands.options import report_folder
from bnclaims.errors import BnclaimsError

REPORT = click.Path(path_type=Path)


@click.command(short_help="What differs between two reports.")
@click.argument("first", type=REPORT, callback=report_folder)
@click.argument("second", type=REPORT, callback=report_folder)
@click.option("--json", "as_json", is_flag=True, help="Everything that differs, as JSON.")
@click.option("--lines", is_flag=True, help="One plain line per changed verdict, and nothing else.")
@click.option("--html", type=REPORT, metavar="FILE", help="Write a page that needs no other file.")
@click.option(
    "--fail-on-change",
    is_flag=True,
    help="Exit with 1 when a verdict differs or is in one report only.",
)
def compare(
    first: Path, second: Path, as_json: bool, lines: bool, html: Path | None, fail_on_change: bool
) -> None:
    """Compare the reports FIRST and SECOND: verdicts, effects, protocol, data and software.

    Exits 0 whatever it finds, 2 when a report cannot be read. With --fail-on-change it exits 1 when
    a claim or cell has another verdict or is in one report only; what a run never came to judge is
    listed and does not count.
    """
    from bnclaims.report.compare.compare import compare as hold
    from bnclaims.report.compare.compare import read_compared

    if as_json and lines:
        raise BnclaimsError("--json and --lines: two forms of one output; give one of them.")
    result = hold(read_compared(first), read_compared(second))
    if html is not None:
        from bnclaims.report.compare.as_page import render

        _write(html, render(result))
    if as_json:
        from bnclaims.report.compare.as_json import document_of

        click.echo(json.dumps(document_of(result), indent=1))
    elif lines:
        for change in result.changes:
            click.echo(change.text)
    else:
        from bnclaims.report.compare.as_table import console, print_comparison

        print_comparison(result, console())
        if html is not None:
            click.echo(f"page: {html}")
    sys.exit(1 if fail_on_change and result.verdicts_differ else 0)


def _write(file: Path, page: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise BnclaimsError(
            f"--html {file}: cannot be written ({error.strerror}); name a file in a folder of yours."
        ) from error
