"""Record: what the store keeps of one trained model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.names import KEPT
from bnclaims.protocol.trial import Trial

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


def check_usable(record: Record) -> None:
    """`BnclaimsError` where an intact record does not hold what every judgement rests on.

    No trainer of this suite makes such records; the store and the report of a stranger may.
    """
    why = _unusable(record)
    if why is not None:
        raise BnclaimsError(
            f"The record of trial {record.trial.key} {why}: it was not made by this suite, so "
            "remove it."
        )


def _unusable(record: Record) -> str | None:
    classes = len(record.trial.setting.task.classes)
    if not len(record.train_images) == len(record.pool_images) == classes:
        return f"counts the images of other than its {classes} classes"
    for trained, pool in zip(record.train_images, record.pool_images, strict=True):
        if not 1 <= trained <= pool:
            return "trains on no images of a class, or on more than there are"
    if not record.diverged and (KEPT, "test") not in record.scores:
        return "has no scores of its test images"
    for name in record.splits:
        if (KEPT, name) not in record.scores:
            continue
        if not np.bincount(record.splits[name].labels, minlength=classes).all():
            return f"has no {name} images of some class"
        if not np.isfinite(record.scores[KEPT, name]).all():
            return f"has scores of its {name} images that are not finite"
    return None
