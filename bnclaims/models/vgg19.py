"""VGG19 of torchvision (Simonyan and Zisserman, arXiv:1409.1556).

Two departures from torchvision, alike in all arms. Dropout is left out: a paired comparison wants
no random numbers inside a step. And the adaptive pooling, whose backward pass is not deterministic
on CUDA, gives way to what it does at 224 pixels, nothing; smaller images keep their smaller map
(1 x 1 at 32 pixels) and larger ones are averaged down to 7 x 7 by windows of fixed size. Weights
are initialised as torchvision does it. Published ones, made for 7 x 7, are folded onto the smaller
map, so that the network starts as the very function that torchvision's is at that size.
"""

from __future__ import annotations

import torch
from torch import nn

from bnclaims.models._torchvision import torchvision_models

# fastai's border between the layer groups of a VGG.
EARLY = 22
WIDTH = 4096
LARGEST_MAP = 7


def body(channels: int, image_size: int, *, batch_norm: bool = False) -> tuple[nn.Module, int]:
    """All of VGG19 but its last Linear: 4096 features; BatchNorm after every convolution if asked for."""
    layers, width = _layers(channels, image_size, batch_norm=batch_norm)
    for layer in layers.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0.0, 0.01)
        if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return layers, width


def pretrained(
    state: dict[str, torch.Tensor], image_size: int, *, batch_norm: bool = False
) -> tuple[nn.Module, int]:
    """The same with torchvision's weights, folded onto the map of the image size."""
    with torch.device("meta"):
        layers, width = _layers(3, image_size, batch_norm=batch_norm)
    # Places in the Sequential of the body, and what torchvision calls what stands there.
    known = {"0.": "features.", "3.": "classifier.0.", "5.": "classifier.3."}
    named = {
        place + name.removeprefix(prefix): value
        for name, value in state.items()
        for place, prefix in known.items()
        if name.startswith(prefix)
    }
    named["3.weight"] = _folded(named["3.weight"], image_size // 32)
    layers.load_state_dict(named, assign=True)
    return layers, width


def convolutions(made: nn.Module) -> tuple[nn.Module, int]:
    """The convolutions of a body, and how many maps they make."""
    assert isinstance(made, nn.Sequential)
    return made[0], 512


def _folded(weight: torch.Tensor, side: int) -> torch.Tensor:
    """Weights (n, 512 x 7 x 7) for a map that is pooled to 7 x 7, as weights for the map itself."""
    if side >= LARGEST_MAP:
        return weight
    cells = torch.arange(LARGEST_MAP)
    starts = cells * side // LARGEST_MAP
    ends = -(-(cells + 1) * side // LARGEST_MAP)
    places = torch.arange(side)
    within = (places >= starts[:, None]) & (places < ends[:, None])
    # Row i of the matrix averages what cell i of torch's adaptive pooling does.
    mean = within.float() / within.sum(1, keepdim=True)
    wide = weight.reshape(len(weight), -1, LARGEST_MAP, LARGEST_MAP)
    return torch.einsum("ncij,ia,jb->ncab", wide, mean, mean).flatten(1)


def _layers(channels: int, image_size: int, *, batch_norm: bool) -> tuple[nn.Sequential, int]:
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
    return layers, WIDTH
