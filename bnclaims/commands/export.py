"""A report's trials, handed to another program."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bnclaims.commands._options import report_folder


@click.command(short_help="Trials and verdicts of a report, to MLflow.")
@click.argument("report", type=click.Path(path_type=Path), callback=report_folder)
@click.option(
    "--mlflow",
    "uri",
    required=True,
    metavar="URI",
    help="MLflow tracking store, e.g. sqlite:///mlflow.db or http://localhost:5000.",
)
@click.option(
    "--experiment",
    default="bnclaims",
    show_default=True,
    metavar="NAME",
    help="MLflow experiment that gets the runs; made where it is not there.",
)
def export(report: Path, uri: str, experiment: str) -> None:
    """Write the trials and verdicts of REPORT to an MLflow tracking store.

    One run per trial, with its setting as parameters, its metrics per readout and the claims it
    serves as tags, under one run for the report. What was exported before is not written again.
    Needs pip install 'bnclaims[mlflow]'.
    """
    from bnclaims.export import read_report
    from bnclaims.mlflow_store import to_mlflow

    content = read_report(report)
    with click.progressbar(length=len(content.trials), label="trials", file=sys.stderr) as bar:
        new = to_mlflow(content, uri, experiment=experiment, on_trial=lambda: bar.update(1))
    click.echo(f"{new} runs written, {len(content.trials) + 1 - new} were there.")
