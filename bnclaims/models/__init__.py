"""Networks whose shared weights are the same bits in every arm of a seed."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.architectures import ARCHITECTURES, check_classifier, check_pretrainable
from bnclaims.protocol.names import (
    ARMS,
    CLASSIFIERS,
    FROZEN,
    HEADS,
    LINEAR,
    ON_MAPS,
    REGIMES,
    SCRATCH,
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

    ``regime`` and ``classifier`` are described in `bnclaims.protocol.names`. With ImageNet weights the
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
    check_pretrainable(architecture, regime)
    check_classifier(architecture, classifier)
    from bnclaims.models.initialisation import body_of, initialised, pooled_body_of
    from bnclaims.models.pretrained import pretrained_body_of

    pooled = classifier in ON_MAPS
    scratch = pooled_body_of if pooled else body_of
    network = initialised(
        scratch(architecture)
        if regime == SCRATCH
        else pretrained_body_of(architecture, pooled=pooled),
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
    for name in dict.fromkeys(architectures):
        package = ARCHITECTURES[name].package
        if package is not None and importlib.util.find_spec(package) is None:
            raise BnclaimsError(
                f"{name}: the package {package}, which builds it, is not installed; install it "
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
    smallest = ARCHITECTURES[architecture].smallest_image
    if image_size < smallest:
        raise BnclaimsError(
            f"image_size {image_size} is too small for {architecture}: use at least {smallest} pixels"
        )
    if head == "sigmoid" and classes != 2:
        raise BnclaimsError(
            f"head 'sigmoid' has one logit and cannot tell {classes} classes apart: use 'sigmoid_k'"
        )
