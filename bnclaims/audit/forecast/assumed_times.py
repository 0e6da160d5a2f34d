"""How long a trial takes where nothing was timed: arithmetic at an assumed rate, plus a toll per layer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bnclaims.audit.forecast.flops import forward
from bnclaims.protocol.batches import batch_sizes
from bnclaims.protocol.names import FROZEN
from bnclaims.protocol.trial import Setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rate:
    """What a device is assumed to do.

    ``flops`` per second; ``per_layer`` are the seconds that a layer costs in every step whatever
    its size; ``words`` says so in a report, and where the numbers are from.
    """

    flops: float
    per_layer: float
    words: str


# No device of the second kind was timed for this table.
RATES: Final[Mapping[str, Rate]] = MappingProxyType(
    {
        "cpu": Rate(
            flops=90e9,
            per_layer=0.25e-3,
            words="90 GFLOP/s of a core and 0.25 ms per layer and step (trials of simple_cnn, "
            "resnet34 and vgg19 at 64 pixels on one AVX-512 core took 75 to 130 GFLOP/s)",
        ),
        "cuda": Rate(
            flops=0.4 * 67e12,
            per_layer=0.15e-3,
            words="40 % of the 67 TFLOP/s that an H100 or H200 is specified for in float32 without "
            "TF32, and 0.15 ms per layer and step for launches (assumed, not measured; other GPUs "
            "have other rates)",
        ),
    }
)


def modelled(setting: Setting) -> float | None:
    """Seconds of one trial at the assumed rate of its device; None for a network not counted.

    A step is one pass forward and one backward, which is twice as much; held-out images go forward
    once. Through a frozen body every image goes once. Losses, optimiser and the reading of files are
    left out.
    """
    cost, rate = forward(setting.architecture, setting.task.image_size), RATES[setting.device]
    if cost is None:
        return None
    steps, trained = amount(setting)
    counts = [setting.task.images_of(index) for index in range(len(setting.task.classes))]
    training, *held_out = map(sum, zip(*counts, strict=True))
    if setting.regime == FROZEN:
        return 2 * cost.macs * (training + sum(held_out)) / rate.flops + rate.per_layer * steps
    passes = 3 * trained + sum(held_out)
    return 2 * cost.macs * passes / rate.flops + rate.per_layer * cost.layers * steps


def amount(setting: Setting) -> tuple[int, int]:
    """Optimiser steps of a training, and the images that it goes through."""
    task = setting.task
    sizes = batch_sizes(
        sum(task.images_of(index)[0] for index in range(len(task.classes))), setting.batch_size
    )
    if setting.epochs is not None:
        return setting.epochs * len(sizes), setting.epochs * sum(sizes)
    steps = setting.steps or 0
    return steps, round(steps * sum(sizes) / len(sizes))
