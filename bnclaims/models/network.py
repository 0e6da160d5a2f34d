"""The one shape of every network: body, last Linear, and what an arm puts around it."""

from __future__ import annotations

from typing import Self

import torch
from torch import nn


class Network(nn.Module):
    """A body that makes features, one Linear that makes logits, and an arm's layers.

    ``feature_layer`` stands before the Linear and ``final`` after it; where an arm has none it is
    an identity. Both see float32 even under autocast, so that batch statistics are never bf16.
    ``classifier`` is what a setting puts between ``feature_layer`` and the Linear.
    """

    def __init__(self, body: nn.Module, last: nn.Linear) -> None:
        super().__init__()
        self.body = body
        self.feature_layer: nn.Module = nn.Identity()
        self.classifier: nn.Module = nn.Identity()
        self.last = last
        self.final: nn.Module = nn.Identity()
        self.frozen = False

    def freeze(self) -> None:
        """Keep the body as it is: no gradients, and BatchNorm in it never in training mode."""
        self.frozen = True
        self.body.requires_grad_(False)
        self.body.eval()

    def train(self, mode: bool = True) -> Self:
        """Training or evaluation mode, but for a frozen body."""
        super().train(mode)
        if self.frozen:
            self.body.eval()
        return self

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Inputs of the last Linear, float32 (n, width), of images (n, channels, side, side)."""
        made: torch.Tensor = self.classifier(self.feature_layer(self.body(images).float()))
        return made

    def raw(self, images: torch.Tensor) -> torch.Tensor:
        """Logits before the final layer, float32 (n, outputs)."""
        return self.raw_of(self.features(images))

    def raw_of(self, features: torch.Tensor) -> torch.Tensor:
        """Logits before the final layer, float32 (n, outputs), of features (n, width)."""
        made: torch.Tensor = self.last(features).float()
        return made

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits after the final layer, float32 (n, outputs)."""
        made: torch.Tensor = self.final(self.raw(images))
        return made


def after_body(network: Network) -> Network:
    """What follows the body, as a network of features (n, width); everything is shared."""
    other = Network(nn.Identity(), network.last)
    other.feature_layer, other.classifier = network.feature_layer, network.classifier
    other.final = network.final
    return other.train(network.training)
