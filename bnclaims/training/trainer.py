"""The trainer of real networks: draws the images of a trial and hands them to an executor."""

from __future__ import annotations

import contextlib
import gc
import sys
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from bnclaims import datasets
from bnclaims.datasets import Draw, Sources
from bnclaims.protocol.trial import Task, Trial
from bnclaims.store.record import Record
from bnclaims.training import synthetic
from bnclaims.training.kept import Kept

if TYPE_CHECKING:
    from bnclaims.training import Executor

# Arms and settings of one seed share its images, and claims visit the seeds in order: of digits
# thousands of draws, at 128 pixels seven.
DRAWN_BYTES: Final = 512 * 2**20
# Seconds before another attempt at a trial for which the memory did not suffice: the processes that
# share a device need it at different moments.
PAUSES = (1.0, 5.0)


class NetworkTrainer:
    """Trains a trial with the executor of the given name; torch is imported at the first trial.

    A trial that runs out of memory is tried again after a while; the last time the error stands.
    """

    def __init__(self, executor: str, sources: Sources) -> None:
        self._name = executor
        self._sources = sources
        self._draws: Kept[Draw] = Kept(DRAWN_BYTES, _size)

    @cached_property
    def _executor(self) -> Executor:
        from bnclaims import training

        return training.executor(self._name)

    def _draw(self, task: Task, seed: int) -> Draw:
        return self._draws.get(
            (task, seed), lambda: datasets.draw(task, seed, sources=self._sources)
        )

    def __call__(self, trial: Trial) -> Record:
        draw = self._draw(trial.setting.task, trial.seed)
        for pause in PAUSES:
            with contextlib.suppress(MemoryError, *_memory_errors()):
                return self._executor.train(trial, draw)
            # The failed attempt is forgotten by now, with the arrays that its traceback held.
            _free_memory()
            time.sleep(pause)
        return self._executor.train(trial, draw)

    def together(self, trials: Sequence[Trial]) -> int:
        """How many of these trials, all of one setting, are best trained by one call."""
        many = self._executor.many
        return 1 if many is None else many.together(trials)

    def train_all(self, trials: Sequence[Trial]) -> Sequence[Record]:
        """The records of trials of one setting, in order, trained at once where that pays."""
        many = self._executor.many
        if many is None:
            return [self(trial) for trial in trials]
        draws = [self._draw(trial.setting.task, trial.seed) for trial in trials]
        return many.train_all(trials, draws)


def _size(draw: Draw) -> int:
    pixels = (draw.train_pixels, draw.validation_pixels, draw.test_pixels)
    return sum(array.nbytes for array in pixels)


def _memory_errors() -> tuple[type[Exception], ...]:
    torch = sys.modules.get("torch")
    return () if torch is None else (torch.OutOfMemoryError,)


def _free_memory() -> None:
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def trainer_of(executor: str, world: str | None, sources: Sources) -> Callable[[Trial], Record]:
    """The trainer of a run: that of a synthetic world where one is named, else of real networks."""
    return NetworkTrainer(executor, sources) if world is None else synthetic.trainer(world)
