"""Budget of time: the cells that it takes, in order of importance, until the next one does not fit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from bnclaims.audit.claim import Claim
from bnclaims.audit.forecast.cost import BASES, Costs
from bnclaims.audit.plan import Plan
from bnclaims.protocol.budget import BudgetCell, BudgetRules
from bnclaims.protocol.cells import Cell, Selection
from bnclaims.protocol.load import Protocol
from bnclaims.protocol.looks import looks_of
from bnclaims.protocol.schema import CellRules
from bnclaims.protocol.trial import Trial

FITS = "chosen"
FREE = "chosen: trains nothing of its own"
BEHIND = "left out: comes after the first cell that does not fit"
UNKNOWN = "left out: no time is known of its network"


def choose(
    plan: Plan,
    protocol: Protocol,
    selection: Selection,
    costs: Costs,
    *,
    minutes: float,
    workers: int,
) -> BudgetRules:
    """The choice for a budget: cells in `in_order_of_importance`, up to the first that does not fit.

    What a cell adds is the time of its trials that no cell above it has, through as many seeds as the
    first look of absence has: the first by which any statement can be decided. A cell that may be
    undecided there goes on to its last look, which is what ``longest`` adds up. Behind the first cell
    that does not fit, only those are taken that read nothing but what chosen cells may train. So a
    larger budget never drops a cell. What a store holds already counts as if it were to be trained,
    so that a run that is taken up again has the same cells.
    """
    rules = protocol.rules
    through = min(rules.absence_looks)
    order = in_order_of_importance(plan.cells, protocol)
    left, full = math.floor(60 * minutes), False
    bought: dict[str, Trial] = {}
    reach: dict[str, Trial] = {}
    listed: list[BudgetCell] = []
    for claim, cell in order:
        looks = looks_of(cell, rules)
        seeds = next((n for n in looks if n >= through), looks[-1])
        wanted = _trials(claim, cell, rules.seeds(seeds))
        may = _trials(claim, cell, rules.seeds(looks[-1]))
        known = all(costs.of(trial) is not None for trial in may.values())
        adds = _seconds({k: t for k, t in wanted.items() if k not in bought}, costs, workers)
        free = adds == 0 and may.keys() <= reach.keys()
        if not known:
            listed.append(BudgetCell(claim=claim.id, cell=cell.name, chosen=False, why=UNKNOWN))
            continue
        if full or adds > left:
            chosen, why = free, FREE if free else BEHIND if full else _too_long(adds, left)
            full = True
        else:
            chosen, why = True, FREE if free else FITS
        if chosen:
            left -= adds
            bought |= wanted
            reach |= may
        listed.append(
            BudgetCell(claim=claim.id, cell=cell.name, chosen=chosen, seconds=adds, why=why)
        )
    spent = math.floor(60 * minutes) - left
    return BudgetRules(
        minutes=float(minutes),
        workers=workers,
        dataset=selection.dataset,
        device="cuda" if selection.device == "cuda" else "cpu",
        seeds=through,
        forecast=round(spent / 60, 1),
        # The seconds of single cells are rounded up, and may add to more.
        longest=round(max(spent, _seconds(reach, costs, workers)) / 60, 1),
        basis=_basis(reach.values(), costs),
        of=protocol.sha256,
        cells=listed,
    )


def in_order_of_importance(
    cells: Iterable[tuple[Claim, Cell]], protocol: Protocol
) -> list[tuple[Claim, Cell]]:
    """The available cells by their ``importance``, equals in the order of the plan.

    Those that have none come last; among them primary cells before others.
    """
    ranks = {(claim, rules.name): rules for claim, own in protocol.cells.items() for rules in own}

    def rank(entry: tuple[Claim, Cell]) -> tuple[float, bool]:
        rules: CellRules = ranks[entry[0].id, entry[1].name]
        if rules.importance is not None:
            return rules.importance, False
        return math.inf, not rules.primary

    return sorted(((c, cell) for c, cell in cells if cell.unavailable is None), key=rank)


def _trials(claim: Claim, cell: Cell, seeds: Sequence[int]) -> dict[str, Trial]:
    return {trial.key: trial for trial in cell.trials(claim.arms, seeds)}


def _seconds(trials: dict[str, Trial], costs: Costs, workers: int) -> int:
    """Whole seconds of that many workers, rounded up so that a sum of them is no less."""
    found = [costs.of(trial) for trial in trials.values()]
    return math.ceil(sum(d.seconds for d in found if d is not None) / workers)


def _too_long(adds: int, left: int) -> str:
    return f"left out: adds {adds / 60:.1f} minutes where {left / 60:.1f} are left"


def _basis(trials: Iterable[Trial], costs: Costs) -> str:
    """In words, what the times of trials rest on."""
    counts = Counter(str(d.basis) for trial in trials if (d := costs.of(trial)) is not None)
    parts: Sequence[str] = [f"{counts[kind]:,} {how}" for kind, how in BASES if counts[kind]]
    assumed = f" ({costs.assumed.words})" if counts["assumed"] else ""
    return f"Times of trials: {'; '.join(parts) or 'none'}{assumed}."
