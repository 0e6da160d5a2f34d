"""Networks whose shared weights are the same bits in every arm of a seed."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.names import (
    ARCHITECTURES,
    ARMS,
    CLASSIFIERS,
    FROZEN,
    HEADS,
    LINEAR,
    REGIMES,
    SCRATCH,
    check_pretrainable,
)

if TYPE_CHECKING:
    from bnclaims.models.network import Network

__all__ = ["ARCHITECTURES", "build", "check_installed"]


def build(
    architecture: str,
    *,
    arm: str,
    classes: int,
    channels: int,
    image_size: int,
    head: str,
    seed: int,
    regime: str = SCRATCH,
    classifier: str = LINEAR,
) -> Network:
    """A freshly initialised network on the CPU, in training mode.

    It maps float images (n, channels, image_size, image_size) to logits: (n, classes) for the
    heads ``softmax`` and ``sigmoid_k``, (n, 1) for ``sigmoid``. Every parameter that two arms
    share starts with the same bits in both, and torch's own random state is left alone.

    ``regime`` and ``classifier`` are described in `bnclaims.protocol.trial`. With ImageNet weights the
    images are the same as without: from -1 to 1, grey or in colour.

    Raises `BnclaimsError` for an unknown architecture, arm, head, regime or classifier, for images
    that are too small, for a ``sigmoid`` head over other than two classes and for weights that this
    machine does not have.
    """
    words = (
        ("architecture", architecture, ARCHITECTURES),
        ("arm", arm, ARMS),
        ("head", head, HEADS),
        ("regime", regime, REGIMES),
        ("classifier", classifier, CLASSIFIERS),
    )
    _check(words, architecture, classes=classes, image_size=image_size, head=head)
    from bnclaims.models.registry import BODIES, initialised

    body = BODIES[architecture]
    if regime != SCRATCH:
        check_pretrainable(architecture, regime)
        from bnclaims.models.pretrained import body_of

        body = body_of(architecture)
    network = initialised(
        body,
        arm=arm,
        channels=channels,
        image_size=image_size,
        outputs=1 if head == "sigmoid" else classes,
        seed=seed,
        classifier=classifier,
    )
    if regime == FROZEN:
        network.freeze()
    return network


def check_installed(architectures: Iterable[str]) -> None:
    """`BnclaimsError` where an architecture needs a package that is not installed."""
    if "efficientnet_lite0" in architectures and importlib.util.find_spec("timm") is None:
        raise BnclaimsError(
            "efficientnet_lite0: the package timm, which builds it, is not installed; install it "
            "with pip install 'bnclaims[pretrained]'."
        )


def _check(
    words: Iterable[tuple[str, str, Collection[str]]],
    architecture: str,
    *,
    classes: int,
    image_size: int,
    head: str,
) -> None:
    for word, value, known in words:
        if value not in known:
            raise BnclaimsError(f"{word} {value!r} is unknown: choose one of {', '.join(known)}")
    if image_size < ARCHITECTURES[architecture]:
        raise BnclaimsError(
            f"image_size {image_size} is too small for {architecture}: "
            f"use at least {ARCHITECTURES[architecture]} pixels"
        )
    if head == "sigmoid" and classes != 2:
        raise BnclaimsError(
            f"head 'sigmoid' has one logit and cannot tell {classes} classes apart: use 'sigmoid_k'"
        )
