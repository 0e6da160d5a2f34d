"""Bodies that start from ImageNet weights, and what such a body wants its images to be like."""

from __future__ import annotations

import importlib
import pickle
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bnclaims.errors import BnclaimsError
from bnclaims.models import weights
from bnclaims.models.initialisation import Body, pooled_convolutions

State = dict[str, torch.Tensor]


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


def pretrained_body_of(architecture: str, *, pooled: bool) -> Body:
    """The body of an architecture with the weights found on this machine, or its `PooledConvolutions`.

    ``bnclaims/models/NAME.py`` has a function ``pretrained``, from weights as published and the image
    side in pixels to the body and its number of features. The body takes images of any number of
    channels. `BnclaimsError` where there are no weights, or where they do not fit.
    """
    code: Any = importlib.import_module(f"bnclaims.models.{architecture}")

    def body(channels: int, image_size: int) -> tuple[nn.Module, int]:
        found = weights.find(architecture)
        if found is None:
            raise BnclaimsError(
                f"{architecture}: no ImageNet weights on this machine; "
                f"{weights.remedy(architecture)}."
            )
        path, file = found
        try:
            network, width = code.pretrained(_state(path), image_size)
        except (RuntimeError, KeyError, ValueError) as error:
            raise BnclaimsError(
                f"{path.name}: its weights are those of another network "
                f"({_brief(error)}); delete it and fetch it again."
            ) from error
        if pooled:
            network, width = pooled_convolutions(architecture, network)
        return nn.Sequential(ImageNetInput(file.mean, file.deviation), network), width

    return body


def _state(path: Path) -> State:
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
