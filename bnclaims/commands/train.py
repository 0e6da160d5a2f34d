"""A share of the plan, trained into a store."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from bnclaims.commands.options import run_options, session_of
from bnclaims.errors import BnclaimsError

if TYPE_CHECKING:
    from bnclaims.protocol.trial import Trial
    from bnclaims.run.session import AuditSession
    from bnclaims.training.runners import DeviceRunner, LocalRunner


@click.command(short_help="Train a share of the plan, on one of many machines.")
@run_options("executor", "world", "trial_timeout")
@click.option(
    "--shard",
    default="1/1",
    show_default=True,
    metavar="I/N",
    help="The I-th of N equal shares of the plan.",
)
@click.option(
    "--help-others/--own-share-only",
    default=True,
    show_default=True,
    help="Then train what is left of the other shares, e.g. of a lost process; or end with its own.",
)
@click.option(
    "--looks",
    type=click.Choice(["first", "all"]),
    default="first",
    show_default=True,
    help="Train what first looks need, or all that any look might: decided cells need no more.",
)
def train(
    claims: Path | None,
    shard: str,
    help_others: bool,
    looks: str,
    **options: Any,
) -> None:
    """Train a share of the plan into the store, for audits spread over several machines.

    Any number of processes may do so at once. What is stored, or being trained elsewhere, is not
    trained again; with --help-others the command ends when the whole plan is stored.
    """
    from bnclaims.run.prerequisites import check_data, check_networks, told_of_weights
    from bnclaims.training.runners.shards import shares_of

    index, count = _shard(shard)
    session = session_of(claims, fetch=True, **options)
    for line in (*session.design.refusals, *told_of_weights(session.design)):
        click.echo(f"weights: {line}", err=True)
    planned = session.plan.first if looks == "first" else session.plan.all
    shares = shares_of(planned.values(), count)
    check_networks(session.design, session.store)
    check_data(session.design, session.store, planned)
    runner = _runner(session, index)
    # A scheduler that takes the machine back sends this, and the leases should not outlive us.
    previous = signal.signal(signal.SIGTERM, _interrupt)
    own = shares.pop(index - 1)
    # Its next neighbour first, so that helpers spread.
    others = shares[index - 1 :] + shares[: index - 1]
    try:
        failed = _train(runner, shard, own, others if help_others else [])
    except KeyboardInterrupt:
        click.echo(
            f"interrupted: {runner.trained} trained, and the same command goes on from there.",
            err=True,
        )
        sys.exit(130)
    finally:
        signal.signal(signal.SIGTERM, previous)
        runner.close()
        if session.run is not None:
            session.run.remove()
    sys.exit(1 if failed else 0)


def _runner(session: AuditSession, index: int) -> LocalRunner | DeviceRunner:
    """Who trains the share: this process, or on a GPU that of the device of this share."""
    from bnclaims.training.runners import DeviceRunner, LocalRunner
    from bnclaims.training.runners.device_lock import visible_devices
    from bnclaims.training.trainer import trainer_of

    request, name = session.request, f"shard-{index}"
    if not request.gpu:
        trainer = trainer_of(request.executor, request.world, request.sources)
        return LocalRunner(session.store, trainer, name=name, limit=request.trial_timeout)
    if devices := visible_devices():
        # Shares on one machine spread over its devices; those of one device take turns.
        os.environ["CUDA_VISIBLE_DEVICES"] = devices[(index - 1) % len(devices)]
    runner = session.start_runner(name, session.open_run())
    assert isinstance(runner, DeviceRunner)
    return runner


def _train(
    runner: LocalRunner | DeviceRunner, shard: str, own: list[Trial], others: list[list[Trial]]
) -> dict[str, str]:
    from bnclaims.training.runners.shards import help_others, train_share

    before = sum(runner.store.has(trial.key) for trial in own)
    with click.progressbar(length=len(own), label=f"shard {shard}", file=sys.stderr) as bar:
        failed = train_share(runner, own, on_trial=lambda: bar.update(1))
    trained = runner.trained
    failed |= help_others(runner, others)
    for reason in failed.values():
        click.echo(f"error: {reason}", err=True)
    helped = runner.trained - trained
    of_others = f", {helped} of other shares" if helped else ""
    click.echo(f"{trained} trained{of_others}, {before} stored before.")
    return failed


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _shard(text: str) -> tuple[int, int]:
    parts = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    if parts is None or not 1 <= int(parts[1]) <= int(parts[2]):
        raise BnclaimsError(f"--shard {text}: give I/N with 1 <= I <= N, e.g. 1/4.")
    return int(parts[1]), int(parts[2])
