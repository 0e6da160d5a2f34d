"""The judge, measured on worlds whose truth is known."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from bnclaims.commands.options import claims_option, run_option
from bnclaims.run.claims_folder import claims_folder


@click.command(short_help="How often a synthetic world is given wrong verdicts.")
@run_option(
    "world", required=True, help="The synthetic world, e.g. null, where the layer does nothing."
)
@click.option(
    "--suites",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    metavar="N",
    help="How many suites are run: the whole family of claims, judged on networks of its own.",
)
@run_option("protocol", default="calibration")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes that share the work.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="Which suites: another number draws others.",
)
@click.option(
    "--into",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep what is counted in this JSON file, and go on where it ends.",
)
@click.option("--json", "as_json", is_flag=True, help="Every rate with its interval, as JSON.")
@claims_option
def calibrate(
    world: str,
    suites: int,
    protocol: str,
    jobs: int,
    seed: int,
    into: Path | None,
    as_json: bool,
    claims: Path | None,
) -> None:
    """Judge the family of claims on a synthetic world, many times, and count wrong verdicts.

    Only the trainer is replaced, by a generator whose truth is known.
    """
    from bnclaims.run.calibrate.calibration import calibrate as run
    from bnclaims.run.calibrate.table import print_table

    with click.progressbar(length=suites, label=f"world {world}", file=sys.stderr) as bar:
        result = run(
            world,
            suites=suites,
            protocol=protocol,
            claims=claims_folder(claims),
            seed=seed,
            jobs=jobs,
            into=into,
            on_suite=lambda: bar.update(1),
        )
    if as_json:
        click.echo(json.dumps(result, indent=1))
    else:
        print_table(result)
