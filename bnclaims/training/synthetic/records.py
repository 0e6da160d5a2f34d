"""The records of a world: every network ranks images alike and differs in where its threshold lies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnclaims.protocol.names import KEPT, PLAIN, REMOVED
from bnclaims.protocol.random_streams import generator
from bnclaims.protocol.trial import Setting, Task, Trial
from bnclaims.store.record import Record, Scores, Split
from bnclaims.training.synthetic.worlds import World, world

POOL = 2000
# Seeds that are drawn together: a first look's, as judgements ask for no fewer.
BLOCK = 8
# Shares of the noise that all networks of a seed have in common, and that is a network's own.
_KEPT_BLOCKS = 64
_SHARED, _OWN = 0.9, 0.19**0.5

Floats = NDArray[np.float64]


def trainer(name: str, *, suite: int = 0, **changes: Any) -> Callable[[Trial], Record]:
    """A stand-in for the real trainer that makes the records of the named world.

    Every random number depends on ``suite``, so that suites are independent repetitions.
    ``changes`` are fields of the `World` that are to be other than its own, as ``pool=600``.
    """
    return partial(_record, drawn=_Drawn(name, dataclasses.replace(world(name), **changes), suite))


@dataclasses.dataclass(frozen=True)
class _Images:
    """The images of a block of seeds, and what they bring into the scores of every network.

    ``splits`` has those of each seed; ``evidence`` has shape (seeds, images, classes), validation
    images first; ``trained`` (seeds,) and ``tested`` (seeds, images) are what the minority images in
    training (their mean) and each scored image add to the layer's shift. ``train_images`` and
    ``pool_images`` count by class.
    """

    train_images: tuple[int, ...]
    pool_images: tuple[int, ...]
    splits: tuple[dict[str, Split], ...]
    evidence: Floats
    trained: Floats
    tested: Floats


@dataclasses.dataclass(frozen=True)
class _Networks:
    """The networks of a block of seeds in one setting and arm: who diverged, and their scores.

    Arrays of ``scores`` have shape (seeds, images, classes), validation ``images`` first.
    """

    images: _Images
    diverged: NDArray[np.bool_]
    scores: dict[str, Scores]


@dataclasses.dataclass
class _Drawn:
    """What a world has drawn of late, by canonical setting, arm and block."""

    name: str
    truth: World
    suite: int
    networks: dict[tuple[str, str, int], _Networks] = dataclasses.field(default_factory=dict)

    def of(self, setting: Setting, arm: str, block: int) -> _Networks:
        """The networks of a block of seeds; its trials come one after the other."""
        key = (setting.canonical, arm, block)
        if key not in self.networks:
            if len(self.networks) == _KEPT_BLOCKS:
                del self.networks[next(iter(self.networks))]
            self.networks[key] = _networks(setting, arm, block, self.truth, self.suite)
        return self.networks[key]


def _record(trial: Trial, *, drawn: _Drawn) -> Record:
    block, place = divmod(trial.seed, BLOCK)
    networks = drawn.of(trial.setting, trial.arm, block)
    splits = networks.images.splits[place]
    diverged = bool(networks.diverged[place])
    scores: dict[tuple[str, str], Scores] = {}
    for readout, of_images in networks.scores.items():
        start = 0
        for split, content in splits.items():
            stop = start + len(content.labels)
            if not diverged:
                scores[readout, split] = of_images[place, start:stop]
            start = stop
    return Record(
        trial=trial,
        diverged=diverged,
        splits=splits,
        scores=scores,
        train_images=networks.images.train_images,
        pool_images=networks.images.pool_images,
        losses=(0.5,),
        seconds={"train": 0.0, "read": 0.0, "processor": 0.0},
        environment={"executor": f"world {drawn.name}"},
    )


def _networks(setting: Setting, arm: str, block: int, truth: World, suite: int) -> _Networks:
    task = setting.task
    images = _images(task, block, truth, suite)
    own = generator(block, "world", str(suite), setting.canonical, arm)
    diverged = own.random(BLOCK) < truth.diverging
    offset = truth.plain + own.normal(0, truth.spread, BLOCK)
    moved = np.where(own.random(BLOCK) < truth.works, truth.shift(setting), 0.0)
    moved += truth.skew * (own.exponential(size=BLOCK) - 1) + images.trained
    noise = images.evidence + _OWN * own.normal(size=images.evidence.shape)
    if truth.constant:
        noise = np.zeros_like(noise)
        noise[..., 0] = 1.0
        offset = moved = np.zeros(BLOCK)
    shares = {KEPT: 0.0} if arm == PLAIN else {KEPT: 1.0, REMOVED: truth.removed}
    scores: dict[str, Scores] = {}
    for readout, share in shares.items():
        logits = noise.copy()
        added = offset[:, np.newaxis] + share * (moved[:, np.newaxis] + images.tested)
        logits[..., task.minority_classes] += added[..., np.newaxis]
        logits -= logits.max(axis=-1, keepdims=True)
        scores[readout] = logits.astype(np.float16)
    return _Networks(images, diverged, scores)


def _pool(task: Task, label: int, truth: World) -> int:
    """Images of one class; only those of a minority class are ever few."""
    few = truth.pool is not None and label in task.minority_classes
    return (truth.pool or 0) * len(task.classes[label]) if few else POOL


# All arms and most settings of a seed share these.
@lru_cache(maxsize=128)
def _images(task: Task, block: int, truth: World, suite: int) -> _Images:
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
    labels = np.concatenate([split.labels for split in splits[0].values()])
    evidence = _SHARED * shared.normal(size=(BLOCK, len(labels), classes))
    evidence[:, np.arange(len(labels)), labels] += truth.ability
    added = np.stack(tested) if tested else np.zeros((BLOCK, len(labels)))
    train_images = tuple(task.images_of(label)[0] for label in range(classes))
    return _Images(train_images, tuple(pools), tuple(splits), evidence, trained, added)


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
