"""Multiplications and additions of the networks, counted from their shapes, without torch."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

# Of the first layer; grey images have one, which only matters to networks of no size.
_CHANNELS = 3
# (layers, channels) of the five blocks of VGG19, configuration E of arXiv:1409.1556.
_VGG19 = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
# (blocks, channels) of the four stages of ResNet34, arXiv:1512.03385.
_RESNET34 = ((3, 64), (4, 128), (6, 256), (3, 512))
# (expansion, kernel, stride, channels, blocks) of EfficientNet-Lite0: B0 of arXiv:1905.11946
# without squeeze and excitation.
_LITE0 = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)


@dataclasses.dataclass(frozen=True)
class Cost:
    """One image forward through a body: multiply-adds of its layers, and how many layers there are.

    BatchNorm counts as a layer; its arithmetic and that of activations and pooling are left out.
    """

    macs: int = 0
    layers: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.macs + other.macs, self.layers + other.layers)


def forward(architecture: str, image_size: int) -> Cost | None:
    """The cost of a network's body on a square image of that side; None for one not known here."""
    counted = _BODIES.get(architecture)
    return None if counted is None else counted(image_size)


def _conv(
    inputs: int, outputs: int, kernel: int, side: int, *, norm: bool = False, groups: int = 1
) -> Cost:
    """A convolution onto a map of that side, with a BatchNorm behind it if asked for."""
    return Cost(kernel**2 * inputs * outputs * side**2 // groups, 2 if norm else 1)


def _linear(inputs: int, outputs: int) -> Cost:
    return Cost(inputs * outputs, 1)


def _mlp(size: int) -> Cost:
    return _linear(_CHANNELS * size**2, 128) + _linear(128, 64)


def _simple_cnn(size: int) -> Cost:
    return (
        _conv(_CHANNELS, 32, 3, size)
        + _conv(32, 64, 3, size // 2)
        + _linear(64 * (size // 4) ** 2, 128)
    )


def _vgg(size: int, *, norm: bool) -> Cost:
    total, inputs, side = Cost(), _CHANNELS, size
    for layers, channels in _VGG19:
        for _ in range(layers):
            total += _conv(inputs, channels, 3, side, norm=norm)
            inputs = channels
        side //= 2
    return total + _linear(inputs * min(side, 7) ** 2, 4096) + _linear(4096, 4096)


def _resnet34(size: int) -> Cost:
    side = math.ceil(size / 2)
    total, inputs = _conv(_CHANNELS, 64, 7, side, norm=True), 64
    side = math.ceil(side / 2)
    for stage, (blocks, channels) in enumerate(_RESNET34):
        if stage:
            side = math.ceil(side / 2)
            total += _conv(inputs, channels, 1, side, norm=True)
        for _ in range(blocks):
            total += _conv(inputs, channels, 3, side, norm=True)
            total += _conv(channels, channels, 3, side, norm=True)
            inputs = channels
    return total


def _efficientnet_lite0(size: int) -> Cost:
    side = math.ceil(size / 2)
    total, inputs = _conv(_CHANNELS, 32, 3, side, norm=True), 32
    for expansion, kernel, stride, channels, blocks in _LITE0:
        for block in range(blocks):
            wide = inputs * expansion
            if expansion > 1:
                total += _conv(inputs, wide, 1, side, norm=True)
            if block == 0:
                side = math.ceil(side / stride)
            total += _conv(wide, wide, kernel, side, norm=True, groups=wide)
            total += _conv(wide, channels, 1, side, norm=True)
            inputs = channels
    return total + _conv(inputs, 1280, 1, side, norm=True)


_BODIES: Final[Mapping[str, Callable[[int], Cost]]] = MappingProxyType(
    {
        "mlp": _mlp,
        "simple_cnn": _simple_cnn,
        "resnet34": _resnet34,
        "vgg19": lambda size: _vgg(size, norm=False),
        "vgg19_bn": lambda size: _vgg(size, norm=True),
        "efficientnet_lite0": _efficientnet_lite0,
    }
)
