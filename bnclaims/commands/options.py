"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bnclaims.errors import BnclaimsError, is_dir, is_file

if TYPE_CHECKING:
    from bnclaims.run.session import AuditSession

CLAIMS = Path(__file__).parents[2] / "claims"


def claims_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option `--claims`, for commands that read claim files."""
    return click.option(
        "--claims",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        default=None,
        help="Folder with the claim files (./claims, else the one beside the package).",
    )(command)


data_root_option = click.option(
    "--data-root",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder that holds datasets; `bnclaims datasets` says under which names.",
)
offline_option = click.option(
    "--offline",
    is_flag=True,
    help="Never use the network: what is not here already is an error.",
)


def _side(side: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        f"--{side}",
        multiple=True,
        metavar="CLASS",
        help=f"Sub-folder of a {side} class, with --dataset folder:PATH.",
    )


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what an audit runs on, as `pytest claims` has them."""
    options: list[Callable[[Callable[..., Any]], Callable[..., Any]]] = [
        click.option(
            "--protocol",
            default="quick",
            show_default=True,
            metavar="NAME|FILE",
            help="What is run: a built-in protocol or a TOML file.",
        ),
        click.option(
            "--dataset",
            metavar="NAME",
            help="Dataset instead of the protocol's default; folder:PATH for your own images.",
        ),
        data_root_option,
        offline_option,
        _side("majority"),
        _side("minority"),
        click.option("--gpu", is_flag=True, help="Plan for CUDA devices, or train on them."),
        click.option(
            "--store",
            type=click.Path(path_type=Path),
            metavar="DIR",
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
    """The given folder, else ./claims, else the claims beside the package.

    `BnclaimsError` where there is none of them: an installed package has no claims beside it.
    """
    if given is not None:
        return given
    found = [folder for folder in (Path("claims"), CLAIMS) if folder.is_dir()]
    if not found:
        raise BnclaimsError(
            "--claims is not given, and there is no folder claims here; give the folder with the claim "
            "files, e.g. --claims my_claims."
        )
    return found[0]


def session_of(claims: Path | None, **options: Any) -> AuditSession:
    """An audit session of these options; `BnclaimsError` when one is wrong."""
    from bnclaims.audit.claim import discover
    from bnclaims.run.session import AuditSession, Request

    session = AuditSession(Request(**options), discover(claims_folder(claims)))
    session.choose_night()
    return session
