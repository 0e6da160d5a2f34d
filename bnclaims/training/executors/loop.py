"""The reference trainer: one network at a time, to be read from top to bottom.

Even where everything is smallest (simple_cnn on 8 x 8 pixels, one AVX-512 core) about two thirds of
a step are spent inside the kernels of convolution and pooling and a twentieth in the optimiser.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record
from bnclaims.training import progress
from bnclaims.training.executors.batches import epochs
from bnclaims.training.executors.job import Job, Stopwatch, finished, prepared
from bnclaims.training.executors.optimisers import Optimiser

if TYPE_CHECKING:
    from bnclaims.datasets import Draw


def train(trial: Trial, draw: Draw) -> Record:
    """Train one trial on the images drawn for it and read the network out.

    On one machine and one set of versions, the same trial and draw give the same record, times
    apart. Raises `BnclaimsError` for a setting that cannot be trained.
    """
    watch = Stopwatch()
    job = prepared(trial, draw)
    losses = []
    for loss in fitted(job):
        losses.append(loss)
        if not math.isfinite(loss):
            break
    return finished(job, losses, executor="loop", spent=watch.spent())


def fitted(job: Job) -> Iterator[float]:
    """The mean loss of each epoch, after which the network of the job is trained that far."""
    network, on = job.network, job.on
    planned = list(epochs(job.trial, job.draw.train_labels))
    optimiser = Optimiser(job.trial.setting, network, [len(sizes) for _, sizes in planned])
    steps, taken = sum(len(sizes) for _, sizes in planned), 0
    for number, (order, sizes) in enumerate(planned):
        optimiser.begin_epoch(number)
        # One gather an epoch; its batches are views.
        index = torch.from_numpy(order).to(on)
        batches = zip(
            torch.split(job.images[index], sizes),
            torch.split(job.labels[index], sizes),
            strict=True,
        )
        total = torch.zeros((), device=on)
        for batch, targets in batches:
            with job.autocast():
                loss = job.objective(network(batch), targets)
            optimiser.step(loss)
            total += loss.detach() * len(targets)
            taken += 1
            progress.tell(taken / steps)
        # Read once an epoch, as a GPU has to stop for every read.
        yield total.item() / len(order)


def first_step(trial: Trial, draw: Draw) -> tuple[float, dict[str, torch.Tensor]]:
    """The loss of a trial's first step, and the gradient of each parameter by name, on the CPU.

    Errors as `train`.
    """
    job = prepared(trial, draw)
    order, sizes = next(epochs(trial, draw.train_labels))
    index = torch.from_numpy(order[: sizes[0]]).to(job.on)
    with job.autocast():
        loss = job.objective(job.network(job.images[index]), job.labels[index])
    torch.autograd.backward(loss)
    gradients = {
        name: parameter.grad.cpu()
        for name, parameter in job.network.named_parameters()
        if parameter.grad is not None
    }
    return loss.item(), gradients
