"""Datasets by name: what there is, what it holds, and how to read it once per process."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping
from types import MappingProxyType

from bnclaims.datasets import (
    digits,
    fashion_mnist,
    folder,
    leaves,
    plantvillage_apple,
    plantvillage_pepper,
    plantvillage_tomato,
)
from bnclaims.datasets._images import Dataset, DatasetInfo, ImageSet, Sources
from bnclaims.errors import BnclaimsError

DATASETS: Mapping[str, Dataset] = MappingProxyType(
    {
        dataset.info.name: dataset
        for dataset in (
            digits.DATASET,
            leaves.DATASET,
            fashion_mnist.DATASET,
            plantvillage_apple.DATASET,
            plantvillage_pepper.DATASET,
            plantvillage_tomato.DATASET,
        )
    }
)

SMALLEST_IMAGE, LARGEST_IMAGE = 4, 256


def find(dataset: str) -> Dataset:
    """The dataset of that name, ``folder:NAME`` included; `BnclaimsError` when there is none."""
    if dataset.startswith(folder.PREFIX) and len(dataset) > len(folder.PREFIX):
        return folder.folder(dataset.removeprefix(folder.PREFIX))
    if dataset in DATASETS:
        return DATASETS[dataset]
    close = difflib.get_close_matches(dataset.lower(), DATASETS, n=3)
    hint = f"did you mean {' or '.join(close)}" if close else f"use one of {', '.join(DATASETS)}"
    raise BnclaimsError(
        f"--dataset {dataset}: no such dataset; {hint}, or folder:PATH for your own images."
    )


def info(dataset: str) -> DatasetInfo:
    """What people should know about a dataset; `BnclaimsError` when there is none of that name."""
    return find(dataset).info


def fingerprint(dataset: str, *, sources: Sources) -> str:
    """A short text that changes whenever an image, a label or a group of the dataset changes.

    It does not depend on where the files lie and decodes no image. `BnclaimsError` when the
    dataset is unknown or its files are not there.
    """
    return find(dataset).fingerprint(sources)


def load(dataset: str, *, image_size: int, sources: Sources) -> ImageSet:
    """All images of a dataset as squares of ``image_size`` pixels, read once per process.

    Files that change on disk are read again. `BnclaimsError` when the dataset is unknown, its files
    are missing, damaged or too large, or the size is not between 4 and 256.
    """
    if not SMALLEST_IMAGE <= image_size <= LARGEST_IMAGE:
        raise BnclaimsError(
            f"image_size {image_size}: choose one from {SMALLEST_IMAGE} to {LARGEST_IMAGE} pixels."
        )
    return _load(dataset, image_size, sources, fingerprint(dataset, sources=sources))


# A worker's trials use few datasets; a handful of them at up to 100 MB each stay in memory.
@functools.lru_cache(maxsize=6)
def _load(dataset: str, image_size: int, sources: Sources, content: str) -> ImageSet:
    images = find(dataset).read(sources, image_size)
    # The arrays are shared by everything in the process.
    images.pixels.flags.writeable = False
    images.class_of.flags.writeable = False
    return images
