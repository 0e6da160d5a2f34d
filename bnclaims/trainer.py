"""The trainer of real networks: draws the images of a trial and hands them to an executor."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from bnclaims import datasets
from bnclaims.datasets import Draw, Sources
from bnclaims.record import Record
from bnclaims.trial import Task, Trial

if TYPE_CHECKING:
    from bnclaims.training import Executor

# Arms and settings of one seed share its images, and claims visit the seeds in order.
DRAWS_KEPT = 64


class NetworkTrainer:
    """Trains a trial with the executor of the given name; torch is imported at the first trial."""

    def __init__(self, executor: str, sources: Sources) -> None:
        self._executor = executor
        self._run: Executor | None = None

        @lru_cache(maxsize=DRAWS_KEPT)
        def draw(task: Task, seed: int) -> Draw:
            return datasets.draw(task, seed, sources=sources)

        self._draw: Callable[[Task, int], Draw] = draw

    def __call__(self, trial: Trial) -> Record:
        if self._run is None:
            from bnclaims import training

            self._run = training.executor(self._executor)
        return self._run(trial, self._draw(trial.setting.task, trial.seed))
