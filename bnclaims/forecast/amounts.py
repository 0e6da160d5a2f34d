"""Amounts of a bill, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def amount_of(bill: Mapping[str, Any], amount: str) -> str:
    """An amount; a lower bound where trials have no time, "unknown" where none has."""
    if bill["unknown"] == bill["trials"] > 0:
        return "unknown"
    return f"at least {amount}" if bill["unknown"] else amount


def duration(seconds: float) -> str:
    """Seconds for people: ``8 s``, ``12 min``, ``3 h 05 min``, ``2 days 4 h``."""
    minutes = round(seconds / 60)
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} days {hours % 24} h"
