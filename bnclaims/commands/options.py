"""Options that several commands share, and the audit session that they ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bnclaims.errors import BnclaimsError, is_dir, is_file
from bnclaims.run.claims_folder import claims_folder
from bnclaims.run.options import Option, options_of
from bnclaims.run.request import Request

if TYPE_CHECKING:
    from bnclaims.run.session import AuditSession

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def claims_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option `--claims`, for commands that read claim files."""
    return click.option(
        "--claims",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        default=None,
        help="Folder with the claim files (./claims, else those that came with the package).",
    )(command)


def run_options(*more: str, of: type = Request) -> Decorator:
    """The options that say what an audit runs on, as `pytest claims` has them, and ``more`` by name."""
    known = {option.field: option for option in options_of(of)}
    chosen = [option for option in known.values() if option.common]
    return _all(
        (*map(click_option, chosen), claims_option, *(click_option(known[name]) for name in more))
    )


def run_option(name: str, **changes: Any) -> Decorator:
    """One of the options of a run, by the name of its field; ``changes`` are those of this command."""
    (option,) = (option for option in options_of(Request) if option.field == name)
    return click_option(option, **changes)


def click_option(option: Option, **changes: Any) -> Decorator:
    """An option of a run as click's."""
    taken: dict[str, Any] = {"help": f"{option.help[:1].upper()}{option.help[1:]}."}
    if option.flag:
        taken["is_flag"] = True
    elif option.repeatable:
        taken |= {"multiple": True, "metavar": option.metavar}
    else:
        taken |= {
            "type": _type(option),
            "default": option.default,
            "show_default": option.default is not None,
            "metavar": option.metavar,
        }
    return click.option(option.name, **taken | changes)


def _type(option: Option) -> click.ParamType[Any] | type:
    if option.choices:
        return click.Choice(option.choices)
    return click.Path(path_type=Path) if option.type is Path else option.type


def _all(decorators: Iterable[Decorator]) -> Decorator:
    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed([*decorators]):
            command = decorator(command)
        return command

    return decorate


def report_folder(context: click.Context, argument: click.Parameter, given: Path) -> Path:
    """The given folder of a report; `BnclaimsError` when it is none. A callback of click."""
    if is_file(given):
        raise BnclaimsError(f"{given}: is a file; give the folder that holds the report.")
    if not is_dir(given):
        raise BnclaimsError(
            f"{given}: no such folder; give that of a report, such as reports/latest after a run."
        )
    return given


def session_of(
    claims: Path | None,
    *,
    workers: int = 1,
    fetch: bool = False,
    on_paper: bool = False,
    **options: Any,
) -> AuditSession:
    """An audit session of these options; `BnclaimsError` when one is wrong.

    ``on_paper`` as in `bnclaims.run.design.asked`, ``workers`` and ``fetch`` as in `decided`.
    """
    from bnclaims.audit.claim import discover
    from bnclaims.run.design import asked, decided
    from bnclaims.run.session import AuditSession

    request = Request(**options)
    design = asked(request, discover(claims_folder(claims)), on_paper=on_paper)
    return AuditSession(decided(design, workers=workers, fetch=fetch))
