"""What every executor does before and after training: a network and its images, then a record."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import time
from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from bnclaims.errors import BnclaimsError
from bnclaims.models import weights
from bnclaims.models.network import Network
from bnclaims.protocol.names import (
    ADAM,
    FINE_TUNED,
    FROZEN,
    ON_MAPS,
    OPTIMISERS,
    SCRATCH,
)
from bnclaims.protocol.trial import Setting, Trial
from bnclaims.store.record import Record
from bnclaims.training import PRECISIONS
from bnclaims.training.executors import readout_scores
from bnclaims.training.executors.device import device, environment_fingerprint, prepare_process
from bnclaims.training.executors.frozen_features import Inputs, on_features
from bnclaims.training.executors.losses import Objective, objective
from bnclaims.training.executors.networks import initial_network

if TYPE_CHECKING:
    from bnclaims.datasets import Draw


@dataclasses.dataclass(frozen=True)
class Spent:
    """Seconds by the clock and of the processor."""

    wall: float
    processor: float

    def plus(self, other: Spent) -> Spent:
        """This and the other together."""
        return Spent(self.wall + other.wall, self.processor + other.processor)

    def shared(self, among: int) -> Spent:
        """The share of each of ``among`` trials that were trained together."""
        return Spent(self.wall / among, self.processor / among)


class Stopwatch:
    """Measures what is spent from now on."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def spent(self) -> Spent:
        """What was spent since the watch was made."""
        return Spent(time.perf_counter() - self._wall, time.process_time() - self._processor)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """A trial that is ready to be trained: ``network`` on ``images`` and ``labels`` by ``objective``.

    ``inputs`` makes what the network is given of pixels. All tensors are on the device ``on``.
    """

    trial: Trial
    draw: Draw
    on: torch.device
    network: Network
    inputs: Inputs
    labels: torch.Tensor
    objective: Objective
    train_images: tuple[int, ...]

    @cached_property
    def images(self) -> torch.Tensor:
        """The training images (n, channels, side, side), or (n, features) on a frozen body."""
        with self.autocast():
            return self.inputs(self.draw.train_pixels)

    def autocast(self) -> torch.autocast:
        """The context of a forward pass in the precision of the setting."""
        return _autocast(self.trial.setting, self.on)


def prepared(trial: Trial, draw: Draw) -> Job:
    """The job of one trial on the images drawn for it, in a process made ready for training.

    Raises `BnclaimsError` for a setting that cannot be trained.
    """
    setting = trial.setting
    _check(setting)
    prepare_process(tf32=setting.precision == "tf32")
    on = device(setting.device)
    classes = len(setting.task.classes)
    counts = tuple(np.bincount(draw.train_labels, minlength=classes).tolist())
    inputs: Inputs = partial(standardised, on=on)
    network = initial_network(
        trial, channels=draw.train_pixels.shape[3], image_size=draw.train_pixels.shape[1]
    ).to(on)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if setting.regime == FROZEN:
        body = _body(setting, on)
        network, inputs = on_features(network, inputs, body)
    return Job(
        trial=trial,
        draw=draw,
        on=on,
        network=network,
        inputs=inputs,
        labels=torch.from_numpy(draw.train_labels).to(on),
        objective=objective(setting.head, trial.arm, counts).to(on),
        train_images=counts,
    )


def finished(job: Job, losses: Sequence[float], *, executor: str, spent: Spent) -> Record:
    """The record of a job whose network was trained, with the mean training loss of each epoch.

    A loss or logit that is not finite makes the trial diverged; its losses are then those of the
    epochs before. ``spent`` is what the training took.
    """
    reading = Stopwatch()
    setting = job.trial.setting
    logits: readout_scores.Logits = {}
    if math.isfinite(losses[-1]):
        splits = {"validation": job.draw.validation_pixels, "test": job.draw.test_pixels}
        with job.autocast():
            logits = readout_scores.read(
                job.network,
                training=job.images,
                splits={name: job.inputs(pixels) for name, pixels in splits.items()},
            )
    diverged = not (logits and all(np.isfinite(values).all() for values in logits.values()))
    environment = {
        **environment_fingerprint(job.on),
        "executor": executor,
        "precision": setting.precision,
    }
    if setting.regime != SCRATCH:
        environment["weights"] = str(weights.identity(setting.architecture))
    difference = None if diverged else readout_scores.folded_difference(logits)
    if difference is not None:
        environment["folded_max_difference"] = f"{difference:.3g}"
    read = reading.spent()
    return Record(
        trial=job.trial,
        diverged=diverged,
        splits=job.draw.splits,
        scores={} if diverged else readout_scores.stored(logits),
        train_images=job.train_images,
        pool_images=job.draw.pool_images,
        losses=tuple(loss for loss in losses if math.isfinite(loss)),
        seconds={
            "train": spent.wall,
            "read": read.wall,
            "processor": spent.processor + read.processor,
        },
        environment=environment,
    )


def standardised(pixels: NDArray[np.uint8], on: torch.device) -> torch.Tensor:
    """Pixels (n, H, W, C) as float32 images (n, C, H, W) from -1 to 1, channels last in memory.

    The constants are fixed: those of the training images would depend on how many there are.
    """
    return scaled(torch.from_numpy(pixels).to(on))


def scaled(pixels: torch.Tensor) -> torch.Tensor:
    """`standardised` for pixels that are on the device already."""
    return pixels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def _body(setting: Setting, on: torch.device) -> tuple[str, ...]:
    """All that decides the features of an image under a frozen body, but for the image."""
    processor = environment_fingerprint(on)
    return (
        setting.architecture,
        str(weights.identity(setting.architecture)),
        "pooled" if setting.classifier in ON_MAPS else "own",
        setting.precision,
        hashlib.sha256(repr(sorted(processor.items())).encode()).hexdigest()[:16],
    )


def _autocast(setting: Setting, on: torch.device) -> torch.autocast:
    return torch.autocast(on.type, dtype=torch.bfloat16, enabled=setting.precision == "bf16")


def _check(setting: Setting) -> None:
    for word, value, known in (
        ("optimiser", setting.optimiser, OPTIMISERS),
        ("precision", setting.precision, PRECISIONS),
    ):
        if value not in known:
            raise BnclaimsError(f"{word} {value!r} is unknown: choose one of {', '.join(known)}")
    if setting.precision == "tf32" and setting.device != "cuda":
        raise BnclaimsError("precision 'tf32' is a GPU's: choose fp32 or bf16, or train with --gpu")
    if (
        setting.optimiser != ADAM
        and setting.regime == FINE_TUNED
        and setting.classifier not in ON_MAPS
    ):
        raise BnclaimsError(
            f"optimiser {setting.optimiser!r} fine-tunes by layer groups, which classifier "
            f"{setting.classifier!r} does not have: choose one of {', '.join(ON_MAPS)}, or optimiser "
            f"{ADAM!r}"
        )
    length = setting.steps if setting.epochs is None else setting.epochs
    if length is None or length < 1:
        raise BnclaimsError(f"a training of {length} epochs or steps is none: use at least 1")
