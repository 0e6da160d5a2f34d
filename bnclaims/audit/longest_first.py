"""Order of cells in a run: those that train most come first, so that no worker ends long after the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bnclaims.audit.claim import Claim
from bnclaims.audit.plan import Plan
from bnclaims.protocol.cells import Cell
from bnclaims.protocol.looks import looks_of
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.trial import Trial


def longest_first(plan: Plan, rules: Rules) -> list[tuple[str, str]]:
    """Claim and name of every cell: the premise, whose networks others share, then by what is left to train.

    Work is what the trials of a cell's first look take that are of no cell before it, in pixels seen in
    training: rough, but the order costs no verdict. Cells of equal work stay in the order of the plan.
    """
    cells = {
        (claim.id, cell.name): {t.key: _pixels(t) for t in _first_look(claim, cell, rules)}
        for claim, cell in plan.cells
    }
    order = _by_work({name: sum(work.values()) for name, work in cells.items()})
    seen: set[str] = set()
    left = {}
    for name in order:
        left[name] = sum(work for key, work in cells[name].items() if key not in seen)
        seen |= cells[name].keys()
    # In the order of the plan again, which is what equal ones keep.
    return _by_work({name: left[name] for name in cells})


def _by_work(work: Mapping[tuple[str, str], int]) -> list[tuple[str, str]]:
    return sorted(work, key=lambda name: (name[0] != "premise", -work[name]))


def _first_look(claim: Claim, cell: Cell, rules: Rules) -> Sequence[Trial]:
    if cell.unavailable:
        return []
    return list(cell.trials(claim.arms, rules.seeds(looks_of(cell, rules)[0])))


def _pixels(trial: Trial) -> int:
    setting, task = trial.setting, trial.setting.task
    if setting.steps is not None:
        images = setting.steps * setting.batch_size
    else:
        of_classes = (task.images_of(index)[0] for index in range(len(task.classes)))
        images = (setting.epochs or 0) * sum(of_classes)
    return int(images * task.image_size**2)
