"""The images of a world: which a seed draws from the pool, and the noise they bring into all scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from bnclaims.protocol.random_streams import generator
from bnclaims.protocol.trial import Task
from bnclaims.store.record import Split
from bnclaims.training.synthetic.world import World

POOL = 2000
# Seeds that are drawn together: a first look's, as judgements ask for no fewer.
BLOCK = 16
# Share of the noise that all networks of a seed have in common.
SHARED = 0.9

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Images:
    """The images of a block of seeds, and what they bring into the scores of every network.

    ``splits`` has those of each seed; ``noise`` has shape (seeds, images, classes), validation
    images first, and ``own_class`` (images, classes) is 1 at the class of each. ``trained`` (seeds,)
    and ``tested`` (seeds, images) are what the minority images in training (their mean) and each
    scored image add to the layer's shift. ``train_images`` and ``pool_images`` count by class.
    """

    train_images: tuple[int, ...]
    pool_images: tuple[int, ...]
    splits: tuple[dict[str, Split], ...]
    noise: Floats
    own_class: Floats
    trained: Floats
    tested: Floats


# All arms and most settings of a seed share these.
@lru_cache(maxsize=128)
def images_of(task: Task, block: int, truth: World, suite: int) -> Images:
    """The images of a block of seeds of a task; they depend on nothing else but world and suite."""
    classes = len(task.classes)
    pools = [_pool(task, label, truth) for label in range(classes)]
    shared = generator(block, "world", str(suite), "images", task.dataset)
    splits: list[dict[str, Split]] = []
    trained = np.zeros(BLOCK)
    tested: list[Floats] = []
    for place in range(BLOCK):
        chosen: dict[str, list[NDArray[np.int64]]] = {"validation": [], "test": []}
        for label in range(classes):
            train, validation, test = task.images_of(label)
            # Validation from the front, test from the back, training next to validation: no overlap.
            drawn = shared.permutation(pools[label])
            chosen["validation"].append(drawn[:validation])
            chosen["test"].append(drawn[::-1][:test])
            if truth.images and label in task.minority_classes:
                images = task.classes[label]
                values = _values(suite, task.dataset, images, pools[label], truth.images)
                trained[place] += values[drawn[validation : validation + train]].mean()
        splits.append({name: _split(indices, pools) for name, indices in chosen.items()})
        if truth.images:
            of_class = [
                _values(suite, task.dataset, ("tested", str(label)), pool, truth.images)
                for label, pool in enumerate(pools)
            ]
            scored = [
                of_class[label][index]
                for indices in chosen.values()
                for label, index in enumerate(indices)
            ]
            tested.append(np.concatenate(scored))
    labels = [split.labels for split in splits[0].values()]
    every = np.concatenate(labels)
    return Images(
        train_images=tuple(task.images_of(label)[0] for label in range(classes)),
        pool_images=tuple(pools),
        splits=tuple(splits),
        noise=_even(shared, labels, classes)
        if truth.modes
        else SHARED * shared.normal(size=(BLOCK, len(every), classes)),
        own_class=np.eye(classes)[every],
        trained=trained,
        tested=np.stack(tested) if tested else np.zeros((BLOCK, len(every))),
    )


def _even(stream: np.random.Generator, splits: Sequence[NDArray[np.int64]], classes: int) -> Floats:
    """Normal noise of which every class of images of a split has as many as it should of each size.

    The share of them beyond a line is what it is in the normal distribution, to within one image.
    Class 0 has none, so that a margin to it has the variance of two.
    """
    parts = []
    for labels in splits:
        for label in range(classes):
            images = int(np.count_nonzero(labels == label))
            ranks = np.tile(np.arange(images), (BLOCK, classes - 1, 1))
            places = (stream.permuted(ranks, axis=2) + stream.random((BLOCK, 1, 1))) / images
            noise = np.zeros((BLOCK, images, classes))
            noise[..., 1:] = 2**0.5 * ndtri(places).transpose(0, 2, 1)
            parts.append(noise)
    return np.concatenate(parts, axis=1)


def _pool(task: Task, label: int, truth: World) -> int:
    """Images of one class; only those of a minority class are ever few."""
    few = truth.pool is not None and label in task.minority_classes
    return (truth.pool or 0) * len(task.classes[label]) if few else POOL


@lru_cache(maxsize=256)
def _values(suite: int, dataset: str, images: tuple[str, ...], pool: int, spread: float) -> Floats:
    """What each image of a pool adds, the same in all seeds of a suite."""
    return generator(suite, "world", "pool", dataset, *images).normal(0, spread, size=pool)


@lru_cache(maxsize=8)
def _names(label: int, pool: int) -> NDArray[np.object_]:
    return np.array([f"{label}/{index}" for index in range(pool)], dtype=object)


def _split(indices: list[NDArray[np.int64]], pools: Sequence[int]) -> Split:
    images = tuple(
        name for label, drawn in enumerate(indices) for name in _names(label, pools[label])[drawn]
    )
    labels = np.repeat(np.arange(len(indices), dtype=np.int64), [len(drawn) for drawn in indices])
    return Split(images=images, groups=images, labels=labels)
