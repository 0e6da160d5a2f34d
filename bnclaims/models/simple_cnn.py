"""The simple network: two convolutions and two Linear layers."""

from __future__ import annotations

from torch import nn

EARLY = None
WIDTH = 128


def body(channels: int, image_size: int) -> tuple[nn.Module, int]:
    """Convolutions to 32 and 64 maps, each halving the side, then 128 features.

    Max-pooling stands before ReLU. Both orders give the same function, as ReLU never changes which
    of two values is larger, but this one rectifies a quarter of the values.
    """
    side = image_size // 4
    layers = nn.Sequential(
        nn.Conv2d(channels, 32, kernel_size=3, padding=1),
        nn.MaxPool2d(2),
        nn.ReLU(inplace=True),
        nn.Conv2d(32, 64, kernel_size=3, padding=1),
        nn.MaxPool2d(2),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(64 * side * side, WIDTH),
        nn.ReLU(inplace=True),
    )
    return layers, WIDTH


def convolutions(made: nn.Module) -> tuple[nn.Module, int]:
    """The convolutions of a body, and how many maps they make."""
    assert isinstance(made, nn.Sequential)
    return made[:6], 64
