"""ResNet34 of torchvision (He et al., arXiv:1512.03385)."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from bnclaims.models._torchvision import torchvision_models

# fastai's border between the layer groups of a ResNet: before the third of its four stages.
EARLY = 6


def body(channels: int, image_size: int) -> tuple[nn.Module, int]:
    """All of ResNet34 but its classifier: 512 features, whatever the image size."""
    network = torchvision_models().resnet34(weights=None)
    if channels != 3:
        network.conv1 = nn.Conv2d(channels, 64, kernel_size=7, stride=2, padding=3, bias=False)
    return _without_classifier(network)


def pretrained(state: dict[str, torch.Tensor], image_size: int) -> tuple[nn.Module, int]:
    """The same with torchvision's weights."""
    with torch.device("meta"):
        network = torchvision_models().resnet34(weights=None)
    network.load_state_dict(state, assign=True)
    return _without_classifier(network)


def convolutions(made: nn.Module) -> tuple[nn.Module, int]:
    """The convolutions of a body, and how many maps they make."""
    *layers, _pooling, _classifier = made.children()
    return nn.Sequential(*layers), 512


def _without_classifier(network: Any) -> tuple[nn.Module, int]:
    width: int = network.fc.in_features
    network.fc = nn.Identity()
    return network, width
