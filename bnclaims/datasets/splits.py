"""Drawing a task's training, validation and test images: by whole groups, seeded and nested."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bnclaims.datasets.dataset import ImageSet, Pixels, Sources
from bnclaims.datasets.files.image_folder import composed
from bnclaims.datasets.registry import fingerprint, load
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.random_streams import generator
from bnclaims.protocol.trial import Task
from bnclaims.store.record import Split

Indices = NDArray[np.int64]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Draw:
    """The images of a task under one seed, class after class within each split.

    Pixels have shape (images, height, width, channels); labels number the classes of the task.
    ``pool_images`` counts, per class, the images of the dataset that the seeds draw from.
    """

    train_pixels: Pixels
    train_labels: NDArray[np.int64]
    train: Split
    validation_pixels: Pixels
    test_pixels: Pixels
    splits: Mapping[str, Split]
    pool_images: tuple[int, ...]
    train_counts: tuple[int, ...]


def draw(task: Task, seed: int, *, sources: Sources) -> Draw:
    """The images that one seed draws for a task.

    No group is on two sides. The test images depend on nothing but the seed, the classes and
    ``test_images``; the training images of a class are the first of one order, however many are
    taken. `BnclaimsError` when the images are not those of the task's fingerprint, or too few.
    """
    now = fingerprint(task.dataset, sources=sources)
    if now != task.fingerprint:
        raise BnclaimsError(
            f"--dataset {task.dataset}: the images have the fingerprint {now} instead of "
            f"{task.fingerprint}; they changed after the audit was planned, so start it again."
        )
    images = load(task.dataset, image_size=task.image_size, sources=sources)
    labels = task_labels(task, images)
    sides = draw_indices(task, seed, labels=labels, groups=images.groups)
    train, validation, test = (_split(images, labels, side) for side in sides)
    return Draw(
        train_pixels=images.pixels[sides[0]],
        train_labels=train.labels,
        train=train,
        validation_pixels=images.pixels[sides[1]],
        test_pixels=images.pixels[sides[2]],
        splits={"validation": validation, "test": test},
        pool_images=tuple(np.bincount(labels[labels >= 0], minlength=len(task.classes)).tolist()),
        train_counts=tuple(np.bincount(train.labels, minlength=len(task.classes)).tolist()),
    )


def task_labels(task: Task, images: ImageSet) -> NDArray[np.int64]:
    """The task's class of each image of the dataset, -1 for images of classes it leaves out."""
    number = {composed(name): index for index, names in enumerate(task.classes) for name in names}
    return np.array([number.get(name, -1) for name in images.classes], dtype=np.int64)[
        images.class_of
    ]


def draw_indices(
    task: Task, seed: int, *, labels: NDArray[np.int64], groups: tuple[str, ...]
) -> tuple[Indices, Indices, Indices]:
    """Indices of the training, validation and test images.

    One order of all groups of the dataset serves every task of a seed. The test takes groups from
    its front, class by class until each has enough images; the validation takes from its back, so
    that its size leaves the beginning of the training order alone; all other groups are for
    training. Images beyond those needed, in groups that test or validation took, are not used.
    """
    names, group_of = np.unique(np.array(groups), return_inverse=True)
    stream = generator(seed, "split")
    # Sorting uniform numbers instead of `permutation`, whose algorithm may change with numpy.
    order = np.argsort(stream.random(len(names)), kind="stable")
    place = np.argsort(order, kind="stable")[group_of]
    tie = stream.random(len(groups))

    members = np.lexsort((tie, place))
    members = members[labels[members] >= 0]
    wanted = np.array([task.images_of(index) for index in range(len(task.classes))])
    in_test = _leading_groups(place[members], labels[members], wanted[:, 2])
    test, rest = members[in_test], members[~in_test]
    in_validation = _leading_groups(-place[rest][::-1], labels[rest][::-1], wanted[:, 1])[::-1]
    validation, training = rest[in_validation][::-1], rest[~in_validation]

    # One photo of every leaf first, then a second one: ten training images taken leaf by leaf
    # would show two or three leaves only.
    training = training[np.argsort(_rank_in_group(training, place, labels), kind="stable")]
    return (
        _first(training, labels, wanted[:, 0], "training", task, seed),
        _first(validation, labels, wanted[:, 1], "validation", task, seed),
        _first(test, labels, wanted[:, 2], "test", task, seed),
    )


def _leading_groups(
    place: NDArray[np.int64], labels: NDArray[np.int64], wanted: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which images, sorted by place, are of the first groups that hold the wanted number per class.

    A group is taken whole when any of its classes still lacks images at that point.
    """
    one_hot = labels[:, np.newaxis] == np.arange(len(wanted))
    starts = np.flatnonzero(np.diff(place, prepend=place[:1] - 1))
    counts = np.add.reduceat(one_hot.astype(np.int64), starts, axis=0) if len(place) else one_hot
    before = np.cumsum(counts, axis=0) - counts
    taken = ((counts > 0) & (before < wanted)).any(axis=1)
    return np.repeat(taken, np.diff(starts, append=len(place)))


def _rank_in_group(members: Indices, place: Indices, labels: Indices) -> Indices:
    """How many earlier members are of the same group and class, for each member."""
    seen: dict[tuple[int, int], int] = {}
    ranks = np.empty(len(members), dtype=np.int64)
    for position, key in enumerate(
        zip(place[members].tolist(), labels[members].tolist(), strict=True)
    ):
        ranks[position] = seen.get(key, 0)
        seen[key] = seen.get(key, 0) + 1
    return ranks


def _first(
    members: Indices, labels: Indices, wanted: Indices, side: str, task: Task, seed: int
) -> Indices:
    """The first members of each class, class after class."""
    found = []
    for index, count in enumerate(wanted.tolist()):
        of_class = members[labels[members] == index]
        if len(of_class) < count:
            raise BnclaimsError(
                f"{task.label}: seed {seed} leaves {len(of_class)} {side} images of "
                f"{'+'.join(task.classes[index])} where {count} are needed; ask for fewer images."
            )
        found.append(of_class[:count])
    return np.concatenate(found)


def _split(images: ImageSet, labels: Indices, chosen: Indices) -> Split:
    return Split(
        images=tuple(images.images[index] for index in chosen),
        groups=tuple(images.groups[index] for index in chosen),
        labels=labels[chosen],
    )
