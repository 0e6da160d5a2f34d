"""What a dataset is: its images, where they come from, and what people should know about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageSet:
    """All images of a dataset at one size.

    ``pixels`` has shape (images, height, width, channels); ``class_of`` numbers each image's class
    in ``classes``. ``images`` are unique ids. ``groups`` names what several images have in common
    (a leaf, a lesion, a patient), and is the image's own id where nothing is shared; ``grouped``
    says whether the source knows of such groups at all.
    """

    name: str
    pixels: Pixels
    class_of: NDArray[np.int64]
    classes: tuple[str, ...]
    images: tuple[str, ...]
    groups: tuple[str, ...]
    grouped: bool
    synthetic: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sources:
    """Where images on disk come from: the folder of data packs, and the user's own image folder."""

    data_root: Path | None = None
    folder: Path | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """What people should know about a dataset before they trust a verdict on it.

    ``classes`` is empty when only the images on disk tell. ``grouped_by`` names what images share
    ("leaf"), or is None. ``files`` are the paths under ``--data-root`` that the dataset needs.
    """

    name: str
    title: str
    synthetic: bool
    licence: str
    citation: str
    source: str
    classes: tuple[str, ...]
    grouped_by: str | None
    files: tuple[str, ...] = ()

    @property
    def needs_data_root(self) -> bool:
        """Whether the images are read from ``--data-root``."""
        return bool(self.files)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dataset:
    """A dataset of the registry.

    ``read`` returns the images at a size in pixels. ``fingerprint`` names their content without
    decoding them.
    """

    info: DatasetInfo
    read: Callable[[Sources, int], ImageSet]
    fingerprint: Callable[[Sources], str]


def image_set(
    info: DatasetInfo,
    *,
    pixels: Pixels,
    class_names: list[str],
    classes: tuple[str, ...],
    images: list[str],
    groups: list[str],
) -> ImageSet:
    """An `ImageSet` whose class numbers follow ``classes``, from one class name per image."""
    number: Mapping[str, int] = {name: index for index, name in enumerate(classes)}
    return ImageSet(
        name=info.name,
        pixels=pixels,
        class_of=np.array([number[name] for name in class_names], dtype=np.int64),
        classes=classes,
        images=tuple(images),
        groups=tuple(groups),
        grouped=info.grouped_by is not None,
        synthetic=info.synthetic,
    )
