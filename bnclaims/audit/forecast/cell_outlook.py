"""Outlook of one cell: what it can show, and how many seeds it still needs, as plain data."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from scipy.special import chdtri

from bnclaims.audit.claim import Claim
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.forecast.contrasts import Contrast, contrasts, spread
from bnclaims.audit.forecast.pilot_evidence import LEAST_SEEDS, assumed, assumed_spread, pilot_of
from bnclaims.audit.forecast.power import POWER, smallest_at
from bnclaims.audit.forecast.power_by_night import seeds_shown, smallest_by
from bnclaims.audit.forecast.simulate import Chance, Simulation
from bnclaims.audit.results import CellJudgement, Verdict
from bnclaims.audit.statements.describe import estimate_of
from bnclaims.audit.verdicts import decision_level
from bnclaims.protocol.cells import Cell
from bnclaims.protocol.looks import looks_of
from bnclaims.protocol.rules import Rules
from bnclaims.store.record import Record


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a forecast is asked for beside the plan.

    ``assumed_spread`` is the standard deviation of the difference of two networks where the store
    has no pilot; ``draws`` bounds the simulated audits of a cell.
    """

    assumed_spread: float
    draws: int
    seed: int
    target_power: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """One available cell of a claim with its judgement so far and its pilot; ``cells`` the claim has."""

    claim: Claim
    cell: Cell
    judged: CellJudgement
    pilot: Evidence
    cells: int

    @property
    def open(self) -> bool:
        """Whether the cell asks for more seeds than are stored."""
        return not self.judged.looks or not self.judged.ended

    @property
    def large_enough(self) -> bool:
        """Whether the pilot has enough seeds for a spread."""
        return len(self.pilot.seeds) >= LEAST_SEEDS


def place_of(
    claim: Claim,
    cell: Cell,
    judged: CellJudgement,
    *,
    cells: int,
    rules: Rules,
    records: Mapping[str, Record],
) -> Place:
    """A cell with the evidence that is stored of it, to the last look."""
    pilot = pilot_of(claim, cell, looks_of(cell, rules)[-1], rules, records)
    return Place(claim=claim, cell=cell, judged=judged, pilot=pilot, cells=cells)


def outlook(place: Place, wishes: Wishes) -> dict[str, Any]:
    """Spread and smallest effect of every contrast, the chance of a verdict, the seeds missing."""
    rules, looks = place.pilot.rules, looks_of(place.cell, place.pilot.rules)
    chances = _chances(place, looks, wishes)
    reached = next((chance for chance in chances if chance.decided >= POWER), None)
    decided = place.judged.verdict in (Verdict.SUPPORTED, Verdict.REFUTED)
    return {
        "status": "open" if place.open else "decided" if decided else "ended",
        "verdict": None if place.open else place.judged.verdict.value,
        "seeds_judged": place.judged.seeds,
        "looks": looks if rules.accumulation is None else list(seeds_shown(rules.accumulation)),
        "pilot_seeds": len(place.pilot.seeds),
        "contrasts": [_contrast(found, place, looks, wishes) for found in _contrasts(place, rules)],
        "chances": [chance_as_dict(chance) for chance in chances],
        "seeds_missing": None if reached is None else _missing(place, reached.seeds),
        "seeds_to_next_look": _to_next_look(place, looks),
    }


def chance_as_dict(chance: Chance) -> dict[str, Any]:
    """A chance with its 95 % interval, as plain data."""
    low, high = chance.interval(0.95)
    return {**dataclasses.asdict(chance), "decided": chance.decided, "low": low, "high": high}


def _missing(place: Place, n: int) -> int:
    return n - sum(seed in place.pilot.rules.seeds(n) for seed in place.pilot.seeds)


def _to_next_look(place: Place, looks: list[int]) -> int | None:
    """Seeds until the next look is complete, None for a cell that is not open."""
    if not place.open:
        return None
    return next((missing for n in looks if (missing := _missing(place, n))), None)


def _chances(place: Place, looks: list[int], wishes: Wishes) -> list[Chance]:
    """The chance of a verdict by each look to come, up to the first at which it is `POWER`."""
    found: list[Chance] = []
    if not place.open or not place.large_enough or place.pilot.rules.accumulation is not None:
        # The chances are those of looks; drawn seeds may leave the bounds that e-processes rest on.
        return found
    simulation = Simulation(
        place.claim, place.pilot, cells=place.cells, seed=wishes.seed, stored=True
    )
    for n in looks:
        if _missing(place, n) == 0:
            continue
        found.append(simulation.chance(n, draws=wishes.draws, power=POWER, as_planned=True))
        if found[-1].decided >= POWER:
            break
    return found


def _contrasts(place: Place, rules: Rules) -> list[Contrast]:
    evidence = place.pilot if place.large_enough else assumed(place.cell, rules)
    return contrasts(place.claim.assertion(evidence), rules)


def _contrast(contrast: Contrast, place: Place, looks: list[int], wishes: Wishes) -> dict[str, Any]:
    observed = len(contrast.column.observed)
    # A pilot in which most trials diverged has seeds and no spread.
    known = place.large_enough and observed >= LEAST_SEEDS
    deviation = interval = None
    if known:
        deviation = spread(contrast.column)
        interval = _spread_interval(deviation, observed)
    elif not place.large_enough:
        deviation = assumed_spread(contrast.column, wishes.assumed_spread)
    shown = _looks(contrast, place, looks, deviation)
    target, last = contrast.target, shown[-1]["smallest"]
    return {
        "label": contrast.label,
        "kind": contrast.kind,
        "target": target,
        "estimate": estimate_of(contrast.column) if known else None,
        "spread": deviation,
        "spread_interval": interval,
        "assumed": not known,
        "looks": shown,
        "too_early": contrast.absence and looks[-1] < (place.pilot.rules.first_absence or 0),
        "target_in_spreads": target / deviation if deviation else None,
        "possible": last is not None and last <= target
        if contrast.within and deviation is not None
        else None,
    }


def _looks(
    contrast: Contrast, place: Place, looks: list[int], deviation: float | None
) -> list[dict[str, Any]]:
    """What every look, or some nights, show; None where they cannot or the spread is not known."""
    rules = place.pilot.rules
    level = decision_level(place.claim, place.cells, rules)
    found: dict[int, float | None] = dict.fromkeys(looks)
    if (how := rules.accumulation) is not None:
        found = dict.fromkeys(seeds_shown(how))
        if deviation:
            found = smallest_by(contrast, deviation, level, how)
    elif deviation is not None:
        found = {n: smallest_at(contrast, deviation, n, level, rules) for n in looks}
    return [{"seeds": n, "smallest": smallest} for n, smallest in found.items()]


def _spread_interval(deviation: float, n: int) -> tuple[float, float]:
    """95 % interval of a standard deviation, if the differences were normal."""
    low, high = (
        deviation * math.sqrt((n - 1) / float(chdtri(n - 1, tail))) for tail in (0.025, 0.975)
    )
    return low, high
