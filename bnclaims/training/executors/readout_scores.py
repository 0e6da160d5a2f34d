"""What is read from a trained network: the logits of its readouts, and how they are stored."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from bnclaims.models import final_bn
from bnclaims.models.network import Network
from bnclaims.protocol.names import FOLDED, KEPT, RECALIBRATED, REMOVED
from bnclaims.store.record import Scores

# (readout, split name) -> float32 (images, outputs).
Logits = Mapping[tuple[str, str], NDArray[np.float32]]

# Images that pass through a network at once, and from which side in pixels on fewer do: 256 images of
# 128 pixels would take VGG16 four times the memory of a step of its training.
EVALUATION_BATCH: Final = 256
WHOLE_BATCH_SIDE: Final = 64
LEAST_BATCH: Final = 16
# Stands for everything that float16 cannot hold; no judgement depends on how far beyond it lies.
LOWEST_SCORE: Final = -60000.0

# Folded is a self-check and stays out of the record; nothing is tuned on a recalibrated network.
STORED: Final = (
    (KEPT, "validation"),
    (KEPT, "test"),
    (REMOVED, "validation"),
    (REMOVED, "test"),
    (RECALIBRATED, "test"),
)


@torch.inference_mode()
def read(network: Network, *, training: torch.Tensor, splits: Mapping[str, torch.Tensor]) -> Logits:
    """Logits of every readout; the network is left in evaluation mode.

    ``training`` and the ``splits`` are standardised images (n, channels, side, side). Every arm
    has the readout kept. An arm with a layer over the logits has removed, folded and recalibrated
    too, the last with running statistics of the whole training set.
    """
    network.eval()
    readers: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        KEPT: lambda features: network.final(network.raw_of(features))
    }
    layer = final_bn.logit_layer(network)
    if layer is not None:
        folded = final_bn.fold(network)
        recalibrated = copy.deepcopy(layer)
        final_bn.recalibrate(recalibrated, network.raw_of(_features(network, training)))
        readers |= {
            REMOVED: network.raw_of,
            FOLDED: folded.raw_of,
            RECALIBRATED: lambda features: recalibrated(network.raw_of(features)),
        }
    logits = {}
    for name, images in splits.items():
        features = _features(network, images)
        for readout, logits_of in readers.items():
            logits[readout, name] = logits_of(features).cpu().numpy()
    return logits


def stored(logits: Logits) -> dict[tuple[str, str], Scores]:
    """The scores that a record keeps of these logits."""
    return {which: to_scores(logits[which]) for which in STORED if which in logits}


def folded_difference(logits: Logits) -> float | None:
    """Largest absolute difference between kept and folded logits, None where nothing was folded."""
    differences = [
        float(np.abs(values - logits[KEPT, split]).max())
        for (readout, split), values in logits.items()
        if readout == FOLDED
    ]
    return max(differences, default=None)


def to_scores(logits: NDArray[np.float32]) -> Scores:
    """Finite logits (n, outputs) as stored: float16 (n, classes), each row's maximum exactly 0.

    One logit z becomes the columns (0, z). A logit below its row's maximum never rounds to 0, so
    the predicted class is that of the logits. What float16 cannot hold becomes -60000.
    """
    if logits.shape[1] == 1:
        logits = np.hstack([np.zeros_like(logits), logits])
    wide = logits.astype(np.float64)
    below = wide - wide.max(axis=1, keepdims=True)
    scores: Scores = np.maximum(below, LOWEST_SCORE).astype(np.float16)
    scores[(below < 0) & (scores == 0)] = -np.finfo(np.float16).smallest_subnormal
    return scores + np.float16(0)  # -0.0 becomes 0.0: equal scores are then equal bits


def _features(network: Network, images: torch.Tensor) -> torch.Tensor:
    size = evaluation_batch(images.shape[-1] if images.dim() == 4 else 0)
    return torch.cat([network.features(batch) for batch in torch.split(images, size)])


def evaluation_batch(side: int) -> int:
    """How many images of a side in pixels pass through a network at once; 0 stands for features."""
    fitting = EVALUATION_BATCH * WHOLE_BATCH_SIDE**2 // max(side, 1) ** 2
    return min(EVALUATION_BATCH, max(LEAST_BATCH, fitting))
