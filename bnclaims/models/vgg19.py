"""VGG19 of torchvision, without pretrained weights (Simonyan and Zisserman, arXiv:1409.1556).

Two departures from torchvision, alike in all arms. Dropout is left out: a paired comparison wants
no random numbers inside a step. And the adaptive pooling, whose backward pass is not deterministic
on CUDA, gives way to what it does at 224 pixels, nothing; smaller images keep their smaller map
(1 x 1 at 32 pixels) and larger ones are averaged down to 7 x 7 by windows of fixed size. Weights
are initialised as torchvision does it.
"""

from __future__ import annotations

from torch import nn

from bnclaims.models._torchvision import torchvision_models

WIDTH = 4096
LARGEST_MAP = 7


def body(channels: int, image_size: int) -> tuple[nn.Module, int]:
    """All of VGG19 but its last Linear: 4096 features."""
    return _body(channels, image_size, batch_norm=False)


def body_with_batch_norm(channels: int, image_size: int) -> tuple[nn.Module, int]:
    """The same with BatchNorm after every convolution (VGG19-BN): 4096 features."""
    return _body(channels, image_size, batch_norm=True)


def _body(channels: int, image_size: int, *, batch_norm: bool) -> tuple[nn.Module, int]:
    # The parts, not the whole: 100 million of its weights would be drawn only to be dropped.
    parts = torchvision_models().vgg
    convolutions: nn.Sequential = parts.make_layers(parts.cfgs["E"], batch_norm=batch_norm)
    if channels != 3:
        convolutions[0] = nn.Conv2d(channels, 64, kernel_size=3, padding=1)
    side = image_size // 32
    window = max(1, side - LARGEST_MAP + 1)
    layers = nn.Sequential(
        convolutions,
        nn.AvgPool2d(window, stride=1) if window > 1 else nn.Identity(),
        nn.Flatten(),
        nn.Linear(512 * min(side, LARGEST_MAP) ** 2, WIDTH),
        nn.ReLU(inplace=True),
        nn.Linear(WIDTH, WIDTH),
        nn.ReLU(inplace=True),
    )
    for layer in layers.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0.0, 0.01)
        if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return layers, WIDTH
