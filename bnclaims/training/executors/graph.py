"""The executor of captured steps: the loop's arithmetic, without what Python does around it.

On a GPU each step is a CUDA graph, see `bnclaims.training.executors.capture`, and several trials of a
setting are trained side by side. On a CPU the same code takes its steps eagerly, for tests; it gains
nothing there. Memory is held for one kind of network at a time: what belongs to another is given
back when the kind changes.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from bnclaims.protocol.names import ADAM, FROZEN, LINEAR
from bnclaims.protocol.trial import Setting, Trial
from bnclaims.store.record import Record
from bnclaims.training import DeviceLost
from bnclaims.training.executors import loop
from bnclaims.training.executors.batches import epochs
from bnclaims.training.executors.capture import StepDevice, step_device
from bnclaims.training.executors.job import Job, Stopwatch, finished, prepared
from bnclaims.training.executors.replicas import Plan, Replica
from bnclaims.training.executors.resident import ResidentPixels

if TYPE_CHECKING:
    from bnclaims.datasets import Draw

log = logging.getLogger(__name__)


class GraphExecutor:
    """Trains trials by captured steps, side by side on the lanes of a device.

    A lane holds one replica, which trials of its setting and arm use one after the other.
    """

    def __init__(self, device: StepDevice) -> None:
        self._device = device
        self._lanes = [device.lane() for _ in range(device.most)]
        self._replicas: dict[int, tuple[str, Replica]] = {}
        self._pixels = ResidentPixels()
        self._kind: Hashable = None
        # Bytes of a replica of the present kind, and how many fit, by kind.
        self._bytes = 0
        self._fit: dict[Hashable, int] = {}
        self._lost: str | None = None

    def together(self, trials: Sequence[Trial]) -> int:
        """How many of these trials, from the first on, are best trained by one call."""
        setting = trials[0].setting
        most = self._fit.get(_kind(setting), self._device.most)
        alike = 0
        for trial in trials[:most]:
            if trial.setting != setting or not capturable(trial):
                break
            alike += 1
        return max(alike, 1)

    def train_all(self, trials: Sequence[Trial], draws: Sequence[Draw]) -> list[Record]:
        """Train trials of one setting, as many at once as the memory holds; their records in order.

        The loop trains what `capturable` rules out, and its records say so. Raises what the steps
        raise; `DeviceLost` where the process cannot go on.
        """
        pairs = list(zip(trials, draws, strict=True))
        if not all(map(capturable, trials)):
            return [loop.train(trial, draw) for trial, draw in pairs]
        if self._lost is not None:
            raise DeviceLost(self._lost)
        records: list[Record] = []
        try:
            while len(records) < len(pairs):
                records += self._round(pairs[len(records) :])
        except BaseException as error:
            if isinstance(error, DeviceLost | torch.AcceleratorError):
                self._lost = str(error)
                raise DeviceLost(self._lost) from error
            if any(lane.lost for lane in self._lanes):
                self._lost = "training was interrupted in the middle of a capture"
            else:
                self._free()
                self._pixels.drop()
            raise
        return records

    def first_step(self, trial: Trial, draw: Draw) -> tuple[float, dict[str, torch.Tensor]]:
        """The loss of a trial's first step, captured however few there are, and its gradients."""
        loaded = self._loaded(trial, draw, repeat=self._lanes[0].worth)
        assert loaded is not None
        replica, plan = loaded
        self._train([replica], [plan.epochs[0][:1]])
        return replica.first_step()

    def _round(self, pairs: Sequence[tuple[Trial, Draw]]) -> list[Record]:
        """The records of the first of these trials, as many as are trained at once."""
        watch = Stopwatch()
        kind = _kind(pairs[0][0].setting)
        crew: list[Replica] = []
        for trial, draw in pairs[: self._fit.get(kind, self._device.most)]:
            loaded = self._loaded(trial, draw, beside=crew)
            if loaded is None:
                # Known now for all trials of this kind: memory is the same for each of them.
                self._fit[kind] = len(crew)
                log.info("the memory holds %d networks at once: %s", len(crew), trial.setting.label)
                break
            replica, plan = loaded
            crew.append(replica)
        losses = self._train(crew, plan.epochs)
        spent = watch.spent().shared(len(crew))
        return [
            finished(replica.job, mine, executor="graph", spent=spent)
            for replica, mine in zip(crew, losses, strict=True)
        ]

    def _train(self, crew: Sequence[Replica], epochs: Sequence[Sequence[int]]) -> list[list[float]]:
        """Trains replicas to the end; the mean loss of each epoch, replica by replica.

        Ends after an epoch in which no replica has a finite loss.
        """
        losses: list[list[float]] = [[] for _ in crew]
        for sizes in epochs:
            for replica in crew:
                replica.total.zero_()
            self._device.fork()
            for size in sizes:
                for replica in crew:
                    with replica.lane.running():
                        replica.step(size)
            self._device.join()
            # One stop of the GPU for all of them.
            totals = torch.stack([replica.total for replica in crew]).tolist()
            for mine, total in zip(losses, totals, strict=True):
                if not mine or math.isfinite(mine[-1]):
                    mine.append(total / sum(sizes))
            if not any(math.isfinite(mine[-1]) for mine in losses):
                break
        return losses

    def _loaded(
        self, trial: Trial, draw: Draw, *, beside: Sequence[Replica] = (), repeat: int = 1
    ) -> tuple[Replica, Plan] | None:
        """A replica at the beginning of a training, None where the memory holds no more.

        ``beside`` are those that it is to be trained with; without any, running out of memory is an
        error. A network that finds too little is tried once more after all that is not needed now
        was given back.
        """
        kind = _kind(trial.setting)
        if kind != self._kind:
            self._free()
            self._kind, self._bytes = kind, 0
        taken = {replica.lane for replica in beside}
        free = [number for number, lane in enumerate(self._lanes) if lane not in taken]
        number = self._choose(trial.arm, free)
        if number is None and beside:
            return None
        for attempt in range(2):
            try:
                return self._load(free[0] if number is None else number, trial, draw, repeat)
            except torch.OutOfMemoryError:
                for idle in free:
                    self._drop(idle)
                self._device.release()
                if attempt and not beside:
                    raise
        return None

    def _choose(self, arm: str, free: Sequence[int]) -> int | None:
        """A lane for one more network of this arm: one that has it, an empty one, any other one.

        None where there is no room for another, and none to be had instead.
        """
        held = {number: self._replicas[number][0] for number in free if number in self._replicas}
        same = [number for number in held if held[number] == arm]
        if same:
            return same[0]
        empty = [number for number in free if number not in held]
        if empty and self._device.room() >= self._bytes:
            return empty[0]
        for number in held:
            self._drop(number)
            return number
        return None

    def _load(self, number: int, trial: Trial, draw: Draw, repeat: int) -> tuple[Replica, Plan]:
        job = prepared(trial, draw)
        plan = self._plan(job, repeat)
        before = self._device.held()
        if number not in self._replicas:
            self._replicas[number] = trial.arm, Replica(job, self._lanes[number])
        replica = self._replicas[number][1]
        self._device.fork()
        try:
            replica.load(job, plan)
        finally:
            self._device.join()
        self._bytes = max(self._bytes, self._device.held() - before)
        return replica, plan

    def _plan(self, job: Job, repeat: int) -> Plan:
        planned = list(epochs(job.trial, job.draw.train_labels)) * repeat
        order = torch.from_numpy(np.concatenate([order for order, _ in planned])).to(job.on)
        if job.trial.setting.regime == FROZEN:
            images, rows = job.images, order
        else:
            images, places = self._pixels.placed(job.trial.setting.task, job.draw, job.on)
            rows = places[order]
        return Plan(images, rows, job.labels[order], [sizes for _, sizes in planned])

    def _drop(self, number: int) -> None:
        held = self._replicas.pop(number, None)
        if held is not None:
            held[1].drop()

    def _free(self) -> None:
        """Gives the memory of all replicas back."""
        for number in list(self._replicas):
            self._drop(number)
        self._device.release()


