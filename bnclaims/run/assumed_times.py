"""Assumed time of a trial where nothing like it was timed: arithmetic at a rate, plus a toll per layer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import Final

from bnclaims.audit.forecast.trial_times import Assumed
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.architectures import ARCHITECTURES
from bnclaims.protocol.batches import batch_sizes
from bnclaims.protocol.names import FROZEN
from bnclaims.protocol.trial import Setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class Throughput:
    """What a device is assumed to do.

    ``flops`` per second; ``per_layer`` are the seconds that a layer costs in every step whatever
    its size; ``words`` says so in a report, and where the numbers are from.
    """

    flops: float
    per_layer: float
    words: str


# What a step of an end costs in the toll of a layer: fastai's, on 1024 features of 64 images, takes 4 to
# 6 ms on the core of the first row below.
END_LAYERS: Final = 20

# No device of the second kind was timed for this table.
THROUGHPUTS: Final[Mapping[str, Throughput]] = {
    "cpu": Throughput(
        flops=90e9,
        per_layer=0.25e-3,
        words="90 GFLOP/s of a core and 0.25 ms per layer and step (trials of simple_cnn, "
        "resnet34 and vgg19 at 64 pixels on one AVX-512 core took 75 to 130 GFLOP/s)",
    ),
    "cuda": Throughput(
        flops=0.4 * 67e12,
        per_layer=0.15e-3,
        words="40 % of the 67 TFLOP/s that an H100 or H200 is specified for in float32 without "
        "TF32, and 0.15 ms per layer and step for launches (assumed, not measured; other GPUs "
        "have other rates)",
    ),
}


def assumed_on(device: str) -> Assumed:
    """The assumption about a device, for forecasts."""
    throughput = THROUGHPUTS[device]
    return Assumed(seconds=partial(assumed_seconds, throughput=throughput), words=throughput.words)


def assumed_seconds(setting: Setting, *, throughput: Throughput) -> float | None:
    """Seconds of one trial at a rate; None for a network that cannot be built here.

    A step is one pass forward and one backward, which is twice as much; held-out images go forward
    once. Of a frozen body only the end is trained; its features, made once for all trials, are left
    out, and so are losses, optimiser and the reading of files.
    """
    task = setting.task
    if setting.architecture not in ARCHITECTURES:
        return None
    # Not sooner: where every trial was timed, a plan needs no torch.
    from bnclaims.models.arithmetic import forward_cost

    try:
        cost = forward_cost(setting.architecture, task.image_size)
    except BnclaimsError:
        return None
    counts = [task.images_of(index) for index in range(len(task.classes))]
    training, *held_out = map(sum, zip(*counts, strict=True))
    sizes = batch_sizes(training, setting.batch_size)
    steps = setting.steps if setting.epochs is None else setting.epochs * len(sizes)
    assert steps is not None  # a setting has one of the two
    if setting.regime == FROZEN:
        return throughput.per_layer * END_LAYERS * steps
    passes = 3 * steps * training / len(sizes) + sum(held_out)
    return cost.flops * passes / throughput.flops + throughput.per_layer * cost.layers * steps
