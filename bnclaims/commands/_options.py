"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bnclaims.disk import is_dir, is_file
from bnclaims.errors import BnclaimsError

if TYPE_CHECKING:
    from bnclaims.session import AuditSession

CLAIMS = Path(__file__).parents[2] / "claims"


def claims_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option `--claims`, for commands that read claim files."""
    return click.option(
        "--claims",
        type=click.Path(path_type=Path, file_okay=False),
        default=None,
        help="Folder with the claim files (./claims, else the one beside the package).",
    )(command)


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what an audit runs on, as `pytest claims` has them."""
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
        click.option("--offline", is_flag=True, help="Never use the network."),
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
        claims_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command


def report_folder(context: click.Context, argument: click.Parameter, given: Path) -> Path:
    """The given folder of a report; `BnclaimsError` when it is none. A callback of click."""
    if is_file(given):
        raise BnclaimsError(f"{given}: is a file; give the folder that holds the report.")
    if not is_dir(given):
        raise BnclaimsError(
            f"{given}: no such folder; give that of a report, such as reports/latest after a run."
        )
    return given


def claims_folder(given: Path | None) -> Path:
    """The given folder, else ./claims, else the claims beside the package."""
    if given is not None:
        return given
    here = Path("claims")
    return here if here.is_dir() else CLAIMS


def session_of(claims: Path | None, **options: Any) -> AuditSession:
    """An audit session of these options; `BnclaimsError` when one is wrong."""
    from bnclaims.claim import discover
    from bnclaims.session import AuditSession, Request

    session = AuditSession(Request(**options), discover(claims_folder(claims)))
    session.choose_night()
    return session
