"""Differences between two pieces of plain data, named for people."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from bnclaims.report.formatting import shown

TOLERANCE: Final = 1e-9


def differences(stated: JsonValue, recomputed: JsonValue, *where: str) -> Iterator[str]:
    """A sentence for every value of ``stated`` that is not that of ``recomputed``.

    Numbers may differ by 1e-9, absolutely or relatively. Members of lists are matched by their
    ``id`` or ``name`` where they have one. ``where`` names the place of the two.
    """
    place = ", ".join(where)
    match stated, recomputed:
        case dict(), dict():
            yield from _in_mapping(stated, recomputed, *where)
        case list(), list():
            names, expected = [_name(entry) for entry in stated], [_name(e) for e in recomputed]
            if names != expected and any(expected):
                yield f"{place}: stated {_list(names)}, recomputed {_list(expected)}"
                by_name = dict(zip(names, stated, strict=True))
                for name, entry in zip(expected, recomputed, strict=True):
                    if name is not None and name in by_name:
                        yield from differences(by_name[name], entry, *_step(where, name))
            elif len(stated) != len(recomputed):
                yield f"{place}: stated {shown(stated)}, recomputed {shown(recomputed)}"
            else:
                pairs = zip(stated, recomputed, expected, strict=True)
                for number, (one, other, name) in enumerate(pairs):
                    yield from differences(one, other, *_step(where, name or str(number + 1)))
        case _ if not _same(stated, recomputed):
            yield f"{place}: stated {shown(stated)}, recomputed {shown(recomputed)}"


def _in_mapping(
    stated: Mapping[str, JsonValue], recomputed: Mapping[str, JsonValue], *where: str
) -> Iterator[str]:
    place = ", ".join(where)
    for name, value in recomputed.items():
        if name in stated:
            yield from differences(stated[name], value, *where, name)
        else:
            yield f"{place}: {name} is missing, recomputed {shown(value)}"
    for name in stated.keys() - recomputed.keys():
        yield f"{place}: {shown(name)} does not belong there"


def _name(entry: JsonValue) -> str | None:
    """What identifies a member of a list, with what it is."""
    if isinstance(entry, dict):
        for key, kind in (("id", "claim"), ("name", "cell")):
            if isinstance(entry.get(key), str):
                return f"{kind} {entry[key]}"
    return None


def _step(where: tuple[str, ...], name: str) -> tuple[str, ...]:
    # "claims, claim i" and "cells, cell main" say everything twice.
    return (*where[:-1], name) if where[-1] in ("claims", "cells") else (*where, name)


def _list(names: list[str | None]) -> str:
    return ", ".join(shown(name)[1:-1] if name else "?" for name in names) or "none"


def _same(one: JsonValue, other: JsonValue) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        # To isinstance a bool is a number.
        if isinstance(one, bool) or isinstance(other, bool):
            return one is other
        try:
            return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        except OverflowError:
            return False
    return type(one) is type(other) and one == other
