"""Networks that are trained side by side: their tensors, and the step that trains them all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.optim.adam import adam

from bnclaims.training.executors.capture import Capture, Tensors
from bnclaims.training.executors.job import Job

# What torch.optim.Adam does unless told otherwise.
BETAS = (0.9, 0.999)
EPS = 1e-8


class _Loss(nn.Module):
    """A network and its objective as one function of images and labels."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.network = job.network
        self.objective = job.objective

    def forward(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        loss: torch.Tensor = self.objective(self.network(images), labels)
        return loss


class Replica:
    """One network in training: every tensor that a step of it reads or changes.

    ``total`` sums the losses of the images seen since it was last set to zero. ``order`` lists the
    images of all steps to come and ``cursor`` is how many of them were used.
    """

    def __init__(self, job: Job, order: torch.Tensor, place: Callable[..., torch.Tensor]) -> None:
        self._place = place
        self.loss = _Loss(job).train()
        self._parameters = list(self.loss.parameters())
        self.images: torch.Tensor | None = None
        self.labels: torch.Tensor | None = None
        self.order: torch.Tensor | None = None
        zero = torch.zeros((), device=job.on)
        self.total = zero.clone()
        self.cursor = zero.long()
        self.moments = [torch.zeros_like(parameter) for parameter in self._parameters]
        self.squares = [torch.zeros_like(parameter) for parameter in self._parameters]
        self.steps = [zero.clone() for _ in self._parameters]
        self.load(job, order)

    def load(self, job: Job, order: torch.Tensor) -> None:
        """Begin the training of a job whose tensors have the shapes of these, in place."""
        self.job = job
        fresh = _Loss(job)
        with torch.no_grad():
            for mine, new in zip(self._module_tensors(), _tensors_of(fresh), strict=True):
                mine.copy_(new)
            for tensor in (self.total, self.cursor, *self.moments, *self.squares, *self.steps):
                tensor.zero_()
        self.loss.train()
        # Channels last whatever gathers them, as the kernels of convolution are fastest on these.
        rows = job.images.movedim(1, -1).contiguous()
        self.images = self._place(self.images, rows)
        self.labels = self._place(self.labels, job.labels)
        self.order = self._place(self.order, order)

    def trained(self) -> Job:
        """The job with the network as it is now."""
        return dataclasses.replace(self.job, network=self.loss.network)

    def first_step(self) -> tuple[float, dict[str, torch.Tensor]]:
        """Loss and gradients of the first step, once it was taken.

        Adam's first moments start at zero, so after one step they are its share of the gradients.
        """
        named = self.loss.network.named_parameters()
        gradients = {
            name: moment.cpu() / (1 - BETAS[0])
            for (name, _), moment in zip(named, self.moments, strict=True)
        }
        return (self.total / self.cursor).item(), gradients

    def tensors(self) -> list[torch.Tensor]:
        """All tensors of the replica, in a fixed order; none requires a gradient."""
        assert self.images is not None and self.labels is not None and self.order is not None
        return [
            *(tensor.detach() for tensor in self._module_tensors()),
            *(self.images, self.labels, self.order, self.total, self.cursor),
            *(*self.moments, *self.squares, *self.steps),
        ]

    def gradients(self, tensors: Tensors, size: int) -> list[tuple[torch.Tensor, ...]]:
        """What Adam needs for each parameter: itself, its gradient, its moments and its steps.

        Adds the loss of the batch to ``total`` and moves ``cursor`` on by the ``size`` of the batch.
        """
        names = [name for name, _ in self.loss.named_parameters()]
        buffers = [name for name, _ in self.loss.named_buffers()]
        given = iter(tensors)
        leaves = [next(given).detach().requires_grad_() for _ in names]
        state = dict(zip(buffers, (next(given) for _ in buffers), strict=True))
        images, labels, order, total, cursor = (next(given) for _ in range(5))
        moments, squares, steps = ([next(given) for _ in names] for _ in range(3))

        places = cursor + torch.arange(size, device=cursor.device)
        batch = torch.index_select(order, 0, places)
        with self.job.autocast():
            loss = functional_call(
                self.loss,
                {**dict(zip(names, leaves, strict=True)), **state},
                (
                    torch.index_select(images, 0, batch).movedim(-1, 1),
                    torch.index_select(labels, 0, batch),
                ),
            )
        slopes = torch.autograd.grad(loss, leaves)
        total.add_(loss.detach() * size)
        cursor.add_(size)
        weights = [leaf.detach() for leaf in leaves]
        return list(zip(weights, slopes, moments, squares, steps, strict=True))

    def _module_tensors(self) -> list[torch.Tensor]:
        return _tensors_of(self.loss)


def _tensors_of(module: nn.Module) -> list[torch.Tensor]:
    return [*module.parameters(), *module.buffers()]


def step_of(replicas: Sequence[Replica], size: int, capture: Capture) -> Callable[..., None]:
    """The step of all replicas on their next ``size`` images, as a function of all their tensors."""
    counts = [len(replica.tensors()) for replica in replicas]
    starts = np.cumsum([0, *counts]).tolist()
    rate = replicas[0].job.trial.setting.learning_rate

    def step(*tensors: torch.Tensor) -> None:
        rows: list[tuple[torch.Tensor, ...]] = []
        for number, replica in enumerate(replicas):
            with capture.branch(number):
                mine = tensors[starts[number] : starts[number + 1]]
                rows += replica.gradients(mine, size)
        capture.join()
        parameters, gradients, moments, squares, steps = (
            list(column) for column in zip(*rows, strict=True)
        )
        # Element by element, so one call for all replicas gives each the bits of its own.
        with torch.no_grad():
            adam(
                parameters,
                gradients,
                moments,
                squares,
                [],
                steps,
                fused=True,
                amsgrad=False,
                beta1=BETAS[0],
                beta2=BETAS[1],
                lr=rate,
                weight_decay=0.0,
                eps=EPS,
                maximize=False,
            )

    return step
