"""An executor, held against the reference loop on this machine."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from bnclaims.commands.options import run_option, run_options, session_of
from bnclaims.training import PRECISIONS


@click.command(short_help="Whether an executor does the reference experiment.")
@run_options()
@run_option(
    "executor",
    required=True,
    default=None,
    show_default=False,
    help="The executor that is checked: graph.",
)
@click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="fp32",
    show_default=True,
    help="Precision of the executor that is checked; the loop is always in fp32.",
)
@click.option(
    "--seeds",
    type=int,
    default=32,
    show_default=True,
    metavar="N",
    help="Seeds that are trained with each, at least 30.",
)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes that share the work.",
)
@click.option("--json", "as_json", is_flag=True, help="The whole result as JSON, for programs.")
def selfcheck(
    claims: Path | None,
    precision: str,
    seeds: int,
    jobs: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Check whether an executor does the experiment of the reference loop, on this machine.

    Trains the premise's networks with both, and with the loop rounded differently, and compares
    first steps, every metric, spreads and verdicts. The result stands in the folder selfcheck beside
    the store, where reports look for it. What was trained is kept: an interrupted check goes on.

    Exits 0 when it is shown to be, 1 when it is not.
    """
    from bnclaims.run.selfcheck.run import check_request
    from bnclaims.run.selfcheck.run import selfcheck as check

    check_request(options["executor"], precision, seeds)
    session = session_of(claims, **options)
    with _bar() as progress:
        result, file = check(
            session, precision=precision, seeds=seeds, jobs=jobs, progress=progress
        )
    if as_json:
        click.echo(result.model_dump_json(by_alias=True, indent=1))
    else:
        from bnclaims.report.compare.as_table import console
        from bnclaims.run.selfcheck.table import print_result

        print_result(result, file, console())
    sys.exit(0 if result.passed else 1)


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[int], Callable[[int], None]]]:
    """A progress bar that learns on the way how long it is."""
    with contextlib.ExitStack() as stack:

        def progress(total: int) -> Callable[[int], None]:
            bar = stack.enter_context(
                click.progressbar(length=total, label="selfcheck", file=sys.stderr)
            )
            return bar.update

        yield progress
