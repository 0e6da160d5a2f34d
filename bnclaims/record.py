"""What the store keeps of one trained model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bnclaims.trial import Trial

# One float per class and image: the row's logits minus their maximum, so the largest is exactly 0,
# as float16. A one-logit sigmoid head z is kept as the two columns (0, z) before that. What is
# judged and what is re-checked are then the same bits, at half the size of the report.
Scores = NDArray[np.float16]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Split:
    """The images of one split: ids, group ids (leaf, lesion; the image id where there is none), labels."""

    images: tuple[str, ...]
    groups: tuple[str, ...]
    labels: NDArray[np.int64]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """The outcome of one trial.

    ``scores`` maps (readout, split name) to an array of shape (images, classes). A diverged trial
    (a loss or logit that is not finite) has no scores; it is a result, not an error.
    ``pool_images`` counts the images of each class that the seeds draw from.
    """

    trial: Trial
    diverged: bool
    splits: Mapping[str, Split]
    scores: Mapping[tuple[str, str], Scores]
    train_images: tuple[int, ...]
    pool_images: tuple[int, ...]
    losses: tuple[float, ...]
    seconds: Mapping[str, float]
    environment: Mapping[str, str]
