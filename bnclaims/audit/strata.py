"""Strata: evidence that is not pooled, what a store holds of the same trials from elsewhere."""

from __future__ import annotations

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bnclaims.audit.claim import Claim
from bnclaims.audit.results import Audit
from bnclaims.protocol.cells import Cell
from bnclaims.protocol.trial import TRAINER_VERSION, canonical_json
from bnclaims.store.codec import described
from bnclaims.store.store import Store

# What of a record's environment can be different from trial to trial within one stratum.
MACHINE = ("torch", "processor")


@dataclasses.dataclass(frozen=True, order=True, kw_only=True)
class Stratum:
    """What makes trained networks another population: the trainer's code, device class, precision.

    All three are part of a trial's key, so that trials of two strata are never one trial and never
    judged together.
    """

    trainer: int
    device: str
    precision: str

    def __str__(self) -> str:
        return f"trainer {self.trainer}, {self.device}, {self.precision}"


def strata_of(cells: Sequence[tuple[Claim, Cell]]) -> list[Stratum]:
    """The strata that these cells are judged in."""
    return sorted(
        {
            Stratum(trainer=TRAINER_VERSION, device=setting.device, precision=setting.precision)
            for _, cell in cells
            for setting in cell.settings.values()
        }
    )


def not_pooled(
    store: Store, cells: Sequence[tuple[Claim, Cell]], known: Collection[str]
) -> dict[Stratum, int]:
    """How many trials the store holds that would be these cells' own in another stratum.

    Trials of the same setting and arm, of any seed. ``known`` are keys that need not be looked at:
    those of the plan.
    """
    wanted = {
        _without_stratum({"setting": setting.as_dict(), "arm": arm})
        for claim, cell in cells
        for setting in cell.settings.values()
        for arm in claim.arms
    }
    found: Counter[Stratum] = Counter()
    for key in store.keys() - set(known):
        # A damaged file is nobody's evidence; whoever needs the trial will set it aside.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            trial = described(store.path(key).read_bytes())["trial"]
            if _without_stratum(trial) in wanted:
                setting = trial["setting"]
                found[
                    Stratum(
                        trainer=int(trial["trainer"]),
                        device=str(setting["device"]),
                        precision=str(setting["precision"]),
                    )
                ] += 1
    judged = set(strata_of(cells))
    return {stratum: found[stratum] for stratum in sorted(found) if stratum not in judged}


def _without_stratum(trial: Mapping[str, Any]) -> str:
    setting = dict(trial["setting"])
    for name in ("device", "precision"):
        setting.pop(name, None)
    return canonical_json({"arm": trial["arm"], "setting": setting})


def mixed_machines(audit: Audit) -> list[dict[str, Any]]:
    """The judged cells whose trials were trained under several torch versions or processors.

    Each entry names claim, cell and how many trials each machine made.
    """
    mixed = []
    for judged in audit.claims:
        for cell, judgement in zip(audit.cells[judged.claim.id], judged.cells, strict=True):
            made = Counter(
                ", ".join(record.environment.get(name, f"{name} unknown") for name in MACHINE)
                for trial in cell.trials(
                    judged.claim.arms, audit.protocol.rules.seeds(judgement.seeds)
                )
                if (record := audit.records.get(trial.key)) is not None
            )
            if len(made) > 1:
                trials = dict(sorted(made.items()))
                mixed.append({"claim": judgement.claim, "cell": judgement.cell, "trials": trials})
    return mixed
