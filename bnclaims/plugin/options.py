"""The options of a run as pytest's, and the request that they make."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from bnclaims.errors import BnclaimsError
from bnclaims.run.options import Option, options_of
from bnclaims.run.request import Request


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("bnclaims", "audit of a paper's claims (bnclaims)")
    add_options(group, options_of(Request))


def add_options(group: pytest.OptionGroup, options: Iterable[Option]) -> None:
    """Adds the options of a run to a group of pytest's."""
    for option in options:
        group.addoption(option.name, help=_help(option), **_taken(option))


def _taken(option: Option) -> dict[str, Any]:
    """What an option takes, in the words of argparse."""
    if option.flag:
        return {"action": "store_true"}
    if option.repeatable:
        return {"action": "append", "default": [], "metavar": option.metavar}
    taken: dict[str, Any] = {"type": option.type, "default": option.default}
    if option.choices:
        return taken | {"choices": option.choices}
    return taken | {"metavar": option.metavar}


def _help(option: Option) -> str:
    default = "" if option.default in (None, False, ()) else f" ({option.default})"
    repeatable = " (repeatable)" if option.repeatable else ""
    # pytest takes a free-standing directory for its root.
    folder = f"; write {option.name}=DIR" if option.type is Path else ""
    return f"{option.help}{default}{repeatable}{folder}"


def request_of(config: pytest.Config) -> Request:
    """The request that the options of a run make."""
    given: dict[str, Any] = {
        option.field: getattr(config.option, option.field) for option in options_of(Request)
    }
    if given["runner"] == "ray" and getattr(config.option, "tx", None):
        raise BnclaimsError(
            "--runner ray: one process judges and the actors train, so it does not go with -n; "
            "leave -n out and choose their number with --ray-actors."
        )
    for name in (option.field for option in options_of(Request) if option.repeatable):
        given[name] = tuple(given[name])
    return Request(**given)
