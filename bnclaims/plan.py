"""The trials that an audit may need, before anything is trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from bnclaims.audit import cells_for, with_cells
from bnclaims.cells import Cell, Selection
from bnclaims.claim import Claim
from bnclaims.protocol import Protocol
from bnclaims.trial import Setting, Task, Trial
from bnclaims.verdicts import looks_of


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
                for trial in cell.trials(claim.arms, range(n)):
                    trials.setdefault(trial.key, trial)
    return Plan(tuple(cells), first, every)


def groups(trials: Mapping[str, Trial]) -> dict[Setting, list[Trial]]:
    """The trials of each setting: those of a group differ in arm and seed and in nothing else."""
    found: dict[Setting, list[Trial]] = {}
    for trial in trials.values():
        found.setdefault(trial.setting, []).append(trial)
    return found
