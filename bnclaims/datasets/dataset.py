"""Dataset: its images, where they come from, and what people should know about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bnclaims.errors import BnclaimsError

Pixels = NDArray[np.uint8]

# All images of a dataset at one size have to fit into memory at least once.
MAX_BYTES = 4 * 2**30


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
    """Where images come from: the folder of data sets, the user's own image folder, the network.

    Of the user's folder only ``classes`` are looked at, or all where none are named. ``offline``
    forbids the network.
    """

    data_root: Path | None = None
    folder: Path | None = None
    classes: tuple[str, ...] = ()
    offline: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Release:
    """One form in which the images of a dataset are published.

    ``files`` are its files and folders under ``--data-root``, which are those of ``downloads``
    where it can be downloaded. ``counts`` gives the images of each class and ``groups`` how many
    different ones there are; None where the images stand alone. ``package`` is the module that
    holds the images where an extra of this project, called as the dataset, installs them.
    ``left_out`` counts images that are published but in none of the classes, by what they are.
    """

    title: str
    files: tuple[str, ...]
    counts: Mapping[str, int]
    groups: int | None = None
    downloads: tuple[RemoteFile, ...] = ()
    package: str | None = None
    left_out: Mapping[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """What people should know about a dataset before they trust a verdict on it.

    ``classes`` is empty when only the images on disk tell. ``grouped_by`` names what images share
    ("leaf"), or is None. ``releases`` are the forms in which its files are published, the most
    complete one first; one without files comes with a package. The user's own images have none.
    """

    name: str
    title: str
    synthetic: bool
    licence: str
    citation: str
    source: str
    classes: tuple[str, ...]
    grouped_by: str | None
    releases: tuple[Release, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dataset:
    """A dataset of the registry.

    ``read`` returns the images at a size in pixels. ``fingerprint`` names their content without
    decoding them. What is ``cached`` is read once for all processes of a user.
    """

    info: DatasetInfo
    read: Callable[[Sources, int], ImageSet]
    fingerprint: Callable[[Sources], str]
    cached: bool = False


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


def empty_pixels(info: DatasetInfo, *, images: int, image_size: int, channels: int = 3) -> Pixels:
    """An array for the images of a dataset; `BnclaimsError` when they are more than fit."""
    needed = images * image_size**2 * channels
    if needed > MAX_BYTES:
        side = int((MAX_BYTES / images / channels) ** 0.5)
        raise BnclaimsError(
            f"image_size {image_size}: the {images} images of {info.name} would take "
            f"{megabytes(needed)}; choose {side} pixels or fewer."
        )
    return np.empty((images, image_size, image_size, channels), dtype=np.uint8)


@dataclasses.dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file that somebody publishes.

    ``name`` is its path inside the cache folder. The ``urls`` are tried in order. ``checksum`` is
    "sha256:" or "md5:" and hexadecimal digits; ``size`` is in bytes.
    """

    name: str
    urls: tuple[str, ...]
    checksum: str
    size: int


def megabytes(size: int) -> str:
    """A size in bytes as people read it."""
    return f"{size / 1e6:.3g} MB" if size < 1e9 else f"{size / 1e9:.3g} GB"
