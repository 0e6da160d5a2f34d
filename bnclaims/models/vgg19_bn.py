"""VGG19-BN of torchvision: `bnclaims.models.vgg19` with BatchNorm after every convolution."""

from __future__ import annotations

import torch
from torch import nn

from bnclaims.models import vgg19

EARLY = vgg19.EARLY
convolutions = vgg19.convolutions


def body(channels: int, image_size: int) -> tuple[nn.Module, int]:
    """All of VGG19-BN but its last Linear: 4096 features."""
    return vgg19.body(channels, image_size, batch_norm=True)


def pretrained(state: dict[str, torch.Tensor], image_size: int) -> tuple[nn.Module, int]:
    """The same with torchvision's weights, folded onto the map of the image size."""
    return vgg19.pretrained(state, image_size, batch_norm=True)
