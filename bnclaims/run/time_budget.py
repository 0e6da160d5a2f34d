"""A time budget made part of its protocol, and kept in the store, so that it is chosen once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bnclaims.audit.claim import Claim
from bnclaims.audit.forecast.budget import choose
from bnclaims.audit.forecast.cost import Costs
from bnclaims.audit.forecast.stored_records import stored_records
from bnclaims.audit.plan import Plan
from bnclaims.errors import BnclaimsError, is_file, storage_errors
from bnclaims.protocol.budget import BudgetRules
from bnclaims.protocol.cells import Selection
from bnclaims.protocol.load import BUDGET, Protocol, load_protocol, parse_protocol
from bnclaims.protocol.trial import canonical_json
from bnclaims.run.assumed_times import assumed_on
from bnclaims.store.atomic_files import write_whole

FOLDER: Final = "budgets"


def budgeted(
    protocol: Protocol,
    plan: Plan,
    selection: Selection,
    *,
    minutes: float,
    workers: int,
    store: Path,
) -> Protocol:
    """The protocol with the choice that a budget makes of the plan, by the times in a store.

    `BnclaimsError` for a protocol that has a budget or accumulates evidence, for minutes that are
    none, and where not even the first cell fits.
    """
    _check(protocol, minutes)
    device = selection.device
    costs = Costs(stored_records(plan, store), device, assumed_on(device))
    rules = choose(plan, protocol, selection, costs, minutes=minutes, workers=workers)
    if not rules.chosen:
        first = next((cell for cell in rules.cells if cell.seconds is not None), None)
        what = "there is no cell that can be run here" if first is None else _first(first)
        raise BnclaimsError(f"--budget {minutes:g}: {what}; give more minutes or workers.")
    return parse_protocol(protocol.text + BUDGET + _toml(rules), source=f"--budget {minutes:g}")


def check_fits(protocol: Protocol, selection: Selection) -> None:
    """`BnclaimsError` for a protocol whose budget was made for another dataset or device."""
    budget = protocol.file.budget
    if budget is None:
        return
    for option, made_for, chosen in (
        ("--dataset", budget.dataset, selection.dataset),
        ("device", budget.device, selection.device),
    ):
        if made_for != chosen:
            raise BnclaimsError(
                f"{option} {chosen}: the budget of protocol {protocol.name} was chosen for "
                f"{made_for}; use the protocol without its budget and let --budget choose."
            )


class KeptBudget:
    """Where a store keeps the choice of a budget: one file for each thing that may be asked for.

    It is chosen once and taken again by every later run that asks the same of the store, which by
    then knows other times.
    """

    def __init__(
        self,
        store: Path,
        protocol: Protocol,
        selection: Selection,
        claims: Sequence[Claim],
        *,
        minutes: float,
        workers: int,
    ) -> None:
        asked: dict[str, Any] = {
            "protocol": protocol.sha256,
            "dataset": selection.dataset,
            "classes": [list(selection.majority), list(selection.minority)],
            "device": selection.device,
            "claims": sorted(claim.id for claim in claims),
            "minutes": float(minutes),
            "workers": workers,
        }
        name = hashlib.sha256(canonical_json(asked).encode()).hexdigest()[:16]
        self._store = store
        self.file = store / FOLDER / f"{name}.toml"

    def read(self) -> Protocol | None:
        """The protocol with the choice that was kept, None where there is none."""
        return load_protocol(str(self.file)) if is_file(self.file) else None

    def write(self, protocol: Protocol) -> Protocol:
        """Keeps the choice, unless another run has just kept one; the one that is kept."""
        with storage_errors(self._store, "keep the choice of a budget"):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.file, protocol.text.encode())
        return self.read() or protocol


def _check(protocol: Protocol, minutes: float) -> None:
    # NaN is not above 0 either.
    if not 0 < minutes <= 10**7:
        raise BnclaimsError(f"--budget {minutes:g}: give minutes above 0.")
    if protocol.file.budget is not None:
        raise BnclaimsError(
            f"--budget {minutes:g}: protocol {protocol.name} has a budget already; leave the option "
            "out, or name the protocol it was chosen from."
        )
    if protocol.rules.accumulation is not None:
        raise BnclaimsError(
            f"--budget {minutes:g}: protocol {protocol.name} accumulates evidence, which wants the "
            "same cells every night; leave it out, or use a protocol with looks."
        )


def _first(cell: Any) -> str:
    return (
        f"the most important cell, {cell.cell} of claim {cell.claim}, takes "
        f"{cell.seconds / 60:.1f} minutes by itself"
    )


def _toml(rules: BudgetRules) -> str:
    """The table as TOML, whose strings and numbers are those of JSON."""
    table = rules.model_dump(mode="json", exclude_none=True)
    cells = table.pop("cells")
    lines = ["[budget]", *_entries(table)]
    for cell in cells:
        lines += ["", "[[budget.cells]]", *_entries(cell)]
    return "\n".join(lines) + "\n"


def _entries(table: dict[str, Any]) -> list[str]:
    # JSON leaves one control character as it is, which TOML does not take.
    return [
        f"{name} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007F")
        for name, value in table.items()
    ]
