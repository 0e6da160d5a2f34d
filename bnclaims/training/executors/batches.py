"""Which images a step sees: decided by the seed before training, the same in every arm."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bnclaims.protocol.batches import batch_sizes
from bnclaims.protocol.names import ARMS, OVERSAMPLED
from bnclaims.protocol.random_streams import generator
from bnclaims.protocol.trial import Trial

# Class indices int64 (n,) and a random stream -> indices (n,) of the images of one epoch.
Order = Callable[[NDArray[np.int64], np.random.Generator], NDArray[np.int64]]


def epochs(
    trial: Trial, labels: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], list[int]]]:
    """For each epoch, the training images in order (indices) and how they are cut into batches.

    ``labels`` has one class index per training image. A setting of fixed steps repeats epochs and
    cuts the last one short. The order depends on the seed and the number of images alone; only the
    arms of order have their own, from a stream of their own, in batches of the same number and sizes.
    """
    setting = trial.setting
    sizes = batch_sizes(len(labels), setting.batch_size)
    own = ARMS[trial.arm].changes == "order"
    stream, draw = ORDERS[trial.arm] if own else ("order", _shuffled)
    random = generator(trial.seed, stream)
    left = setting.steps if setting.epochs is None else setting.epochs * len(sizes)
    assert left is not None  # a setting has one of the two
    while left > 0:
        order = draw(labels, random)
        taken = sizes[:left]
        yield order[: sum(taken)], taken
        left -= len(taken)


def _shuffled(labels: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    return random.permutation(len(labels))


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


# The purpose of the random stream of each arm of order, and how it orders the images of an epoch.
ORDERS: Final[Mapping[str, tuple[str, Order]]] = {OVERSAMPLED: ("oversample", _balanced)}
