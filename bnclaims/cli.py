"""The command line: plan, train a shard, list datasets, verify a report, calibrate the judge."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bnclaims.errors import BnclaimsError

CLAIMS = Path(__file__).parent.parent / "claims"


class _Group(click.Group):
    """Turns `BnclaimsError` into one sentence and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BnclaimsError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(2)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bnclaims")
def main() -> None:
    """Audit the claims of a paper about the final batch normalization layer.

    The audit itself is `pytest claims`; these commands stand around it.
    """


def _claims_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--claims",
        type=click.Path(path_type=Path, file_okay=False),
        default=None,
        help="Folder with the claim files (./claims, else the one beside the package).",
    )(command)


def _run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    options: list[Callable[[Callable[..., Any]], Callable[..., Any]]] = [
        click.option(
            "--protocol",
            default="quick",
            show_default=True,
            metavar="NAME|FILE",
            help="What is run.",
        ),
        click.option("--dataset", metavar="NAME", help="Instead of the protocol's default."),
        click.option("--data-root", type=click.Path(path_type=Path), help="Image packs."),
        click.option("--majority", multiple=True, help="With --dataset folder:PATH."),
        click.option("--minority", multiple=True, help="With --dataset folder:PATH."),
        click.option("--gpu", is_flag=True, help="Plan for or train on CUDA."),
        click.option(
            "--store",
            type=click.Path(path_type=Path),
            default=Path(".bnclaims/store"),
            show_default=True,
            help="Where trained trials are kept.",
        ),
        _claims_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _claims_folder(given: Path | None) -> Path:
    if given is not None:
        return given
    here = Path("claims")
    return here if here.is_dir() else CLAIMS


def _session(claims: Path | None, **options: Any) -> Any:
    from bnclaims.claim import discover
    from bnclaims.session import AuditSession, Request

    return AuditSession(Request(**options), discover(_claims_folder(claims)))


@main.command()
@_run_options
@click.option("--json", "as_json", is_flag=True, help="Every trial, one JSON object per line.")
def plan(claims: Path | None, as_json: bool, **options: Any) -> None:
    """List cells and the trials they may need; trains nothing."""
    session = _session(claims, **options)
    if as_json:
        for trial in session.plan.all.values():
            click.echo(json.dumps({"key": trial.key, **trial.as_dict()}, sort_keys=True))
        return
    from rich.console import Console
    from rich.table import Table

    from bnclaims.verdicts import looks_of

    table = Table(title=f"protocol {session.protocol.name} on {session.selection.dataset}")
    for name in ("claim", "cell", "settings", "looks (seeds)", "trials at most", "why"):
        table.add_column(name)
    for claim, cell in session.plan.cells:
        looks = looks_of(cell, session.protocol.rules)
        trials = len(cell.trials(claim.arms, range(looks[-1])))
        table.add_row(
            claim.id,
            cell.name + (" *" if cell.primary else ""),
            str(len(cell.settings)),
            "–" if cell.unavailable else " / ".join(map(str, looks)),
            str(trials),
            cell.unavailable or cell.reason,
        )
    Console().print(table)
    click.echo(
        f"* primary cell. {len(session.plan.first)} trials for the first looks, at most "
        f"{len(session.plan.all)} in all: cells share trials, and a decided cell asks for no more."
    )


@main.command()
@_run_options
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
    session = _session(claims, **options)
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


@main.command()
@click.argument("report", type=click.Path(path_type=Path))
@_claims_option
def verify(report: Path, claims: Path | None) -> None:
    """Recompute every number and verdict of REPORT from its counts and predictions, without torch.

    Exits 0 when all follow, 1 when one does not (naming it), 2 when the report cannot be read.
    """
    from bnclaims.claim import discover
    from bnclaims.report.verify import verify as check

    result = check(report, discover(_claims_folder(claims)))
    for problem in result.problems:
        click.echo(problem)
    if result.problems:
        click.echo(f"NOT VERIFIED: {report}: {len(result.problems)} differences")
        sys.exit(1)
    click.echo(
        f"verified: {report}: {result.claims} claims, {result.rows} rows of {result.trials} trials, "
        "every count, number and verdict follows from the predictions and the protocol"
    )


@main.command()
@click.option("--data-root", type=click.Path(path_type=Path), help="Folder that holds image packs.")
@click.option("--dataset", default=None, help="The dataset of the contact sheet.")
@click.option("--contact-sheet", type=click.Path(path_type=Path), help="Write a picture of it.")
def datasets(data_root: Path | None, dataset: str | None, contact_sheet: Path | None) -> None:
    """List datasets with their licences, or draw a contact sheet of one."""
    from bnclaims import datasets as known

    if contact_sheet is not None:
        if dataset is None:
            raise BnclaimsError("--contact-sheet: name the dataset with --dataset NAME.")
        sources = known.Sources(data_root=data_root)
        if dataset.startswith("folder:"):
            folder = Path(dataset.removeprefix("folder:"))
            sources, dataset = known.Sources(folder=folder), f"folder:{folder.resolve().name}"
        known.contact_sheet(dataset, sources=sources, file=contact_sheet)
        click.echo(f"wrote {contact_sheet}")
        return
    for name in known.DATASETS:
        info = known.info(name)
        click.secho(name, bold=True, nl=False)
        click.echo(f"  {info.title}")
        for word, text in (
            ("licence", info.licence),
            ("cite", info.citation),
            ("needs", ", ".join(f"DATA_ROOT/{file}" for file in info.files)),
        ):
            if text:
                click.echo(f"    {word:8} {text}")
    click.echo("Your own images: --dataset folder:PATH --majority CLASS --minority CLASS")


@main.command()
@click.option("--world", required=True, metavar="NAME", help="What is true; see bnclaims/worlds.")
@click.option(
    "--suites", type=click.IntRange(1), default=100, show_default=True, help="Whole audits to run."
)
@click.option(
    "--protocol", default="calibration", show_default=True, metavar="NAME|FILE", help="The rules."
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Other suites for other seeds.",
)
@click.option("--json", "as_json", is_flag=True, help="Every rate with its interval, as JSON.")
@_claims_option
def calibrate(
    world: str,
    suites: int,
    protocol: str,
    jobs: int,
    seed: int,
    as_json: bool,
    claims: Path | None,
) -> None:
    """Run whole audits on a synthetic world and count right and wrong words.

    Only the trainer is replaced, by a generator whose truth is known.
    """
    from bnclaims.calibration import calibrate as run
    from bnclaims.calibration_table import print_table

    with click.progressbar(length=suites, label=f"world {world}", file=sys.stderr) as bar:
        result = run(
            world,
            suites=suites,
            protocol=protocol,
            claims=_claims_folder(claims),
            seed=seed,
            jobs=jobs,
            on_suite=lambda: bar.update(1),
        )
    if as_json:
        click.echo(json.dumps(result, indent=1))
    else:
        print_table(result)
