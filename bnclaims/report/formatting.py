"""Formatting of numbers, names and plain data, as pages and terminals show them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

# How verdicts are coloured on a terminal.
STYLES: Final[Mapping[str, str]] = {
    "SUPPORTED": "green",
    "REFUTED": "red",
    "INCONCLUSIVE": "yellow",
    "INVALID": "bold yellow",
}


def number(value: float | None, digits: int = 2) -> str:
    """A number with a true minus sign; a dash where there is none."""
    if value is None:
        return "–"
    rounded = f"{value:.{digits}f}"
    return rounded.replace("-", "−") if float(rounded) else rounded.lstrip("-")


def interval(estimate: float | None, bounds: Sequence[float | None] | None) -> str:
    """An estimate with its interval, e.g. ``0.82 [0.76, 0.86]``.

    An end of None is unbounded, as reports have it, and so is an infinite one, as statistics do.
    """
    ends = [None if end is None or math.isinf(end) else end for end in bounds or ()]
    digits = precision([estimate, *ends])
    if bounds is None:
        return number(estimate, digits)
    low = "−∞" if ends[0] is None else number(ends[0], digits)
    high = "∞" if ends[1] is None else number(ends[1], digits)
    return f"{number(estimate, digits)} [{low}, {high}]".removeprefix("– ")


def precision(values: Sequence[float | None]) -> int:
    """Decimals that show the values: two, more where all of them are small (slopes)."""
    largest = max((abs(value) for value in values if value is not None), default=1.0)
    return 2 if largest >= 0.1 or largest == 0 else 3 if largest >= 0.01 else 4


def with_minus(text: str) -> str:
    """Text whose negative numbers have a true minus sign."""
    return re.sub(r"(?<![\w.)])-(?=\d)", "−", text)


def name_of(claim_id: str) -> str:
    """How a claim is called in running text: ``(i)`` for the six, its id for the others."""
    return f"({claim_id})" if re.fullmatch("[ivx]+", claim_id) else claim_id.replace("-", " ")


def p_value(p: float | None) -> str:
    """A p-value with two significant digits."""
    return "–" if p is None else f"{p:.2g}"


def distance(p: float | None, line: float | None) -> str:
    """How far a p-value is from the level that decides, as a factor."""
    if p is None or not line:
        return ""
    if p <= 0:
        return "far below"
    factor, side = (line / p, "below") if p <= line else (p / line, "above")
    return f"{float(f'{factor:.2g}'):,g}× {side}"


def line_of(value: Any) -> str:
    """Plain data of any shape as a line of text."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case Mapping():
            return "; ".join(f"{key}: {line_of(item)}" for key, item in value.items()) or "–"
        case list() | tuple():
            return ", ".join(line_of(item) for item in value) or "–"
        case _:
            return str(value) or "–"


def printable(value: Any) -> Any:
    """The same data with text that UTF-8 can hold: a file name need not be valid text."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case Mapping():
            return {printable(key): printable(item) for key, item in value.items()}
        case list() | tuple():
            return [printable(item) for item in value]
        case _:
            return value


def bibtex_text(value: Any) -> str:
    """Text that cannot end a BibTeX field early."""
    return re.sub(r"[{}\\]", "", line_of(value))


_LONGEST: Final = 200


def shown(value: Any) -> str:
    """A value on one line, safe to print whatever it is."""
    if isinstance(value, dict):
        return f"{len(value)} named values"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None:
        return "null"
    text = repr(value) if isinstance(value, str | float | bool) else _whole(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _whole(value: int) -> str:
    try:
        return str(value)
    except ValueError:
        return "a number of thousands of digits"


def listed(words: Iterable[str], names: Mapping[str, str] | None = None) -> str:
    """Words in a row with ``and`` before the last, each by its name where it has one."""
    *most, last = [(names or {}).get(word, word) for word in words]
    return f"{', '.join(most)} and {last}" if most else last


def without_name(id: str, title: str) -> str:
    """The title of a claim where its name stands beside it: without the name, as a sentence."""
    name = name_of(id)
    bare = title.removeprefix(f"Claim {name}: ").removeprefix(f"{name.capitalize()}: ")
    return bare[:1].upper() + bare[1:]


def speed(rate: float) -> str:
    """A rate per second for people: per minute or hour where a trial takes that long."""
    for seconds, unit in ((1, "s"), (60, "min")):
        if rate * seconds >= 0.1:
            return f"{rate * seconds:.1f}/{unit}"
    return f"{rate * 3600:.1f}/h"


def counted(count: int, noun: str) -> str:
    """A number of things, e.g. ``1 trial`` or ``2 trials``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def amount_of(bill: Mapping[str, Any], amount: str) -> str:
    """An amount; a lower bound where trials have no time, "unknown" where none has."""
    if bill["unknown"] == bill["trials"] > 0:
        return "unknown"
    return f"at least {amount}" if bill["unknown"] else amount


def duration(seconds: float) -> str:
    """A time for people: ``8 s``, ``2 min 5 s``, ``12 min``, ``3 h 05 min``, ``2 days 4 h``."""
    whole = round(seconds)
    minutes = round(seconds / 60)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} days {hours % 24} h"
