"""Synthetic worlds: a generator with known truth that replaces the trainer and nothing else.

Each network of a world ranks images with the same ability and differs in where its threshold lies,
which is all that the audit needs to see effects, their absence, and trainers that do not work.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from bnclaims.errors import BnclaimsError
from bnclaims.record import Record, Scores, Split
from bnclaims.streams import generator
from bnclaims.trial import KEPT, PLAIN, RECALIBRATED, REMOVED, Trial

POOL = 2000


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """What is true in a world.

    ``bias`` maps an arm and a readout to what is added to the minority logits (0: the best
    threshold); ``ability`` is the distance between classes in standard deviations; ``spread`` is the
    standard deviation of the bias over seeds; ``diverging`` the share of trials that diverge.
    """

    truth: str
    bias: Callable[[str, str], float]
    ability: float = 2.5
    spread: float = 0.3
    diverging: float = 0.0
    constant: bool = False


def _shifted(arm: str, readout: str) -> float:
    if arm == PLAIN:
        return -5.0
    return -1.0 if readout == REMOVED else 0.0


WORLDS: Mapping[str, World] = {
    "null": World(truth="no arm differs from plain", bias=lambda arm, readout: -1.5),
    "effect": World(
        truth="final BN, with softmax and sigmoid alike, moves the threshold to its best place",
        bias=_shifted,
    ),
    "diverging": World(
        truth="as effect, but one trial in five diverges", bias=_shifted, diverging=0.2
    ),
    "broken_trainer": World(
        truth="every network gives the same scores for every image", bias=_shifted, constant=True
    ),
}


def world(name: str) -> World:
    """The world of that name; `BnclaimsError` for an unknown one."""
    if name not in WORLDS:
        raise BnclaimsError(f"--world {name}: unknown; use one of {', '.join(WORLDS)}.")
    return WORLDS[name]


def trainer(name: str) -> Callable[[Trial], Record]:
    """A stand-in for the real trainer that makes the records of the named world."""
    truth = world(name)
    return lambda trial: _record(trial, truth, name)


def _record(trial: Trial, truth: World, name: str) -> Record:
    task = trial.setting.task
    classes = len(task.classes)
    # Images and the paired part of the noise depend on the seed alone, as for real networks.
    splits = {
        split: _split(trial.seed, split, [task.images_of(c)[part] for c in range(classes)])
        for part, split in ((1, "validation"), (2, "test"))
    }
    own = generator(trial.seed, "world", trial.key)
    diverged = bool(own.random() < truth.diverging)
    readouts = [KEPT] if trial.arm == PLAIN else [KEPT, REMOVED, RECALIBRATED]
    offset = own.normal(0, truth.spread)
    scores: dict[tuple[str, str], Scores] = {}
    for split_name, split in splits.items():
        shared = generator(trial.seed, "world", split_name).normal(
            size=(len(split.labels), classes)
        )
        for readout in readouts:
            logits = 0.8 * shared + 0.6 * own.normal(size=shared.shape)
            logits[np.arange(len(split.labels)), split.labels] += truth.ability
            logits[:, list(task.minority_classes)] += truth.bias(trial.arm, readout) + offset
            if truth.constant:
                logits = np.tile(np.eye(1, classes), (len(split.labels), 1))
            scores[readout, split_name] = _scores(logits)
    return Record(
        trial=trial,
        diverged=diverged,
        splits=splits,
        scores={} if diverged else scores,
        train_images=tuple(task.images_of(c)[0] for c in range(classes)),
        pool_images=(POOL,) * classes,
        losses=(0.5,),
        seconds={"train": 0.0, "read": 0.0, "processor": 0.0},
        environment={"executor": f"world {name}"},
    )


def _split(seed: int, name: str, counts: list[int]) -> Split:
    labels = np.repeat(np.arange(len(counts)), counts)
    images = []
    for label, count in enumerate(counts):
        drawn = generator(seed, "world", "images", str(label)).permutation(POOL)
        # Validation from the front, test from the back: the two never share an image.
        chosen = drawn[:count] if name == "validation" else drawn[::-1][:count]
        images += [f"world/{label}/{index}" for index in chosen]
    return Split(images=tuple(images), groups=tuple(images), labels=labels.astype(np.int64))


def _scores(logits: NDArray[np.float64]) -> Scores:
    scores: Scores = (logits - logits.max(axis=1, keepdims=True)).astype(np.float16)
    return scores
