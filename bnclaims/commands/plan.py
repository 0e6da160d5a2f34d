"""Command `plan`: what a protocol takes and what it can show."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bnclaims.commands.options import run_options, session_of
from bnclaims.errors import BnclaimsError

if TYPE_CHECKING:
    from bnclaims.audit.plan import Plan
    from bnclaims.protocol.trial import Setting


@click.command(short_help="Trials, time and power of a protocol.")
@run_options("budget")
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Trials at once, each on a core or GPU of its own.",
)
@click.option(
    "--save-protocol",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the protocol with the choice of --budget, for --protocol of any other command.",
)
@click.option(
    "--assumed-spread",
    type=float,
    default=0.15,
    show_default=True,
    metavar="SD",
    help="Standard deviation of a gain over seeds, where the store has no trials to tell it.",
)
@click.option(
    "--target-power",
    type=float,
    metavar="P",
    help="Propose numbers of seeds that reach this power, e.g. 0.8; takes minutes.",
)
@click.option(
    "--draws",
    type=click.IntRange(20, 10_000),
    default=200,
    show_default=True,
    metavar="N",
    help="Simulated audits of a cell, at most, for power.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="Random seed of those simulations.",
)
@click.option(
    "--groups",
    "all_groups",
    is_flag=True,
    help="List every group: the trials of one setting, which differ in arm and seed alone.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="The whole plan as one JSON object, for programs.",
)
@click.option(
    "--trials-json", is_flag=True, help="Every trial, one JSON object per line; nothing else."
)
def plan(
    claims: Path | None,
    workers: int,
    budget: float | None,
    save_protocol: Path | None,
    assumed_spread: float,
    target_power: float | None,
    draws: int,
    seed: int,
    all_groups: bool,
    as_json: bool,
    trials_json: bool,
    **options: Any,
) -> None:
    """Trials, time and power of a protocol; trains nothing.

    Times and spreads come from the trials in the store. Without a store the spread is assumed.
    Where evidence is accumulated, some nights stand in the place of looks.
    """
    from bnclaims.run.prerequisites import told_of_weights

    _check(assumed_spread, target_power)
    if as_json and trials_json:
        raise BnclaimsError("--json and --trials-json: choose one of the two.")
    if save_protocol is not None and budget is None:
        raise BnclaimsError(f"--save-protocol {save_protocol}: goes with --budget; add that.")
    # A budget is spent on what is here.
    on_paper = budget is None
    session = session_of(claims, workers=workers, on_paper=on_paper, budget=budget, **options)
    for line in () if on_paper else told_of_weights(session.design):
        click.echo(f"weights: {line}", err=True)
    if save_protocol is not None:
        _save(session.protocol.text, save_protocol)
    if trials_json:
        for trial in session.plan.all.values():
            click.echo(json.dumps({"key": trial.key, **trial.as_dict()}, sort_keys=True))
        return
    if target_power is not None and session.protocol.rules.accumulation is not None:
        raise BnclaimsError(
            f"--target-power: protocol {session.protocol.name} accumulates evidence, and its nights "
            "are measured in docs/calibration.md; leave the option out, or name a protocol with looks."
        )
    from bnclaims.audit.forecast.cell_outlook import Wishes
    from bnclaims.audit.forecast.document import forecast
    from bnclaims.audit.forecast.stored_records import stored_records
    from bnclaims.run.assumed_times import assumed_on
    from bnclaims.run.inventory import not_here

    wishes = Wishes(
        assumed_spread=assumed_spread,
        draws=draws,
        seed=seed,
        target_power=target_power,
    )
    stored = stored_records(session.plan, session.request.store)
    with click.progressbar(
        length=len(session.plan.cells),
        label="cells",
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    ) as bar:
        told = forecast(
            session.claims,
            session.protocol,
            session.selection,
            session.plan,
            stored,
            wishes,
            assumed=assumed_on(session.selection.device),
            not_there=not_here(session.plan, session.selection, session.request.sources)
            if on_paper
            else (),
            on_cell=lambda: bar.update(1),
        )
    if as_json:
        click.echo(json.dumps(told, indent=1, allow_nan=False))
        return
    from bnclaims.run.plan.table import print_forecast

    print_forecast(told, workers=workers, all_groups=all_groups)
    from bnclaims.run.assumed_memory import memory_sentence

    if session.selection.device == "cpu" and (said := memory_sentence(_settings(session.plan))):
        click.echo(said)


def _settings(plan: Plan) -> set[Setting]:
    return {trial.setting for trial in plan.all.values()}


def _save(text: str, file: Path) -> None:
    try:
        # The bytes of the protocol as it is, ends of lines included: its hash is stated.
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise BnclaimsError(
            f"--save-protocol {file}: cannot be written ({error.strerror}); choose another file."
        ) from error


def _check(spread: float, power: float | None) -> None:
    """`BnclaimsError` for numbers that mean nothing, NaN included."""
    if not 0 < spread < math.inf:
        raise BnclaimsError(f"--assumed-spread {spread:g}: give a standard deviation above 0.")
    if power is not None and not 0 < power < 1:
        raise BnclaimsError(f"--target-power {power:g}: give a number between 0 and 1, e.g. 0.8.")
