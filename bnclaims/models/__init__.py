"""Networks whose shared weights are the same bits in every arm of a seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from bnclaims.errors import BnclaimsError
from bnclaims.trial import ARMS, HEADS

if TYPE_CHECKING:
    from bnclaims.models.network import Network

__all__ = ["ARCHITECTURES", "build"]

# The smallest image side in pixels. The names stand here, apart from the code, so that a protocol
# can be checked without importing torch.
ARCHITECTURES: Final[Mapping[str, int]] = {
    "mlp": 1,
    "simple_cnn": 8,
    "resnet34": 32,
    "vgg19": 32,
    "vgg19_bn": 32,
}


def build(
    architecture: str,
    *,
    arm: str,
    classes: int,
    channels: int,
    image_size: int,
    head: str,
    seed: int,
) -> Network:
    """A freshly initialised network on the CPU, in training mode.

    It maps float images (n, channels, image_size, image_size) to logits: (n, classes) for the
    heads ``softmax`` and ``sigmoid_k``, (n, 1) for ``sigmoid``. Every parameter that two arms
    share starts with the same bits in both, and torch's own random state is left alone.

    Raises `BnclaimsError` for an unknown architecture, arm or head, for images that are too small
    and for a ``sigmoid`` head over other than two classes.
    """
    _check(architecture, arm=arm, classes=classes, image_size=image_size, head=head)
    from bnclaims.models.registry import BODIES, initialised

    return initialised(
        BODIES[architecture],
        arm=arm,
        channels=channels,
        image_size=image_size,
        outputs=1 if head == "sigmoid" else classes,
        seed=seed,
    )


def _check(architecture: str, *, arm: str, classes: int, image_size: int, head: str) -> None:
    for word, value, known in (
        ("architecture", architecture, ARCHITECTURES),
        ("arm", arm, ARMS),
        ("head", head, HEADS),
    ):
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
