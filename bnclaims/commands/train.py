"""A share of the plan, trained into a store."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click

from bnclaims.commands._options import run_options, session_of
from bnclaims.errors import BnclaimsError


@click.command()
@run_options
@click.option("--shard", default="1/1", show_default=True, help="I/N: the I-th of N equal parts.")
@click.option("--executor", default="loop", show_default=True, help="How trials are trained.")
@click.option(
    "--looks",
    type=click.Choice(["first", "all"]),
    default="first",
    show_default=True,
    help="Seeds of the first looks, or of all: decided cells would not ask for those.",
)
def train(claims: Path | None, shard: str, looks: str, **options: Any) -> None:
    """Train a share of the plan into the store, for audits spread over several machines."""
    from bnclaims.runners import LocalRunner, TrialFailed
    from bnclaims.trainer import NetworkTrainer

    index, count = _shard(shard)
    session = session_of(claims, **options)
    planned = session.plan.first if looks == "first" else session.plan.all
    mine = [trial for key, trial in planned.items() if int(key[:8], 16) % count == index - 1]
    session.check_data()
    trainer = NetworkTrainer(session.request.executor, session.selection.sources)
    runner = LocalRunner(session.store, trainer, name=f"shard-{index}")
    failed = 0
    with click.progressbar(mine, label=f"shard {shard}", file=sys.stderr) as trials:
        for trial in trials:
            try:
                runner.obtain([trial])
            except TrialFailed as error:
                failed += 1
                click.echo(f"error: {error}", err=True)
    runner.close()
    click.echo(f"{runner.trained} trained, {len(mine) - runner.trained - failed} stored before.")
    sys.exit(1 if failed else 0)


def _shard(text: str) -> tuple[int, int]:
    parts = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    if parts is None or not 1 <= int(parts[1]) <= int(parts[2]):
        raise BnclaimsError(f"--shard {text}: give I/N with 1 <= I <= N, e.g. 1/4.")
    return int(parts[1]), int(parts[2])
