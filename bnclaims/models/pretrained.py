"""Bodies that start from ImageNet weights, and what such a body wants its images to be like."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from torch import nn

from bnclaims.errors import BnclaimsError
from bnclaims.models import efficientnet_lite0, resnet34, vgg19, weights
from bnclaims.models.registry import Body

State = dict[str, torch.Tensor]

# Weights as published, image side in pixels -> the body and how many features it makes.
LOADERS: Final[Mapping[str, Callable[[State, int], tuple[nn.Module, int]]]] = {
    "resnet34": resnet34.pretrained,
    "vgg19": vgg19.pretrained,
    "vgg19_bn": vgg19.pretrained_with_batch_norm,
    "efficientnet_lite0": efficientnet_lite0.pretrained,
}
# Mean and standard deviation of red, green and blue in [0, 1] that the weights were trained with.
TORCHVISION: Final = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
NORMALISATIONS: Final[Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]] = {
    "resnet34": TORCHVISION,
    "vgg19": TORCHVISION,
    "vgg19_bn": TORCHVISION,
    "efficientnet_lite0": ((127 / 255,) * 3, (128 / 255,) * 3),
}


class ImageNetInput(nn.Module):
    """Images from -1 to 1, grey or in colour, as the published weights are used to them.

    A grey image becomes one of three equal channels. For EfficientNet-Lite the change is below
    half a grey level and could be left out; it is made as it costs nothing.
    """

    factor: torch.Tensor
    offset: torch.Tensor

    def __init__(self, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
        super().__init__()
        means, deviations = (
            torch.tensor(values, dtype=torch.float64).reshape(1, -1, 1, 1)
            for values in (mean, deviation)
        )
        self.register_buffer("factor", (0.5 / deviations).float())
        self.register_buffer("offset", ((0.5 - means) / deviations).float())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Standardised images (n, 3, side, side)."""
        return images * self.factor + self.offset


def body_of(architecture: str) -> Body:
    """The body of an architecture with the weights found on this machine.

    It takes images of any number of channels. `BnclaimsError` where there are no weights, or where
    they do not fit.
    """

    def body(channels: int, image_size: int) -> tuple[nn.Module, int]:
        try:
            network, width = LOADERS[architecture](_state(architecture), image_size)
        except (RuntimeError, KeyError, ValueError) as error:
            raise BnclaimsError(
                f"{weights.WEIGHTS[architecture].name}: its weights are those of another network "
                f"({_brief(error)}); delete it and fetch it again."
            ) from error
        return nn.Sequential(ImageNetInput(*NORMALISATIONS[architecture]), network), width

    return body


def _state(architecture: str) -> State:
    path = weights.find(architecture)
    if path is None:
        raise BnclaimsError(
            f"{architecture}: no ImageNet weights on this machine; {weights.remedy(architecture)}."
        )
    try:
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError) as error:
        raise BnclaimsError(
            f"{path.name}: cannot be read as weights ({type(error).__name__}); delete it and fetch "
            "it again."
        ) from error
    return dict(state)


def _brief(error: Exception) -> str:
    """The beginning of a message that may name every weight of a network."""
    return " ".join(str(error).split())[:120]
