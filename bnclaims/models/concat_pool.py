"""The body that fastai's whole end stands on: convolutions, and of every map its maximum and its mean."""

from __future__ import annotations

import torch
from torch import nn


class ConcatPool(nn.Module):
    """Maxima, then means, of maps (n, maps, height, width): features (n, 2 x maps)."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Features of maps."""
        # amax, as the backward pass of adaptive max-pooling is not deterministic on CUDA.
        return torch.cat([maps.amax((2, 3)), maps.mean((2, 3))], dim=1)


class PooledConvolutions(nn.Sequential):
    """Convolutions and `ConcatPool`; the first ``early`` of the convolutions' children are a layer group.

    None: there is one group, as fastai has it for networks that it does not know.
    """

    def __init__(self, convolutions: nn.Module, early: int | None) -> None:
        super().__init__(convolutions, ConcatPool())
        self.early = early

    def groups(self) -> list[list[nn.Module]]:
        """The convolutions in layer groups, early ones first."""
        if self.early is None:
            return [[self[0]]]
        layers = list(self[0].children())
        return [layers[: self.early], layers[self.early :]]
