"""Leaves: synthetic images drawn by this project, healthy or diseased, at any size.

No network and no files: for trying the audit and for its own tests. A verdict on them says nothing
about real leaves. Like PlantVillage, most leaves appear on two photos, so that a split by image
would leak. Some lesions are faint and healthy leaves have blemishes: no classifier can be perfect.
"""

from __future__ import annotations

import numpy as np

from bnclaims.datasets.dataset import Dataset, DatasetInfo, ImageSet, Release, Sources, image_set
from bnclaims.datasets.leaves.drawing import draw_leaves
from bnclaims.datasets.leaves.traits import Lesions, Species
from bnclaims.protocol.random_streams import generator

# Raise it with every change that moves a pixel: it is the fingerprint of the images.
VERSION = "leaves-1"

_BROAD = Species(
    width=(0.42, 0.62),
    teeth=0.12,
    pale=(0.48, 0.62, 0.22),
    dark=(0.13, 0.33, 0.11),
    side_veins=4,
)
_NARROW = Species(
    width=(0.14, 0.24),
    teeth=0.0,
    pale=(0.42, 0.60, 0.36),
    dark=(0.12, 0.32, 0.20),
    side_veins=0,
)
_BLEMISHES = Lesions(
    count=(0, 4),
    radius=(0.03, 0.09),
    stretch=(0.7, 1.5),
    opacity=(0.1, 0.7),
    core=(0.42, 0.33, 0.16),
    halo=(0.55, 0.55, 0.25),
)
_SPOT = Lesions(
    count=(4, 9),
    radius=(0.09, 0.18),
    stretch=(0.8, 1.25),
    opacity=(0.18, 1.0),
    core=(0.22, 0.13, 0.07),
    halo=(0.76, 0.68, 0.20),
)
_BLIGHT = Lesions(
    count=(1, 3),
    radius=(0.22, 0.40),
    stretch=(1.2, 2.2),
    opacity=(0.18, 1.0),
    core=(0.47, 0.36, 0.24),
    halo=(0.30, 0.26, 0.12),
)
_RUST = Lesions(
    count=(8, 18),
    radius=(0.05, 0.09),
    stretch=(0.9, 1.1),
    opacity=(0.18, 1.0),
    core=(0.85, 0.42, 0.08),
    halo=(0.80, 0.60, 0.15),
)

# Species, diseases and number of photos of each class. Two classes have enough for 1,000 training
# images besides validation and test, so that a task can have two majority classes.
_CLASSES: dict[str, tuple[Species, tuple[Lesions, ...], int]] = {
    "healthy": (_BROAD, (_BLEMISHES,), 1500),
    "spot": (_BROAD, (_BLEMISHES, _SPOT), 900),
    "blight": (_BROAD, (_BLEMISHES, _BLIGHT), 900),
    "rust": (_BROAD, (_BLEMISHES, _RUST), 900),
    "needle": (_NARROW, (_BLEMISHES,), 1500),
}

INFO = DatasetInfo(
    name="leaves",
    title="drawn leaves, healthy or diseased (synthetic)",
    synthetic=True,
    licence="that of this project",
    citation="",
    source="drawn by bnclaims",
    classes=tuple(_CLASSES),
    grouped_by="leaf",
    releases=(
        Release(
            title="complete",
            files=(),
            counts={name: count for name, (_, _, count) in _CLASSES.items()},
            # Five photos show three leaves.
            groups=sum(count * 3 // 5 for _, _, count in _CLASSES.values()),
        ),
    ),
)


def _read(sources: Sources, image_size: int) -> ImageSet:
    pixels, class_names, images, groups = [], [], [], []
    for name, (species, diseases, count) in _CLASSES.items():
        # Five photos show three leaves: two of them twice.
        photos = np.arange(count)
        leaf_of = 3 * (photos // 5) + np.array([0, 0, 1, 1, 2])[photos % 5]
        pixels.append(
            draw_leaves(
                species,
                diseases,
                leaf_of=leaf_of,
                leaf=generator(0, VERSION, name, "leaf"),
                photo=generator(0, VERSION, name, "photo"),
                image_size=image_size,
            )
        )
        class_names += [name] * count
        images += [f"leaves/{name}/{photo:04d}" for photo in range(count)]
        groups += [f"leaves/{name}/leaf {leaf:04d}" for leaf in leaf_of]
    return image_set(
        INFO,
        pixels=np.concatenate(pixels),
        class_names=class_names,
        classes=INFO.classes,
        images=images,
        groups=groups,
    )


def _fingerprint(sources: Sources) -> str:
    return VERSION


DATASET = Dataset(info=INFO, read=_read, fingerprint=_fingerprint, cached=True)
