"""The runner of a process: who trains the trials of a run, as its request has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bnclaims.audit.lookahead import Ahead
from bnclaims.protocol.trial import Trial
from bnclaims.run.scope import Scope
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training.runners import LocalRunner, RayOptions, RunFolder, Runner

Trainer = Callable[[Trial], Record]


def runner_of(
    scope: Scope,
    store: Store,
    run: RunFolder,
    *,
    name: str,
    on_progress: Callable[[], None],
    trainer: Trainer | None = None,
    **options: Any,
) -> Runner:
    """The runner of this process; ``trainer`` instead of the one that the request names.

    ``options`` are those of `LocalRunner`.
    """
    request = scope.request
    if (ray := request.ray) is not None:
        return _on_ray(scope, store, run, ray, on_progress)
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


def _on_ray(
    scope: Scope, store: Store, run: RunFolder, ray: RayOptions, on_progress: Callable[[], None]
) -> Runner:
    # Only here: the runners of most runs need no Ray.
    from bnclaims.training.runners.ray.actor import Crew
    from bnclaims.training.runners.ray.runner import RayRunner

    request = scope.request
    # An actor has a working folder of its own.
    paths = (request.sources.data_root, request.sources.folder)
    data_root, folder = (str(path.resolve()) if path else None for path in paths)
    crew = Crew(
        executor=request.executor,
        world=request.world,
        data_root=data_root,
        folder=folder,
        classes=request.sources.classes,
        offline=request.offline,
        trial_timeout=request.trial_timeout,
    )
    collected = run.cells()
    cells = [
        (claim, cell, scope.in_its_list(claim, cell))
        for claim, cell in scope.plan.cells
        if (claim.id, cell.name) in collected
    ]
    ahead = Ahead(cells, scope.protocol.rules, store)
    return RayRunner(store, ray, crew, run=run, on_progress=on_progress, coming=ahead)
