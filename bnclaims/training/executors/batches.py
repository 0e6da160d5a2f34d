"""Which images a step sees: decided by the seed before training, the same in every arm."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bnclaims.protocol.batches import batch_sizes
from bnclaims.protocol.names import OVERSAMPLED
from bnclaims.protocol.random_streams import generator
from bnclaims.protocol.trial import Trial


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
