"""What the terminal says of nights and strata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bnclaims.session import AuditSession


def night_line(session: AuditSession, label: str | None) -> list[str]:
    """The night of a run that accumulates evidence; nothing for another."""
    how = session.protocol.rules.accumulation
    if how is None:
        return []
    number = session.selection.nights
    return [
        f"night: {label}, number {number} of at most {how.nights}, judged on at most "
        f"{number * how.seeds_per_night} seeds"
    ]


def pooling_lines(run: Mapping[str, Any]) -> Iterator[str]:
    """What the store holds that was not judged, and what was judged though machines differ."""
    for stratum, trials in run.get("trials_not_pooled", {}).items():
        yield f"not pooled: {trials} trials of another stratum ({stratum}) are in the store"
    for mixed in run.get("mixed_machines", []):
        counts = "; ".join(f"{trials} on {machine}" for machine, trials in mixed["trials"].items())
        yield f"mixed machines: claim {mixed['claim']}, cell {mixed['cell']}: {counts}"
