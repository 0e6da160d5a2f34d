"""Everything about a task that can be wrong before training starts."""

from __future__ import annotations

from collections import Counter

import numpy as np

from bnclaims.datasets.dataset import ImageSet, Sources
from bnclaims.datasets.files.image_folder import composed, unknown_class
from bnclaims.datasets.registry import load
from bnclaims.datasets.splits import draw_indices, task_labels
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Task

# Seeds tried where groups hold several classes, and no bound on what they take is worth its rules.
_TRIED_SEEDS = 20


def check(task: Task, *, sources: Sources) -> None:
    """Raise `BnclaimsError` unless every seed can draw the task from the dataset.

    Reads and decodes all images, which later calls of `bnclaims.datasets.load` then share.
    """
    _check_counts(task)
    _check_repeated_classes(task)
    images = load(task.dataset, image_size=task.image_size, sources=sources)
    _check_class_names(task, images)
    _check_enough_images(task, images)


def _check_counts(task: Task) -> None:
    if not task.majority or not task.minority or not all(task.classes):
        raise BnclaimsError(
            f"{task.label}: has no majority or no minority class; name at least one of each."
        )
    for option in ("majority_images", "minority_images", "test_images"):
        if getattr(task, option) < 1:
            raise BnclaimsError(f"{option} {getattr(task, option)}: must be at least 1.")
    for option in ("validation_majority_images", "validation_minority_images"):
        if getattr(task, option) < 0:
            raise BnclaimsError(f"{option} {getattr(task, option)}: must be at least 0.")


def _check_repeated_classes(task: Task) -> None:
    uses = Counter(composed(name) for names in task.classes for name in names)
    for name, count in uses.items():
        if count > 1:
            raise BnclaimsError(
                f"{task.label}: the class {name!r} is used {count} times; name each class once, as "
                "majority or as minority."
            )


def _check_class_names(task: Task, images: ImageSet) -> None:
    for name in (name for names in task.classes for name in names):
        if composed(name) not in images.classes:
            raise unknown_class(name, task.dataset, images.classes)


def _check_enough_images(task: Task, images: ImageSet) -> None:
    labels = task_labels(task, images)
    groups = np.unique(np.array(images.groups), return_inverse=True)[1]
    for index, names in enumerate(task.classes):
        sizes = np.sort(np.bincount(groups[labels == index]))[::-1]
        _check_class(task, index, "+".join(names), sizes[sizes > 0].tolist())
    pairs = {(group, label) for group, label in zip(groups, labels, strict=True) if label >= 0}
    if len(pairs) > len({group for group, _ in pairs}):
        for seed in range(_TRIED_SEEDS):
            draw_indices(task, seed, labels=labels, groups=images.groups)


def _check_class(task: Task, index: int, name: str, sizes: list[int]) -> None:
    """Check one class whose groups have these numbers of images, largest first."""
    wanted = task.images_of(index)
    sides = sum(count > 0 for count in wanted)
    if len(sizes) < sides:
        raise BnclaimsError(
            f"{task.label}: the class {name} has {len(sizes)} groups of images, and {sides} are "
            "needed to keep training, validation and test apart; add images of other groups."
        )
    # At worst, the last groups that test and validation take are the largest, for one image each.
    unused = sum(size - 1 for size in sizes[: sides - 1])
    needed = sum(wanted) + unused
    if sum(sizes) < needed:
        training, validation, test = wanted
        spare = f", up to {unused} left over from whole groups" if unused else ""
        raise BnclaimsError(
            f"{task.label}: the class {name} has {sum(sizes)} images in {len(sizes)} groups and "
            f"needs {needed} ({training} for training, {validation} for validation, {test} for test"
            f"{spare}); ask for fewer or add images."
        )
