"""Usable images of a user's folder: as many of each class as any split into three sides can use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bnclaims.datasets.dataset import Sources
from bnclaims.datasets.files.image_folder import class_of, composed
from bnclaims.datasets.folder import groups_in, groups_of, listing
from bnclaims.datasets.splits import draw_indices
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.own_ratio import counts_in
from bnclaims.protocol.trial import Task

# Seeds whose splits are tried where groups hold several classes, and what is kept in hand for others.
_SEEDS: Final = 100
_IN_HAND: Final = 0.95


def usable_images(
    sources: Sources, majority: tuple[str, ...], minority: tuple[str, ...]
) -> Mapping[str, int]:
    """Images of these two classes, each of one or several names, by the names joined with "/".

    What belongs together stays on one side, so that of the two largest groups of a class all but one
    image may be left over. Where groups hold both classes, a side takes images of the one with those of
    the other, and no bound is worth its rules: as many are taken as splits of a hundred seeds can use
    in the folder's own ratio, less a twentieth.
    """
    found = listing(sources)
    grouped = groups_of(found, groups_in(sources, found))
    number = {composed(name): at for at, names in enumerate((majority, minority)) for name in names}
    names = [name for name in found.used if class_of(name) in number]
    labels = np.array([number[class_of(name)] for name in names], dtype=np.int64)
    groups = tuple(grouped[name] for name in names)
    usable = []
    for label in (0, 1):
        sizes = Counter(group for group, of in zip(groups, labels, strict=True) if of == label)
        usable.append(sum(sizes.values()) - sum(size - 1 for _, size in sizes.most_common(2)))
    if len(set(zip(groups, labels.tolist(), strict=True))) > len(set(groups)):
        share = next(
            (at / 20 for at in range(20, 0, -1) if _can(usable, at / 20, labels, groups)), 0.0
        )
        usable = [int(_IN_HAND * share * images) for images in usable]
    return {"/".join(majority): usable[0], "/".join(minority): usable[1]}


def _can(
    usable: list[int],
    share: float,
    labels: NDArray[np.int64],
    groups: tuple[str, ...],
) -> bool:
    """Whether the splits of all seeds can be drawn from this share of the images."""
    counts = counts_in(*(int(share * images) for images in usable))
    if counts is None:
        return False
    task = Task(
        dataset="folder",
        fingerprint="",
        image_size=0,
        majority=(("majority",),),
        minority=(("minority",),),
        **counts,
    )
    try:
        for seed in range(_SEEDS):
            draw_indices(task, seed, labels=labels, groups=groups)
    except BnclaimsError:
        return False
    return True
