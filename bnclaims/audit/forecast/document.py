"""A forecast as plain data: what the table shows and ``--json`` prints."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from bnclaims.audit.claim import Claim
from bnclaims.audit.forecast.cell_outlook import Place, Wishes, chance_as_dict, outlook, place_of
from bnclaims.audit.forecast.cost import Costs, group_list, totals
from bnclaims.audit.forecast.power import POWER
from bnclaims.audit.forecast.simulate import Simulation, seeds_for
from bnclaims.audit.forecast.stored_records import Stored
from bnclaims.audit.forecast.trial_times import Assumed
from bnclaims.audit.judge import audit
from bnclaims.audit.plan import Plan
from bnclaims.audit.results import CellJudgement
from bnclaims.audit.verdicts import in_its_list
from bnclaims.protocol.cells import Cell, Selection
from bnclaims.protocol.load import Protocol
from bnclaims.protocol.looks import looks_of
from bnclaims.protocol.trial import Trial

SCHEMA = 1


def forecast(
    claims: Sequence[Claim],
    protocol: Protocol,
    selection: Selection,
    plan: Plan,
    stored: Stored,
    wishes: Wishes,
    *,
    assumed: Assumed,
    not_there: Sequence[str] = (),
    on_cell: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """What the plan takes, what its cells can show, and with a target power how many seeds they need.

    Every cell is judged on what is stored; nothing is trained. ``on_cell`` is called after each of
    ``plan.cells``; ``not_there`` names what of the plan is not on this machine; ``assumed`` gives the
    times that no stored trial tells. Deterministic for a store, a protocol and ``wishes``.
    """
    result = audit(claims, protocol, selection, lambda trial: stored.planned.get(trial.key))
    judged = {(claim.claim.id, cell.cell): cell for claim in result.claims for cell in claim.cells}
    costs = Costs(stored, selection.device, assumed)
    rules = protocol.rules
    wanted: set[str] = set()
    proposed: dict[str, Trial] = {}
    told: dict[str, list[dict[str, Any]]] = {}
    for claim, cell in plan.cells:
        shown = _cell(claim, cell)
        if cell.unavailable is None:
            place = _place(claim, cell, judged[claim.id, cell.name], plan, protocol, stored)
            trials = cell.trials(claim.arms, rules.seeds(looks_of(cell, rules)[-1]))
            shown |= {"trials": len(trials)} | outlook(place, wishes)
            if place.open:
                wanted |= {trial.key for trial in trials} - stored.planned.keys()
            if wishes.target_power is not None:
                shown["proposal"] = _proposal(place, wishes, wishes.target_power)
                if shown["proposal"] and shown["proposal"]["reached"]:
                    seeds = rules.seeds(shown["proposal"]["seeds"])
                    proposed |= {t.key: t for t in cell.trials(claim.arms, seeds)}
        told.setdefault(claim.id, []).append(shown)
        on_cell()
    return {
        "schema": SCHEMA,
        "protocol": {"name": protocol.name, "sha256": protocol.sha256},
        "budget": None
        if protocol.file.budget is None
        else protocol.file.budget.model_dump(mode="json"),
        "dataset": selection.dataset,
        "device": selection.device,
        "nights": None if rules.accumulation is None else rules.accumulation.nights,
        "store": {
            "path": None if stored.place is None else str(stored.place),
            "timed_trials": costs.timings.trials,
            "damaged": list(stored.damaged),
        },
        "not_there": list(not_there),
        "unit": costs.unit,
        "assumed_rate": assumed.words,
        "power": POWER,
        "target_power": wishes.target_power,
        "assumed_spread": wishes.assumed_spread,
        "seed": wishes.seed,
        "totals": totals(plan, stored, wanted, costs),
        "proposed": None
        if wishes.target_power is None
        else dataclasses.asdict(costs.bill(proposed)),
        "groups": group_list(plan, stored, costs),
        "claims": [
            {
                "id": claim.claim.id,
                "title": claim.claim.title,
                "combine": claim.claim.combine,
                "cells": told[claim.claim.id],
            }
            for claim in result.claims
        ],
    }


def _cell(claim: Claim, cell: Cell) -> dict[str, Any]:
    return {
        "name": cell.name,
        "primary": cell.primary,
        "reason": cell.reason,
        "unavailable": cell.unavailable,
        "arms": list(claim.arms),
        "settings": {name: setting.label for name, setting in cell.settings.items()},
    }


def _place(
    claim: Claim,
    cell: Cell,
    judged: CellJudgement,
    plan: Plan,
    protocol: Protocol,
    stored: Stored,
) -> Place:
    cells = in_its_list(cell, (c for other, c in plan.cells if other.id == claim.id))
    return place_of(claim, cell, judged, cells=cells, rules=protocol.rules, records=stored.planned)


def _proposal(place: Place, wishes: Wishes, power: float) -> dict[str, Any] | None:
    """Seeds for a target power, None without a pilot."""
    if not place.large_enough:
        return None

    def simulation(*, uncertain: bool) -> Simulation:
        return Simulation(
            place.claim, place.pilot, cells=place.cells, seed=wishes.seed, uncertain=uncertain
        )

    plain = simulation(uncertain=False)
    chance, reached = seeds_for(plain, power, draws=wishes.draws)
    last = looks_of(place.cell, place.pilot.rules)[-1]
    doubtful = simulation(uncertain=True)
    return {
        "seeds": chance.seeds,
        "reached": reached,
        "pilot_seeds": len(place.pilot.seeds),
        "chance": chance_as_dict(chance),
        "uncertain": chance_as_dict(doubtful.chance(chance.seeds, draws=wishes.draws, power=power)),
        "as_planned": chance_as_dict(
            plain.chance(last, draws=wishes.draws, power=power, as_planned=True)
        ),
    }
