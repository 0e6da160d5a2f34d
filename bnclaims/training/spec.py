"""Specification of a trainer: what another process must know to train as this one would."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bnclaims.datasets import Sources
    from bnclaims.protocol.trial import Trial
    from bnclaims.store.record import Record


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainerSpec:
    """What another process must know to train as this one would; paths hold wherever it runs."""

    executor: str
    world: str | None
    data_root: str | None
    folder: str | None
    classes: tuple[str, ...] = ()
    offline: bool = False
    trial_timeout: float | None = None

    @classmethod
    def of(
        cls, executor: str, world: str | None, sources: Sources, *, trial_timeout: float | None
    ) -> TrainerSpec:
        """The trainer of `trainer_of` for a process with a working folder of its own."""
        data_root, folder = (
            str(path.resolve()) if path else None for path in (sources.data_root, sources.folder)
        )
        return cls(
            executor=executor,
            world=world,
            data_root=data_root,
            folder=folder,
            classes=sources.classes,
            offline=sources.offline,
            trial_timeout=trial_timeout,
        )

    def trainer(self) -> Callable[[Trial], Record]:
        """The trainer itself."""
        from bnclaims.datasets import Sources

        root, folder = (Path(path) if path else None for path in (self.data_root, self.folder))
        sources = Sources(
            data_root=root, folder=folder, classes=tuple(self.classes), offline=self.offline
        )
        # Not sooner: a process that only judges needs no trainer.
        from bnclaims.training.trainer import trainer_of

        return trainer_of(self.executor, self.world, sources)
