"""The thirteen convolutions of VGG16 (Simonyan and Zisserman, arXiv:1409.1556).

Without the three Linear layers, which transfer learning drops: features are the maxima and means of
the 512 last maps.
"""

from __future__ import annotations

import torch
from torch import nn

from bnclaims.models._torchvision import torchvision_models
from bnclaims.models.concat_pool import ConcatPool

MAPS = 512
# fastai's border between the layer groups of a VGG: the last three convolutions are late.
EARLY = 22


def body(channels: int, image_size: int) -> tuple[nn.Module, int]:
    """The convolutions, initialised as torchvision does it, and their 1024 features."""
    layers = _convolutions(channels)
    for layer in layers.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
    return nn.Sequential(layers, ConcatPool()), 2 * MAPS


def pretrained(state: dict[str, torch.Tensor], image_size: int) -> tuple[nn.Module, int]:
    """The same with published weights: those of the convolutions, whatever else the file holds."""
    with torch.device("meta"):
        layers = _convolutions(3)
    own = {
        name.removeprefix("features."): value
        for name, value in state.items()
        if name.startswith("features.")
    }
    layers.load_state_dict(own, assign=True)
    return nn.Sequential(layers, ConcatPool()), 2 * MAPS


def convolutions(made: nn.Module) -> tuple[nn.Module, int]:
    """The convolutions of a body, and how many maps they make."""
    assert isinstance(made, nn.Sequential)
    return made[0], MAPS


def _convolutions(channels: int) -> nn.Sequential:
    # The parts, not the whole: 100 million of its weights would be drawn only to be dropped.
    parts = torchvision_models().vgg
    layers: nn.Sequential = parts.make_layers(parts.cfgs["D"], batch_norm=False)
    if channels != 3:
        layers[0] = nn.Conv2d(channels, 64, kernel_size=3, padding=1)
    return layers
