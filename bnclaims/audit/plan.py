"""Plan: the trials that an audit may need, before anything is trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from bnclaims.audit.claim import Claim
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.cells import Cell, Selection, cells_of
from bnclaims.protocol.load import Protocol
from bnclaims.protocol.looks import looks_of
from bnclaims.protocol.trial import Setting, Task, Trial


@dataclasses.dataclass(frozen=True)
class Plan:
    """Every cell with its claim, the trials of all first looks, and those of all looks, by key."""

    cells: tuple[tuple[Claim, Cell], ...]
    first: dict[str, Trial]
    all: dict[str, Trial]

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The distinct tasks, for checks before training."""
        return tuple({trial.setting.task: None for trial in self.all.values()})


def plan(claims: Sequence[Claim], protocol: Protocol, selection: Selection) -> Plan:
    """The plan of the given claims; ``all`` is an upper bound, as a decided cell asks for no more."""
    cells: list[tuple[Claim, Cell]] = []
    first: dict[str, Trial] = {}
    every: dict[str, Trial] = {}
    for claim in with_cells(claims, protocol):
        for cell in cells_for(claim, protocol, selection):
            cells.append((claim, cell))
            if cell.unavailable:
                continue
            looks = looks_of(cell, protocol.rules)
            for n, trials in ((looks[0], first), (looks[-1], every)):
                for trial in cell.trials(claim.arms, protocol.rules.seeds(n)):
                    trials.setdefault(trial.key, trial)
    return Plan(tuple(cells), first, every)


def by_setting(trials: Mapping[str, Trial]) -> dict[Setting, list[Trial]]:
    """The trials of each setting: those of a setting differ in arm and seed and in nothing else."""
    found: dict[Setting, list[Trial]] = {}
    for trial in trials.values():
        found.setdefault(trial.setting, []).append(trial)
    return found


def in_order(claims: Sequence[Claim], family: Sequence[str]) -> list[Claim]:
    """Claims in the order of reports: the premise, the family, then the others in theirs."""
    order = (*dict.fromkeys(("premise", *family, "uncertainty")),)
    return sorted(claims, key=lambda c: order.index(c.id) if c.id in order else len(order))


def cells_for(claim: Claim, protocol: Protocol, selection: Selection) -> tuple[Cell, ...]:
    """The cells of a claim; `BnclaimsError` where they cannot make its verdict as it combines them."""
    cells = tuple(cells_of(protocol, claim.id, selection))
    primary = sum(cell.primary for cell in cells)
    if claim.combine == "primary" and primary != 1:
        raise BnclaimsError(
            f"protocol {protocol.name}: claims.{claim.id} has no primary cell; give the one that "
            "decides primary = true."
        )
    if claim.combine != "primary" and primary:
        raise BnclaimsError(
            f"protocol {protocol.name}: claims.{claim.id} has a primary cell, but the claim combines "
            f"its cells ({claim.combine}); take primary out."
        )
    return cells


def with_cells(claims: Sequence[Claim], protocol: Protocol) -> list[Claim]:
    """The claims that a protocol has cells for, in the order of reports.

    Any claim can be left out, also the premise and the family's own: a family keeps its share of
    alpha for each of its claims, so that those that are judged are judged no more leniently.
    """
    kept = [claim for claim in claims if claim.id in protocol.file.claims]
    return in_order(kept, protocol.rules.family)
