"""The records of a world: every network ranks images alike and differs in where its threshold lies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from bnclaims.record import Record, Scores, Split
from bnclaims.streams import generator
from bnclaims.trial import KEPT, PLAIN, REMOVED, Task, Trial
from bnclaims.worlds.truths import World, world

POOL = 2000
# Shares of the noise that all networks of a seed have in common, and that is a network's own.
_SHARED, _OWN = 0.9, 0.19**0.5

Floats = NDArray[np.float64]


def trainer(name: str, *, suite: int = 0) -> Callable[[Trial], Record]:
    """A stand-in for the real trainer that makes the records of the named world.

    Every random number depends on ``suite``, so that suites are independent repetitions.
    """
    return partial(_record, truth=world(name), name=name, suite=suite)


@dataclasses.dataclass(frozen=True)
class _Images:
    """The images of one seed, and what they bring into the scores of every network.

    ``evidence`` has shape (images, classes), validation images first; ``trained`` and ``tested`` are
    what the minority images in training (their mean) and each scored image add to the layer's shift.
    """

    splits: dict[str, Split]
    evidence: Floats
    trained: float
    tested: Floats


def _record(trial: Trial, *, truth: World, name: str, suite: int) -> Record:
    task = trial.setting.task
    classes = len(task.classes)
    images = _images(task, trial.seed, truth, suite)
    own = generator(trial.seed, "world", str(suite), trial.key)
    diverged = bool(own.random() < truth.diverging)
    scores: dict[tuple[str, str], Scores] = {}
    if not diverged:
        offset = truth.plain + own.normal(0, truth.spread)
        moved = truth.shift(trial.setting) if own.random() < truth.works else 0.0
        moved += truth.skew * (own.exponential() - 1) + images.trained
        noise = images.evidence + _OWN * own.normal(size=images.evidence.shape)
        if truth.constant:
            noise = np.tile(np.eye(1, classes), (len(noise), 1))
            offset = moved = 0.0
        shares = {KEPT: 0.0} if trial.arm == PLAIN else {KEPT: 1.0, REMOVED: truth.removed}
        for readout, share in shares.items():
            logits = noise.copy()
            added = offset + share * (moved + images.tested[:, np.newaxis])
            logits[:, list(task.minority_classes)] += added
            logits -= logits.max(axis=1, keepdims=True)
            start = 0
            for split, content in images.splits.items():
                stop = start + len(content.labels)
                scores[readout, split] = logits[start:stop].astype(np.float16)
                start = stop
    return Record(
        trial=trial,
        diverged=diverged,
        splits=images.splits,
        scores=scores,
        train_images=tuple(task.images_of(c)[0] for c in range(classes)),
        pool_images=tuple(_pool(task, c, truth) for c in range(classes)),
        losses=(0.5,),
        seconds={"train": 0.0, "read": 0.0, "processor": 0.0},
        environment={"executor": f"world {name}"},
    )


def _pool(task: Task, label: int, truth: World) -> int:
    """Images of one class; only those of a minority class are ever few."""
    few = truth.pool is not None and label in task.minority_classes
    return (truth.pool or 0) * len(task.classes[label]) if few else POOL


# All arms and most settings of a seed share these.
@lru_cache(maxsize=256)
def _images(task: Task, seed: int, truth: World, suite: int) -> _Images:
    classes = len(task.classes)
    shared = generator(seed, "world", str(suite), "images")
    chosen: dict[str, list[NDArray[np.int64]]] = {"validation": [], "test": []}
    trained = 0.0
    for label in range(classes):
        train, validation, test = task.images_of(label)
        # Validation from the front, test from the back, training next to validation: no overlap.
        drawn = shared.permutation(_pool(task, label, truth))
        chosen["validation"].append(drawn[:validation])
        chosen["test"].append(drawn[::-1][:test])
        if truth.images and label in task.minority_classes:
            values = _values(suite, task.dataset, task.classes[label], len(drawn), truth.images)
            trained += float(values[drawn[validation : validation + train]].mean())
    splits = {name: _split(indices) for name, indices in chosen.items()}
    labels = np.concatenate([split.labels for split in splits.values()])
    evidence = _SHARED * shared.normal(size=(len(labels), classes))
    evidence[np.arange(len(labels)), labels] += truth.ability
    tested = np.zeros(len(labels))
    if truth.images:
        indices = [index for split in chosen.values() for index in split]
        tested = np.concatenate(
            [
                _values(suite, task.dataset, ("tested", str(label)), POOL, truth.images)[index]
                for label, index in zip(list(range(classes)) * 2, indices, strict=True)
            ]
        )
    return _Images(splits, evidence, trained, tested)


@lru_cache(maxsize=256)
def _values(suite: int, dataset: str, images: tuple[str, ...], pool: int, spread: float) -> Floats:
    """What each image of a pool adds, the same in all seeds of a suite."""
    return generator(suite, "world", "pool", dataset, *images).normal(0, spread, size=pool)


@lru_cache(maxsize=8)
def _names(label: int) -> NDArray[np.object_]:
    return np.array([f"world/{label}/{index}" for index in range(POOL)], dtype=object)


def _split(indices: list[NDArray[np.int64]]) -> Split:
    images = tuple(name for label, drawn in enumerate(indices) for name in _names(label)[drawn])
    labels = np.repeat(np.arange(len(indices), dtype=np.int64), [len(drawn) for drawn in indices])
    return Split(images=images, groups=images, labels=labels)
