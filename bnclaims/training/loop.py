"""The reference trainer: one network at a time, to be read from top to bottom.

Even where everything is smallest (simple_cnn on 8 x 8 pixels, one AVX-512 core) about two thirds of
a step are spent inside the kernels of convolution and pooling and a twentieth in the optimiser.
"""

from __future__ import annotations

import math
import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from bnclaims.errors import BnclaimsError
from bnclaims.models import build, weights
from bnclaims.record import Record
from bnclaims.training import OPTIMISERS, PRECISIONS, scoring
from bnclaims.training.batches import epochs
from bnclaims.training.device import device, environment_fingerprint, prepare_process
from bnclaims.training.frozen import Inputs, on_features
from bnclaims.training.losses import loss_function
from bnclaims.trial import FROZEN, SCRATCH, Setting, Trial

if TYPE_CHECKING:
    from bnclaims.datasets import Draw


def train(trial: Trial, draw: Draw) -> Record:
    """Train one trial on the images drawn for it and read the network out.

    On one machine and one set of versions, the same trial and draw give the same record, times
    apart. A loss or logit that is not finite makes the trial diverged; its losses are then those
    of the epochs before. Raises `BnclaimsError` for a setting that cannot be trained.
    """
    setting = trial.setting
    _check(setting)
    prepare_process()
    on = device(setting.device)
    started, processor_started = time.perf_counter(), time.process_time()

    classes = len(setting.task.classes)
    counts = tuple(np.bincount(draw.train_labels, minlength=classes).tolist())
    inputs: Inputs = partial(standardised, on=on)
    labels = torch.from_numpy(draw.train_labels).to(on)
    network = build(
        setting.architecture,
        arm=trial.arm,
        classes=classes,
        channels=draw.train_pixels.shape[3],
        image_size=draw.train_pixels.shape[1],
        head=setting.head,
        seed=trial.seed,
        regime=setting.regime,
        classifier=setting.classifier,
    ).to(on)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    autocast = torch.autocast(on.type, dtype=torch.bfloat16, enabled=setting.precision == "bf16")
    if setting.regime == FROZEN:
        body = (setting.architecture, on.type, setting.precision)
        network, inputs = on_features(network, inputs, body)
    with autocast:
        images = inputs(draw.train_pixels)
    loss_of = loss_function(setting.head, trial.arm, counts, on)
    optimiser = torch.optim.Adam(network.parameters(), lr=setting.learning_rate, fused=True)

    losses: list[float] = []
    for order, sizes in epochs(trial, draw.train_labels):
        # One gather an epoch; its batches are views.
        index = torch.from_numpy(order).to(on)
        batches = zip(
            torch.split(images[index], sizes), torch.split(labels[index], sizes), strict=True
        )
        total = torch.zeros((), device=on)
        for batch, targets in batches:
            with autocast:
                loss = loss_of(network(batch), targets)
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimiser.step()
            total += loss.detach() * len(targets)
        # Read once an epoch, as a GPU has to stop for every read.
        losses.append(total.item() / len(order))
        if not math.isfinite(losses[-1]):
            break
    trained = time.perf_counter()

    logits: scoring.Logits = {}
    if math.isfinite(losses[-1]):
        splits = {"validation": draw.validation_pixels, "test": draw.test_pixels}
        with autocast:
            logits = scoring.read(
                network,
                training=images,
                splits={name: inputs(pixels) for name, pixels in splits.items()},
            )
    diverged = not (logits and all(np.isfinite(values).all() for values in logits.values()))
    environment = {
        **environment_fingerprint(on),
        "executor": "loop",
        "precision": setting.precision,
    }
    if setting.regime != SCRATCH:
        environment["weights"] = str(weights.identity(setting.architecture))
    difference = None if diverged else scoring.folded_difference(logits)
    if difference is not None:
        environment["folded_max_difference"] = f"{difference:.3g}"
    return Record(
        trial=trial,
        diverged=diverged,
        splits=draw.splits,
        scores={} if diverged else scoring.stored(logits),
        train_images=counts,
        pool_images=draw.pool_images,
        losses=tuple(loss for loss in losses if math.isfinite(loss)),
        seconds={
            "train": trained - started,
            "read": time.perf_counter() - trained,
            "processor": time.process_time() - processor_started,
        },
        environment=environment,
    )


def standardised(pixels: NDArray[np.uint8], on: torch.device) -> torch.Tensor:
    """Pixels (n, H, W, C) as float32 images (n, C, H, W) from -1 to 1, channels last in memory.

    The constants are fixed: those of the training images would depend on how many there are.
    """
    images = torch.from_numpy(pixels).to(on).permute(0, 3, 1, 2)
    return images.float().div_(127.5).sub_(1.0)


def _check(setting: Setting) -> None:
    for word, value, known in (
        ("optimiser", setting.optimiser, OPTIMISERS),
        ("precision", setting.precision, PRECISIONS),
    ):
        if value not in known:
            raise BnclaimsError(f"{word} {value!r} is unknown: choose one of {', '.join(known)}")
    length = setting.steps if setting.epochs is None else setting.epochs
    if length is None or length < 1:
        raise BnclaimsError(f"a training of {length} epochs or steps is none: use at least 1")
