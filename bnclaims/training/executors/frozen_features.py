"""Training on a frozen body: the features of an image never change, so they are made once.

The images pass through the body once instead of once an epoch, and once for all the trials that
follow each other on the same images, e.g. the arms of a seed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from bnclaims.models.network import Network, after_body
from bnclaims.training.executors.readout_scores import EVALUATION_BATCH

# Pixels (n, H, W, C) -> what a network is given of them, a tensor of n rows.
Inputs = Callable[[NDArray[np.uint8]], torch.Tensor]

# Training, validation and test images of two draws.
_MOST_KEPT: Final = 6
# With the pixels, so that their id is no other array's.
_kept: OrderedDict[tuple[Any, ...], tuple[NDArray[np.uint8], torch.Tensor]] = OrderedDict()


def on_features(network: Network, inputs: Inputs, body: tuple[str, ...]) -> tuple[Network, Inputs]:
    """The part of a network that is trained, and inputs that are features of its frozen body.

    ``body`` says which body it is and how it is run: features are shared between equal ones.
    """

    @torch.no_grad()
    def features(pixels: NDArray[np.uint8]) -> torch.Tensor:
        key = (id(pixels), *body)
        if key not in _kept:
            # Batch by batch: all images at 224 pixels would take as much memory again.
            starts = range(0, len(pixels), EVALUATION_BATCH)
            batches = (inputs(pixels[start : start + EVALUATION_BATCH]) for start in starts)
            made = torch.cat([network.body(batch).float() for batch in batches])
            _kept[key] = pixels, made
            while len(_kept) > _MOST_KEPT:
                _kept.popitem(last=False)
        _kept.move_to_end(key)
        return _kept[key][1]

    return after_body(network), features
