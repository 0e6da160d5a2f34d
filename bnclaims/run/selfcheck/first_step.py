"""The first step of a network under an executor, held against the loop's."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from bnclaims.errors import BnclaimsError
from bnclaims.run.selfcheck.acceptance import EXACTLY_ZERO, ROUNDING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from bnclaims.training import FirstStep

    Tensors = Mapping[str, torch.Tensor]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """How far a first step is from the loop's, relatively, and at which tensor the gradient is.

    ``rounding`` is how far the loop's own gradient is from that in float64.
    """

    loss: float
    gradient: float
    tensor: str
    rounding: float


def difference(loop: FirstStep, other: FirstStep, *, exact: FirstStep) -> Difference:
    """The difference of two first steps; ``exact`` is the loop's in float64.

    The loss: the difference over the loop's loss. A gradient: the largest difference of an element
    over the largest element of the loop's tensor (the maximum norm), and of all tensors the worst.
    Parameters whose exact gradient is 0 (a bias before BatchNorm) hold nothing but rounding and are
    left out, unless the other's is no rounding. Relative differences above 1, and what is not
    finite, are 1. `BnclaimsError` when the two have gradients of different parameters.
    """
    (loss, gradients), (other_loss, others) = loop, other
    if missing := gradients.keys() ^ others.keys():
        raise BnclaimsError(
            f"A first step has the gradient of {min(missing)} under one executor only: both must "
            "name all parameters as the network does."
        )
    sizes = {name: _largest(gradient) for name, gradient in exact[1].items()}
    largest = max(sizes.values())
    zero = {name for name, size in sizes.items() if size <= EXACTLY_ZERO * largest}
    found = _differences(gradients, others)
    # NaN is not below anything.
    found |= {name: float(not _largest(others[name]) <= ROUNDING * largest) for name in zero}
    own = _differences(gradients, exact[1])
    worst = max(found, key=lambda name: found[name])
    return Difference(
        loss=_relative(abs(other_loss - loss), abs(loss)),
        gradient=found[worst],
        tensor=worst,
        rounding=max(value for name, value in own.items() if name not in zero),
    )


def _differences(loop: Tensors, other: Tensors) -> dict[str, float]:
    return {
        name: _relative(_largest(other[name].double() - gradient.double()), _largest(gradient))
        for name, gradient in loop.items()
    }


def _largest(tensor: torch.Tensor) -> float:
    return float(tensor.abs().max())


def _relative(gap: float, size: float) -> float:
    if gap == 0:
        return 0.0
    share = gap / size if size else math.inf
    return share if share < 1 else 1.0
