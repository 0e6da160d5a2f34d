"""Arithmetic of a network: operations and numbers of one image through its body, counted, not computed."""

from __future__ import annotations

import dataclasses
import functools

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bnclaims.models.initialisation import body_of

_LAYERS = (nn.Conv2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d)


@dataclasses.dataclass(frozen=True)
class Cost:
    """One image forward through a body: floating-point operations, and layers that have weights.

    ``weights`` counts the parameters, ``outputs`` the numbers that all layers make of the image, and
    ``widest`` those of the layer that makes most.
    """

    flops: int
    layers: int
    weights: int
    outputs: int
    widest: int


@functools.cache
def forward_cost(architecture: str, image_size: int) -> Cost:
    """The cost of a network's body on a square colour image of that side, in pixels.

    A multiplication with its addition counts as two operations; activations, pooling and BatchNorm are
    left out of them. `BnclaimsError` where the network cannot be built on this machine.
    """
    counter = FlopCounterMode(display=False)
    # On the meta device nothing is drawn and nothing computed.
    with torch.device("meta"), torch.no_grad():
        body, _ = body_of(architecture)(3, image_size)
        made: list[int] = []
        layers = [layer for layer in body.modules() if isinstance(layer, _LAYERS)]
        for layer in layers:
            layer.register_forward_hook(lambda _, __, output: made.append(output.numel()))
        with counter:
            body.eval()(torch.empty(1, 3, image_size, image_size))
    return Cost(
        flops=counter.get_total_flops(),
        layers=len(layers),
        weights=sum(parameter.numel() for parameter in body.parameters()),
        outputs=sum(made),
        widest=max(made),
    )
