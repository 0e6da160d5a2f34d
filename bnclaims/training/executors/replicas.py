"""A network in training whose step works in place, so that a captured step serves one trial after another."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence

import torch

from bnclaims.training.executors.capture import Lane
from bnclaims.training.executors.job import Job, scaled

BETAS = (0.9, 0.999)


@dataclasses.dataclass(frozen=True, eq=False)
class Plan:
    """What a training sees, step by step: rows of ``images`` and class indices, int64 (seen,).

    ``epochs`` has the batch sizes of each epoch.
    """

    images: torch.Tensor
    rows: torch.Tensor
    labels: torch.Tensor
    epochs: Sequence[Sequence[int]]


class Replica:
    """One network with its optimiser and all that its step reads or changes, on a lane of the device.

    ``total`` sums the losses of the images seen since it was last set to zero; ``cursor`` is how many
    images the training has seen.
    """

    def __init__(self, job: Job, lane: Lane) -> None:
        self.lane = lane
        # With the network as it is now, trained once its steps are taken.
        self.job = job
        self.network, self.objective = job.network.train(), job.objective
        rate = job.trial.setting.learning_rate
        # Capturable: the count of steps is a tensor on the device, so that a replay counts on.
        self.optimiser = torch.optim.Adam(
            self.network.parameters(), lr=rate, betas=BETAS, fused=True, capturable=True
        )
        self.total = torch.zeros((), device=job.on)
        self.cursor = torch.zeros((), dtype=torch.int64, device=job.on)
        self._images: torch.Tensor | None = None
        self._rows: torch.Tensor | None = None
        self._labels: torch.Tensor | None = None
        self._steps: dict[int, Callable[[], None]] = {}

    def load(self, job: Job, plan: Plan) -> None:
        """Begins the training of a job, in place; its network has the shapes of the one before.

        Steps of the sizes that come often enough are captured now, before anything is trained.
        """
        with torch.no_grad():
            for mine, new in zip(self._weights(), _weights_of(job), strict=True):
                mine.copy_(new)
        # Without the network that was just copied, whose memory others need.
        self.job = dataclasses.replace(job, network=self.network)
        self._begin()
        self.network.train()
        before = self._addresses()
        # The pixels of a dataset are there for all; features of a frozen body are a trial's own.
        shared = plan.images.dtype == torch.uint8
        self._images = plan.images if shared else _placed(self._images, plan.images)
        self._rows = _placed(self._rows, plan.rows)
        self._labels = _placed(self._labels, plan.labels)
        if before != self._addresses():
            # A graph reads the very memory that it was captured on.
            self.drop()
        counts = Counter(size for sizes in plan.epochs for size in sizes)
        for size, calls in counts.items():
            if size not in self._steps and calls >= self.lane.worth:
                self._steps[size] = self._captured(size)

    def drop(self) -> None:
        """Forgets the captured steps, and with them the memory of their pool."""
        self._steps.clear()
        self.lane.clear()

    def step(self, size: int) -> None:
        """Takes the next step, on ``size`` images."""
        step = self._steps.get(size)
        if step is not None:
            step()
        else:
            self._step(size)

    def first_step(self) -> tuple[float, dict[str, torch.Tensor]]:
        """Loss and gradients of the first step, once it was taken.

        Adam's first moments start at zero, so after one step they are its share of the gradients.
        """
        gradients = {
            name: self.optimiser.state[parameter]["exp_avg"].cpu() / (1 - BETAS[0])
            for name, parameter in self.network.named_parameters()
            if parameter in self.optimiser.state
        }
        return (self.total / self.cursor).item(), gradients

    def _captured(self, size: int) -> Callable[[], None]:
        # The steps before a capture really move weights, running statistics and moments.
        before = [tensor.detach().clone() for tensor in self._weights()]

        def restore() -> None:
            with torch.no_grad():
                for tensor, value in zip(self._weights(), before, strict=True):
                    tensor.copy_(value)
            self._begin()

        step = self.lane.capture(lambda: self._step(size), restore)
        # They lie in the pool of the graph, which other graphs of the lane are to use as well.
        self.optimiser.zero_grad(set_to_none=True)
        return step

    def _step(self, size: int) -> None:
        """What is captured: the loop's arithmetic, on memory that stays in its place."""
        assert self._images is not None and self._rows is not None and self._labels is not None
        places = self.cursor + torch.arange(size, device=self.cursor.device)
        images = torch.index_select(self._images, 0, torch.index_select(self._rows, 0, places))
        labels = torch.index_select(self._labels, 0, places)
        with self.job.autocast():
            inputs = scaled(images) if images.dtype == torch.uint8 else images
            loss = self.objective(self.network(inputs), labels)
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self.optimiser.step()
        self.total.add_(loss.detach() * size)
        self.cursor.add_(size)

    def _begin(self) -> None:
        """Sets everything but the weights to the beginning of a training."""
        with torch.no_grad():
            for state in self.optimiser.state.values():
                for tensor in state.values():
                    tensor.zero_()
            self.total.zero_()
            self.cursor.zero_()

    def _weights(self) -> list[torch.Tensor]:
        return [
            *self.network.parameters(),
            *self.network.buffers(),
            *self.objective.buffers(),
        ]

    def _addresses(self) -> list[int]:
        mine = (self._images, self._rows, self._labels)
        return [tensor.data_ptr() for tensor in mine if tensor is not None]


def _weights_of(job: Job) -> list[torch.Tensor]:
    return [*job.network.parameters(), *job.network.buffers(), *job.objective.buffers()]


def _placed(there: torch.Tensor | None, new: torch.Tensor) -> torch.Tensor:
    """A tensor that begins with ``new``: the one that is there, where it has room."""
    if there is None or len(there) < len(new):
        # A power of two, so that slightly more images need no other capture.
        there = new.new_zeros((1 << max(len(new) - 1, 1).bit_length(), *new.shape[1:]))
    there[: len(new)].copy_(new)
    return there
