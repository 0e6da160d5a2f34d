"""An option of a run, described once: pytest, click and the reference page are made from it."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Sequence
from typing import Any

_KEY = "bnclaims option"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Option:
    """A field of a dataclass as ``--name METAVAR``, with its default and one sentence of help.

    ``type`` is that of one value; a flag has bool. ``choices`` are the values there are, where a
    face lists them, and ``check`` raises `BnclaimsError` for the name and value of an impossible
    one. A ``common`` option says what an audit runs on, so that every command that plans or trains
    takes it; the others are named by the commands that do.
    """

    field: str
    type: type
    default: Any
    help: str
    metavar: str | None
    choices: tuple[str, ...]
    repeatable: bool
    common: bool
    check: Callable[[str, Any], object] | None

    @property
    def name(self) -> str:
        """The option as it is typed."""
        return f"--{self.field.replace('_', '-')}"

    @property
    def flag(self) -> bool:
        """Whether it takes no value."""
        return self.type is bool


def option(
    default: Any,
    help: str,
    *,
    metavar: str | None = None,
    choices: Sequence[str] = (),
    common: bool = False,
    check: Callable[[str, Any], object] | None = None,
) -> Any:
    """A dataclass field that is an option; the field's annotation is its type.

    ``help`` begins in lower case, has no full stop and does not state the default: each face writes
    it in its own way.
    """
    told = {
        "help": help,
        "metavar": metavar,
        "choices": tuple(choices),
        "common": common,
        "check": check,
    }
    return dataclasses.field(default=default, metadata={_KEY: told})


def options_of(request: type) -> tuple[Option, ...]:
    """The options among the fields of a dataclass, in their order."""
    annotations = typing.get_type_hints(request)
    return tuple(
        Option(
            field=field.name,
            type=_type_of(annotations[field.name]),
            default=field.default,
            repeatable=typing.get_origin(annotations[field.name]) is tuple,
            **field.metadata[_KEY],
        )
        for field in dataclasses.fields(request)
        if _KEY in field.metadata
    )


def check_values(request: Any) -> None:
    """`BnclaimsError` for the first option whose value is impossible; one without a value is not."""
    for known in options_of(type(request)):
        value = getattr(request, known.field)
        if known.check is not None and value is not None:
            known.check(known.name, value)


def _type_of(annotation: Any) -> type:
    """The type of one value: ``Path`` of ``Path | None``, ``str`` of ``tuple[str, ...]``."""
    if isinstance(annotation, types.UnionType):
        (annotation,) = (part for part in typing.get_args(annotation) if part is not type(None))
    if typing.get_origin(annotation) is tuple:
        annotation = typing.get_args(annotation)[0]
    assert isinstance(annotation, type), annotation
    return annotation
