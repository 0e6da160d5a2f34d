"""Differences between two protocols, value by value."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping
from typing import Final

from bnclaims.errors import BnclaimsError
from bnclaims.report.formatting import line_of
from bnclaims.report.reading.untrusted_files import printable_lines

# Entries that explain and decide nothing.
WORDING: Final = ("reason", "title", "name")


@dataclasses.dataclass(frozen=True, kw_only=True)
class EntryChange:
    """A value that is not the same on both sides, in words; None on a side that lacks it.

    ``wording``: it explains something and decides nothing.
    """

    place: str
    before: str | None
    after: str | None
    wording: bool = False


def between(before: Mapping[str, object], after: Mapping[str, object]) -> list[EntryChange]:
    """The entries that differ between two pieces of plain data, by name."""
    return [*_differences("", before, after)]


def protocol_differences(before: bytes, after: bytes) -> list[EntryChange]:
    """The entries that differ between two protocol files; comments are no entries.

    `BnclaimsError` when one of them is not TOML.
    """
    try:
        return between(_entries(before), _entries(after))
    except (ValueError, RecursionError) as error:
        raise BnclaimsError(
            f"protocol.toml: not readable ({error}); fetch the report again."
        ) from error


def _entries(data: bytes) -> dict[str, object]:
    entries: dict[str, object] = printable_lines(tomllib.loads(data.decode("utf-8")))
    return entries


def _differences(place: str, before: object, after: object) -> Iterator[EntryChange]:
    one, other = _members(before), _members(after)
    if one is not None and other is not None:
        for name in dict.fromkeys([*one, *other]):
            inner = f"{place}.{name}" if place else name
            yield from _differences(inner, one.get(name), other.get(name))
    elif before != after:
        yield EntryChange(
            place=place,
            before=None if before is None else line_of(before),
            after=None if after is None else line_of(after),
            wording=place.rpartition(".")[2] in WORDING,
        )


def _members(value: object) -> dict[str, object] | None:
    """The named members of a table, or of a list of tables that have names."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value):
        names = [entry.get("name") for entry in value]
        if len({*map(str, names)}) == len(names) and None not in names:
            return {str(entry["name"]): entry for entry in value}
    return None
