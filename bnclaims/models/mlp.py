"""A network without convolutions: two hidden layers on the pixels."""

from __future__ import annotations

from torch import nn

WIDTH = 64


def body(channels: int, image_size: int) -> tuple[nn.Module, int]:
    """Hidden layers of 128 and 64 units."""
    layers = nn.Sequential(
        nn.Flatten(),
        nn.Linear(channels * image_size * image_size, 128),
        nn.ReLU(inplace=True),
        nn.Linear(128, WIDTH),
        nn.ReLU(inplace=True),
    )
    return layers, WIDTH
