"""The executor of captured steps: the loop's arithmetic, without what Python does around it.

Each step is captured once, see `bnclaims.training.executors.capture`, and replayed for every batch of its size,
in this trial and in later ones of the same shape. On a GPU several trials of a setting are trained
by one step. What cannot be captured is trained by the loop, which gives the same bits.
"""

from __future__ import annotations

import logging
import math
from collections import Counter, OrderedDict
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Final

import torch

from bnclaims.protocol.names import LINEAR
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record
from bnclaims.training.executors import loop
from bnclaims.training.executors.batches import epochs
from bnclaims.training.executors.capture import Capture, Replay, capture_on
from bnclaims.training.executors.gpu_lock import turn
from bnclaims.training.executors.job import Job, Stopwatch, finished, prepared
from bnclaims.training.executors.replicas import Replica, step_of

if TYPE_CHECKING:
    from bnclaims.datasets import Draw

log = logging.getLogger(__name__)

# Captures of as many shapes are kept; the claims come back to the same settings again and again.
SHAPES_KEPT: Final = 24


class GraphExecutor:
    """Trains trials by captured steps; keeps the captures for later trials of the same shape."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._crews: OrderedDict[Hashable, Crew] = OrderedDict()
        self._most = capture.side_by_side

    def together(self, trials: Sequence[Trial]) -> int:
        """How many of these trials, from the first on, are best trained by one call."""
        alike = 0
        for trial in trials[: self._most]:
            if trial.setting != trials[0].setting or not _capturable(trial):
                break
            alike += 1
        return max(alike, 1)

    def train_all(self, trials: Sequence[Trial], draws: Sequence[Draw]) -> list[Record]:
        """Train trials of one setting by common steps; their records in order.

        Where the memory does not hold all their networks, half of them are trained at once.
        """
        if not all(map(_capturable, trials)):
            return [loop.train(trial, draw) for trial, draw in zip(trials, draws, strict=True)]
        records: list[Record] = []
        while len(records) < len(trials):
            part = slice(len(records), len(records) + self._most)
            try:
                records += self._train(trials[part], draws[part])
            except torch.OutOfMemoryError:
                self._crews.clear()
                size = len(trials[part])
                if size == 1:
                    raise
                # For the trials to come too.
                self._most = size // 2
                log.warning("the memory does not hold %d networks: trying %d", size, self._most)
                torch.cuda.empty_cache()
        return records

    def _train(self, trials: Sequence[Trial], draws: Sequence[Draw]) -> list[Record]:
        watch = Stopwatch()
        jobs = [prepared(trial, draw) for trial, draw in zip(trials, draws, strict=True)]
        preparing = watch.spent()
        try:
            with turn(jobs[0].on):
                watch = Stopwatch()
                crew = self._crew(jobs)
                losses = crew.train()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            log.warning("this step cannot be captured, so the loop trains it: %s", error)
            self._crews.clear()
            return [loop.train(trial, draw) for trial, draw in zip(trials, draws, strict=True)]
        spent = preparing.plus(watch.spent()).shared(len(trials))
        return [
            finished(replica.trained(), mine, executor="graph", spent=spent)
            for replica, mine in zip(crew.replicas, losses, strict=True)
        ]

    def _crew(self, jobs: Sequence[Job]) -> Crew:
        """A crew at the start of these jobs: one that was used before, where the shapes agree."""
        shape = tuple(map(_shape, jobs))
        crew = self._crews.pop(shape, None)
        if crew is None:
            crew = Crew(jobs, self._capture)
        else:
            crew.load(jobs)
        self._crews[shape] = crew
        while len(self._crews) > SHAPES_KEPT:
            self._crews.popitem(last=False)
        return crew


class Crew:
    """Replicas that take their steps together, and the captured steps by batch size."""

    def __init__(self, jobs: Sequence[Job], capture: Capture) -> None:
        self._capture = capture
        self._replays: dict[int, Replay] = {}
        self._plan(jobs)
        self.replicas = [
            Replica(job, order, capture.placed)
            for job, order in zip(jobs, self._orders, strict=True)
        ]

    def load(self, jobs: Sequence[Job]) -> None:
        """Begin the training of other jobs of the same shapes."""
        self._plan(jobs)
        before = [tensor.data_ptr() for tensor in self._tensors()]
        for replica, job, order in zip(self.replicas, jobs, self._orders, strict=True):
            replica.load(job, order)
        if self._capture.fixed and before != [tensor.data_ptr() for tensor in self._tensors()]:
            self._replays.clear()

    def train(self) -> list[list[float]]:
        """Train every replica to the end; the mean loss of each epoch, replica by replica.

        Ends after an epoch in which no replica has a finite loss.
        """
        tensors = self._tensors()
        losses: list[list[float]] = [[] for _ in self.replicas]
        calls = Counter(size for sizes in self._epochs for size in sizes)
        for sizes in self._epochs:
            for replica in self.replicas:
                replica.total.zero_()
            for size in sizes:
                self._step(size, calls[size])(tensors)
            for replica, mine in zip(self.replicas, losses, strict=True):
                if not mine or math.isfinite(mine[-1]):
                    mine.append(replica.total.item() / sum(sizes))
            if not any(math.isfinite(mine[-1]) for mine in losses):
                break
        return losses

    def first_step(self) -> None:
        """Take the first step of every replica, captured however few of its size there are."""
        size = self._epochs[0][0]
        self._step(size, self._capture.worth)(self._tensors())

    def _step(self, size: int, calls: int) -> Replay:
        if size not in self._replays:
            step = step_of(self.replicas, size, self._capture)
            if calls < self._capture.worth:
                return lambda tensors: step(*tensors)
            self._replays[size] = self._capture.capture(step, self._tensors())
        return self._replays[size]

    def _tensors(self) -> list[torch.Tensor]:
        return [tensor for replica in self.replicas for tensor in replica.tensors()]

    def _plan(self, jobs: Sequence[Job]) -> None:
        self._orders = []
        for job in jobs:
            planned = list(epochs(job.trial, job.draw.train_labels))
            # The sizes are those of the setting, so the same for all.
            self._epochs = [sizes for _, sizes in planned]
            order = torch.cat([torch.from_numpy(order) for order, _ in planned])
            self._orders.append(order.to(job.on))


def _capturable(trial: Trial) -> bool:
    """Whether a step draws no random numbers and its tensors have the shapes of images."""
    return trial.setting.classifier == LINEAR


def _shape(job: Job) -> Hashable:
    """All that decides the shapes of a replica's tensors and the operators of its step."""
    setting = job.trial.setting
    return (
        job.trial.arm,
        setting.architecture,
        setting.head,
        setting.precision,
        setting.learning_rate,
        setting.regime,
        setting.device,
        job.images.shape[1:],
        len(setting.task.classes),
    )


_executors: dict[str, GraphExecutor] = {}


def executor_on(device: str) -> GraphExecutor:
    """The process's executor of captured steps on the device called ``cpu`` or ``cuda``."""
    if device not in _executors:
        _executors[device] = GraphExecutor(capture_on(torch.device(device)))
    return _executors[device]


def train(trial: Trial, draw: Draw) -> Record:
    """Train one trial, as the loop does, by captured steps."""
    return executor_on(trial.setting.device).train_all([trial], [draw])[0]


def first_step(trial: Trial, draw: Draw) -> tuple[float, dict[str, torch.Tensor]]:
    """The loss of a trial's first captured step, and the gradient of each parameter by name.

    The gradients, on the CPU, are read from what Adam made of them. Where steps cannot be captured
    they are the loop's, as `train` leaves such trials to the loop.
    """
    if not _capturable(trial):
        return loop.first_step(trial, draw)
    crew = Crew([prepared(trial, draw)], capture_on(torch.device(trial.setting.device)))
    crew.first_step()
    return crew.replicas[0].first_step()


def together(trials: Sequence[Trial]) -> int:
    """How many of these trials, from the first on, `train_all` had better be given at once."""
    return executor_on(trials[0].setting.device).together(trials)


def train_all(trials: Sequence[Trial], draws: Sequence[Draw]) -> list[Record]:
    """Train trials of one setting by common steps; their records in order."""
    return executor_on(trials[0].setting.device).train_all(trials, draws)