def capturable(trial: Trial) -> bool:
    """Whether all steps are alike: no dropout, whose masks are drawn on the CPU, and one rate."""
    return trial.setting.classifier == LINEAR and trial.setting.optimiser == ADAM


def _kind(setting: Setting) -> Hashable:
    """All that decides the memory of a replica and the operators of its step, but for its arm."""
    return (
        setting.architecture,
        setting.head,
        setting.precision,
        setting.learning_rate,
        setting.batch_size,
        setting.regime,
        setting.device,
        setting.task.image_size,
        len(setting.task.classes),
        # Of the images of another dataset the number of channels is not known here.
        setting.task.dataset,
    )


_executors: dict[str, GraphExecutor] = {}


def executor_on(device: str) -> GraphExecutor:
    """The process's executor of captured steps on the device called ``cpu`` or ``cuda``."""
    if device not in _executors:
        _executors[device] = GraphExecutor(step_device(torch.device(device)))
    return _executors[device]


def train(trial: Trial, draw: Draw) -> Record:
    """Train one trial, as the loop does, by captured steps."""
    return executor_on(trial.setting.device).train_all([trial], [draw])[0]


def first_step(trial: Trial, draw: Draw) -> tuple[float, dict[str, torch.Tensor]]:
    """The loss of a trial's first captured step, and the gradient of each parameter by name.

    The gradients, on the CPU, are read from what Adam made of them. Of what is not `capturable` they
    are the loop's, which trains it.
    """
    if not capturable(trial):
        return loop.first_step(trial, draw)
    return executor_on(trial.setting.device).first_step(trial, draw)


def together(trials: Sequence[Trial]) -> int:
    """How many of these trials, from the first on, `train_all` had better be given at once."""
    return executor_on(trials[0].setting.device).together(trials)


def train_all(trials: Sequence[Trial], draws: Sequence[Draw]) -> list[Record]:
    """Train trials of one setting by common steps; their records in order."""
    return executor_on(trials[0].setting.device).train_all(trials, draws)
