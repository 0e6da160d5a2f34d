"""What a check trains and compares, chosen from a plan."""

from __future__ import annotations

import dataclasses
from typing import Final

from bnclaims.audit.claim import Claim
from bnclaims.audit.plan import Plan
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.cells import Cell
from bnclaims.protocol.load import Protocol
from bnclaims.protocol.names import LINEAR, SCRATCH
from bnclaims.protocol.trial import Setting, Trial
from bnclaims.run.selfcheck.acceptance import FIRST_SEED

# The other network: without convolutions, and trained in a tenth of a second.
SIMPLEST: Final = "mlp"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scope:
    """The claim that is judged, its cells in two architectures, and the trials of first steps.

    Settings and trials are in the reference precision; `at` gives those of another.
    """

    claim: Claim
    cells: tuple[Cell, ...]
    steps: tuple[Trial, ...]

    @property
    def seeds(self) -> range:
        """The seeds of the check."""
        most = self.cells[0].max_seeds
        assert most is not None
        return range(FIRST_SEED, FIRST_SEED + most)

    @property
    def trials(self) -> list[Trial]:
        """The trials that are trained, setting by setting."""
        return [
            Trial(setting=setting, arm=arm, seed=seed)
            for cell in self.cells
            for setting in cell.settings.values()
            for seed in self.seeds
            for arm in self.claim.arms
        ]


def scope_of(plan: Plan, protocol: Protocol, *, seeds: int) -> Scope:
    """The scope of a check with so many seeds.

    The claim is the first that has a primary cell, which is the premise where there is one. Its cell
    is compared as it is and with the simplest network. First steps are taken of every network that
    the plan trains, whatever its data: network, head, number of classes, arm.
    """
    found = next(
        ((claim, cell) for claim, cell in plan.cells if cell.primary and not cell.unavailable), None
    )
    if found is None:
        raise BnclaimsError(
            f"--protocol {protocol.name}: no claim has a primary cell that can be run here, so there "
            "is nothing to compare; name another protocol or dataset."
        )
    claim, cell = found
    settings = {name: at(setting, "fp32") for name, setting in cell.settings.items()}
    simplest = {
        name: dataclasses.replace(setting, architecture=SIMPLEST, regime=SCRATCH, classifier=LINEAR)
        for name, setting in settings.items()
    }
    cells = [dataclasses.replace(cell, settings=settings, max_seeds=seeds)]
    cells[0] = dataclasses.replace(cells[0], name=_name(settings))
    if simplest != settings:
        cells.append(dataclasses.replace(cells[0], name=_name(simplest), settings=simplest))
    trained = [trial for each in cells for trial in each.trials(claim.arms, [FIRST_SEED])]
    steps: dict[tuple[str, str, int, str], Trial] = {}
    for trial in (*trained, *plan.all.values()):
        setting = at(trial.setting, "fp32")
        kind = (setting.network, setting.head, len(setting.task.classes), trial.arm)
        steps.setdefault(kind, Trial(setting=setting, arm=trial.arm, seed=FIRST_SEED))
    return Scope(claim=claim, cells=tuple(cells), steps=tuple(steps.values()))


def at(setting: Setting, precision: str) -> Setting:
    """The same setting in another precision."""
    return dataclasses.replace(setting, precision=precision)


def cell_at(cell: Cell, precision: str) -> Cell:
    """The same cell in another precision."""
    settings = {name: at(setting, precision) for name, setting in cell.settings.items()}
    return dataclasses.replace(cell, settings=settings)


def _name(settings: dict[str, Setting]) -> str:
    first = next(iter(settings.values()))
    return f"{first.task.label}, {first.network}, {first.head}"
