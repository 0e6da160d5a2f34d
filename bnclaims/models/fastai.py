"""The end of fastai's classifier: BatchNorm and dropout before the last Linear.

fastai's `create_head` (https://docs.fast.ai/vision.learner.html) ends, by default, in BatchNorm1d,
Dropout(0.5) and the last Linear. Only that is here: what it has before (pooling by mean and maximum,
a hidden layer of 512) would make another network of the body, and its last Linear has no bias,
which is an arm of its own (`no_last_bias`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import nn

from bnclaims.protocol.random_streams import generator

DROPPED: Final = 0.5


class FastaiClassifier(nn.Module):
    """BatchNorm over features (n, width), then dropout whose masks follow from the seed alone.

    The masks are drawn on the CPU from the stream (seed, "dropout"), one after the other: they are
    the same in every arm and on every device, and no other random number moves.
    """

    def __init__(self, width: int, *, seed: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self._random = generator(seed, "dropout")

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features (n, width), normalised; in training about half of them 0 and the rest doubled."""
        made: torch.Tensor = self.norm(features)
        if not self.training:
            return made
        kept = self._random.random(tuple(made.shape), dtype=np.float32) >= DROPPED
        return made * torch.from_numpy(kept).to(made.device) / (1 - DROPPED)
