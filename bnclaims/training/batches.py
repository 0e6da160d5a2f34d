"""Which images a step sees: decided by the seed before training, the same in every arm."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bnclaims.errors import BnclaimsError
from bnclaims.streams import generator
from bnclaims.trial import OVERSAMPLED, Trial


def batch_sizes(images: int, batch_size: int) -> list[int]:
    """Sizes of the batches of one epoch, in order.

    A remainder of one image joins the batch before it: BatchNorm cannot train on a single image,
    and arms without BatchNorm must take the same steps. Raises `BnclaimsError` for batches of one.
    """
    if batch_size < 2:
        raise BnclaimsError(
            f"batch_size {batch_size} leaves BatchNorm nothing to normalise: use at least 2"
        )
    full, rest = divmod(images, batch_size)
    sizes = [batch_size] * full
    if rest == 1 and sizes:
        sizes[-1] += 1
    elif rest:
        sizes.append(rest)
    return sizes


def epochs(
    trial: Trial, labels: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], list[int]]]:
    """For each epoch, the training images in order (indices) and how they are cut into batches.

    ``labels`` has one class index per training image. A setting of fixed steps repeats epochs and
    cuts the last one short. The order depends on the seed and the number of images alone; only the
    oversampled arm has its own, in batches of the same number and sizes.
    """
    setting = trial.setting
    sizes = batch_sizes(len(labels), setting.batch_size)
    oversampled = trial.arm == OVERSAMPLED
    random = generator(trial.seed, "oversample" if oversampled else "order")
    left = setting.steps if setting.epochs is None else setting.epochs * len(sizes)
    assert left is not None  # a setting has one of the two
    while left > 0:
        order = _balanced(labels, random) if oversampled else random.permutation(len(labels))
        taken = sizes[:left]
        yield order[: sum(taken)], taken
        left -= len(taken)


def _balanced(labels: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """As many indices as images, every class equally often, images of a class with replacement."""
    classes = np.unique(labels)
    drawn = random.permutation(np.resize(classes, len(labels)))
    order = np.empty(len(labels), dtype=np.int64)
    for label in classes:
        members = np.flatnonzero(labels == label)
        places = drawn == label
        order[places] = members[random.integers(len(members), size=int(places.sum()))]
    return order
