"""Stored records: what a store holds of a plan, read once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from bnclaims.audit.plan import Plan
from bnclaims.errors import is_dir, is_file
from bnclaims.store.record import Record
from bnclaims.store.store import Store

# Records outside the plan only serve to scale training times, for which a sample is enough.
_OTHERS = 400


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stored:
    """Records by key: those of the plan, and a sample of others; sentences on damaged files.

    ``place`` is the store's folder, None where there is none.
    """

    planned: Mapping[str, Record]
    others: Sequence[Record]
    damaged: Sequence[str]
    place: Path | None


def stored_records(plan: Plan, place: Path) -> Stored:
    """The records of the store at ``place``, which is not made if it is not there.

    `BnclaimsError` for a file or folder that is no store.
    """
    if not (is_dir(place) or is_file(place)) or (is_dir(place) and not any(place.iterdir())):
        return Stored(planned={}, others=(), damaged=(), place=None)
    store = Store.open(place)
    keys = store.keys()
    planned = {key: record for key in plan.all if key in keys and (record := store.read(key))}
    others = [store.read(key) for key in sorted(keys - plan.all.keys())[:_OTHERS]]
    return Stored(
        planned=planned,
        others=[record for record in others if record is not None],
        damaged=[sentence for _, sentence in store.damaged],
        place=place,
    )
