"""Files of a report that may come from anyone, read with limits."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, Final, NoReturn

from bnclaims.errors import BnclaimsError
from bnclaims.store.atomic_files import without_waiting

# Ten times what a full audit with 50,000 trials holds.
MOST_VALUES: Final = 5_000_000


def read_file(path: Path, *, limit: int) -> bytes:
    """The content of a regular file of at most ``limit`` bytes.

    Links are refused, so that no name in a report leads out of it. `BnclaimsError` when there is no
    such file.
    """
    try:
        with open(path, "rb", opener=_no_link) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BnclaimsError(f"{path}: not a regular file; fetch the report again.")
            data = file.read(limit + 1)
    except OSError as error:
        raise BnclaimsError(
            f"{path}: cannot be read ({error.strerror}); give the folder of a whole report."
        ) from error
    except ValueError as error:
        raise BnclaimsError(f"{path}: not the name of a file ({error}); correct it.") from error
    if len(data) > limit:
        raise BnclaimsError(f"{path}: larger than {limit} bytes; no report is, fetch it again.")
    return data


def _no_link(path: str, flags: int) -> int:
    return without_waiting(path, flags | getattr(os, "O_NOFOLLOW", 0))


def parse_json(data: bytes) -> Any:
    """The value of a UTF-8 JSON text without NaN and repeated names; ``ValueError`` otherwise."""
    # What takes memory are the objects, some hundred bytes for each of these characters.
    if sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ValueError(f"it holds more than {MOST_VALUES} values")
    try:
        return json.loads(data, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a name twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def printable_lines(value: Any) -> Any:
    """The same plain data, its texts on one line and without characters that steer a terminal."""
    match value:
        case str():
            if value.isprintable():
                return value
            return "".join(
                c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in value
            )
        case dict():
            return {printable_lines(name): printable_lines(entry) for name, entry in value.items()}
        case list():
            return [printable_lines(entry) for entry in value]
        case _:
            return value
