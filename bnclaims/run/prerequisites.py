"""What must be here before a trial trains: packages of networks, and images."""

from __future__ import annotations

from collections.abc import Mapping

from bnclaims import datasets, models
from bnclaims.protocol.trial import Trial
from bnclaims.run.design import Design
from bnclaims.store.store import Store


def check_networks(design: Design, store: Store) -> None:
    """Makes sure that the networks of what is to be trained can be built here."""
    if design.request.world is None:
        models.check_installed(trial.setting.architecture for trial in _lacking(design, store))


def check_data(design: Design, store: Store, needed: Mapping[str, Trial]) -> None:
    """Checks every dataset that may still be drawn from, before anything is trained.

    Skipped while the store has all the trials that are ``needed`` for certain: to judge takes no
    images, and to read them takes seconds. What is asked for after that is checked when drawn.
    """
    if design.request.world is not None or all(map(store.has, needed)):
        return
    for task in {trial.setting.task: None for trial in _lacking(design, store)}:
        datasets.check(task, sources=design.request.sources)


def _lacking(design: Design, store: Store) -> list[Trial]:
    return [trial for trial in design.plan.all.values() if not store.has(trial.key)]
