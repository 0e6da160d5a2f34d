"""Comparison of two reports."""

from __future__ import annotations

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
@click.option("--markdown", is_flag=True, help="As Markdown, e.g. for the body of an issue.")
@click.option(
    "--fail-on-change",
    is_flag=True,
    help="Exit with 1 when a verdict differs or is in one report only.",
)
def compare(
    first: Path, second: Path, as_json: bool, lines: bool, markdown: bool, fail_on_change: bool
) -> None:
    """Compare the reports FIRST and SECOND: verdicts, effects, protocol, data and software.

    Exits 0 whatever it finds, 2 when a report cannot be read. With --fail-on-change it exits 1 when
    a claim or cell has another verdict or is in one report only; what a run never came to judge is
    listed and does not count.
    """
    from bnclaims.report.compare.compare import compare as hold
    from bnclaims.report.compare.compare import read_compared

    if as_json + lines + markdown > 1:
        raise BnclaimsError(
            "--json, --lines and --markdown: forms of one output; give one of them."
        )
    result = hold(read_compared(first), read_compared(second))
    if as_json:
        from bnclaims.report.compare.as_json import json_of

        click.echo(json_of(result))
    elif lines:
        for change in result.changes:
            click.echo(change.text)
    elif markdown:
        from bnclaims.report.compare.as_markdown import markdown_of

        click.echo(markdown_of(result), nl=False)
    else:
        from bnclaims.report.compare.as_table import console, print_comparison

        print_comparison(result, console())
    sys.exit(1 if fail_on_change and result.verdicts_differ else 0)
