"""The ends that fastai gives a classifier: its last layers alone, or the whole of it.

fastai's `create_head` (https://docs.fast.ai/vision.learner.html) has, by default, pooling by maximum and
mean (`bnclaims.models.concat_pool`), BatchNorm1d, Dropout(0.25), a Linear of 512, ReLU, BatchNorm1d,
Dropout(0.5) and a last Linear. In version 1 both Linear layers have a bias, in version 2 neither.
`FastaiClassifier` has only what comes directly before the last Linear, so that the body stays what it
is.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import nn

from bnclaims.protocol.random_streams import generator

DROPPED: Final = 0.5
HIDDEN: Final = 512


class Dropout(nn.Module):
    """Dropout of features (n, width) whose masks follow from the seed alone.

    The masks are drawn on the CPU from the stream (seed, "dropout"), one after the other: they are
    the same in every arm and on every device, and no other random number moves.
    """

    def __init__(self, random: np.random.Generator, dropped: float) -> None:
        super().__init__()
        self._random, self._dropped = random, dropped

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """The features; in training the share dropped is 0 and the rest larger by as much."""
        if not self.training:
            return features
        kept = self._random.random(tuple(features.shape), dtype=np.float32) >= self._dropped
        return features * torch.from_numpy(kept).to(features.device) / (1 - self._dropped)


class FastaiClassifier(nn.Module):
    """BatchNorm over features (n, width), then dropout of a half."""

    def __init__(self, width: int, *, seed: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self.dropout = Dropout(generator(seed, "dropout"), DROPPED)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features (n, width), normalised."""
        made: torch.Tensor = self.dropout(self.norm(features))
        return made


class WholeFastaiClassifier(nn.Sequential):
    """What fastai has between pooled maps (n, width) and the last Linear: features (n, 512)."""

    def __init__(self, width: int, *, seed: int, bias: bool) -> None:
        random = generator(seed, "dropout")
        super().__init__(
            nn.BatchNorm1d(width),
            Dropout(random, DROPPED / 2),
            fastai_linear(width, HIDDEN, bias=bias),
            nn.ReLU(inplace=True),
            nn.BatchNorm1d(HIDDEN),
            Dropout(random, DROPPED),
        )
        self.width = width


def fastai_linear(inputs: int, outputs: int, *, bias: bool) -> nn.Linear:
    """A Linear with the initial weights that fastai gives an end: Kaiming's normal ones, biases 0."""
    layer = nn.Linear(inputs, outputs, bias=bias)
    nn.init.kaiming_normal_(layer.weight)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer
