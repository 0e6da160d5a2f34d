"""The records of a world: a trainer that draws what the real one would train."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

from bnclaims.protocol.trial import Setting, Trial
from bnclaims.store.record import Record, Scores
from bnclaims.training.synthetic.images import BLOCK
from bnclaims.training.synthetic.networks import Networks, networks_of
from bnclaims.training.synthetic.world import World
from bnclaims.training.synthetic.worlds import world

_KEPT_BLOCKS = 64


def trainer(name: str, *, suite: int = 0, **changes: Any) -> Callable[[Trial], Record]:
    """A stand-in for the real trainer that makes the records of the named world.

    Every random number depends on ``suite``, so that suites are independent repetitions.
    ``changes`` are fields of the `World` that are to be other than its own, as ``pool=600``.
    """
    return partial(_record, drawn=_Drawn(name, dataclasses.replace(world(name), **changes), suite))


@dataclasses.dataclass
class _Drawn:
    """What a world has drawn of late, by canonical setting, arm and block."""

    name: str
    truth: World
    suite: int
    networks: dict[tuple[str, str, int], Networks] = dataclasses.field(default_factory=dict)

    def of(self, setting: Setting, arm: str, block: int) -> Networks:
        """The networks of a block of seeds; its trials come one after the other."""
        key = (setting.canonical, arm, block)
        if key not in self.networks:
            if len(self.networks) == _KEPT_BLOCKS:
                del self.networks[next(iter(self.networks))]
            self.networks[key] = networks_of(setting, arm, block, self.truth, self.suite)
        return self.networks[key]


def _record(trial: Trial, *, drawn: _Drawn) -> Record:
    block, place = divmod(trial.seed, BLOCK)
    networks = drawn.of(trial.setting, trial.arm, block)
    splits = networks.images.splits[place]
    diverged = bool(networks.diverged[place])
    scores: dict[tuple[str, str], Scores] = {}
    for readout, of_images in networks.scores.items():
        start = 0
        for split, content in splits.items():
            stop = start + len(content.labels)
            if not diverged:
                scores[readout, split] = of_images[place, start:stop]
            start = stop
    return Record(
        trial=trial,
        diverged=diverged,
        splits=splits,
        scores=scores,
        train_images=networks.images.train_images,
        pool_images=networks.images.pool_images,
        losses=(0.5,),
        seconds={"train": 0.0, "read": 0.0, "processor": 0.0},
        environment={"executor": f"world {drawn.name}"},
    )
