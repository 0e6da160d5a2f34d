"""The runner of a process: who trains the trials of a run, as its request has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bnclaims.audit.lookahead import Ahead
from bnclaims.audit.verdicts import MissingRecord
from bnclaims.protocol.trial import Trial
from bnclaims.run.design import Design
from bnclaims.run.request import Request
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training.runners import (
    Device,
    DeviceRunner,
    LocalRunner,
    RayOptions,
    RunFolder,
    Runner,
)
from bnclaims.training.runners.local import Trainer
from bnclaims.training.spec import TrainerSpec


class StoredRunner(Runner):
    """Trains nothing: gives what the store has, and `MissingRecord` for what it lacks."""

    def obtain(self, trials: Sequence[Trial]) -> Mapping[str, Record]:
        """The records of all these trials, by key."""
        for trial in trials:
            if not self._read(trial):
                raise MissingRecord(trial.key)
        return self._records

    def close(self) -> None:
        """Nothing is kept running."""


def runner_of(
    design: Design,
    store: Store,
    run: RunFolder,
    *,
    name: str,
    on_progress: Callable[[], None],
    trainer: Trainer | None = None,
    **options: Any,
) -> Runner:
    """The runner of this process; ``trainer`` instead of the one that the request names.

    On a GPU, one process trains what all processes of the run ask for. ``options`` are those of
    `LocalRunner`.
    """
    request = design.request
    if request.stored:
        return StoredRunner(store, name=name, run=run, on_progress=on_progress)
    if (ray := request.ray) is not None:
        return _on_ray(design, store, run, ray, on_progress)
    if request.gpu and trainer is None:
        # A process that judges cannot hang in a training.
        options.pop("on_hang", None)
        return DeviceRunner(
            store,
            _spec(request),
            Device.here("cuda"),
            name=name,
            run=run,
            on_progress=on_progress,
            **options,
        )
    # Only here: to collect takes no trainer.
    from bnclaims.training.trainer import trainer_of

    return LocalRunner(
        store,
        trainer or trainer_of(request.executor, request.world, request.sources),
        name=name,
        run=run,
        limit=request.trial_timeout,
        on_progress=on_progress,
        **options,
    )


def _spec(request: Request) -> TrainerSpec:
    return TrainerSpec.of(
        request.executor, request.world, request.sources, trial_timeout=request.trial_timeout
    )


def _on_ray(
    design: Design, store: Store, run: RunFolder, ray: RayOptions, on_progress: Callable[[], None]
) -> Runner:
    # Only here: the runners of most runs need no Ray.
    from bnclaims.training.runners.ray.runner import RayRunner

    collected = run.cells()
    cells = [
        (claim, cell, design.in_its_list(claim, cell))
        for claim, cell in design.plan.cells
        if (claim.id, cell.name) in collected
    ]
    ahead = Ahead(cells, design.protocol.rules, store)
    spec = _spec(design.request)
    return RayRunner(store, ray, spec, run=run, on_progress=on_progress, coming=ahead)
