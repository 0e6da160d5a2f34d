"""ResNet34 of torchvision, without pretrained weights (He et al., arXiv:1512.03385)."""

from __future__ import annotations

from torch import nn

from bnclaims.models._torchvision import torchvision_models


def body(channels: int, image_size: int) -> tuple[nn.Module, int]:
    """All of ResNet34 but its classifier: 512 features, whatever the image size."""
    network = torchvision_models().resnet34(weights=None)
    if channels != 3:
        network.conv1 = nn.Conv2d(channels, 64, kernel_size=7, stride=2, padding=3, bias=False)
    width: int = network.fc.in_features
    network.fc = nn.Identity()
    return network, width
