"""The first step of a training in float64, against which rounding is told from difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from bnclaims.protocol.trial import Trial
from bnclaims.training.executors.batches import epochs
from bnclaims.training.executors.job import prepared

if TYPE_CHECKING:
    from bnclaims.datasets import Draw
    from bnclaims.training import FirstStep


def exact_first_step(trial: Trial, draw: Draw) -> FirstStep:
    """What `bnclaims.training.executors.loop.first_step` would give without rounding to float32.

    Shows the gradients that are 0 but for rounding, and how much of the others is. Errors as there.
    """
    job = prepared(trial, draw)
    network = job.network.double()
    order, sizes = next(epochs(trial, draw.train_labels))
    index = torch.from_numpy(order[: sizes[0]]).to(job.on)
    # In parts: the network as a whole goes by float32.
    features = network.feature_layer(network.body(job.images[index].double()))
    logits = network.final(network.last(network.classifier(features)))
    loss = job.objective(logits, job.labels[index])
    torch.autograd.backward(loss)
    return loss.item(), {
        name: parameter.grad.cpu()
        for name, parameter in network.named_parameters()
        if parameter.grad is not None
    }
