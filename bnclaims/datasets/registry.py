"""Datasets by name: what there is, what it holds, and how to read it once per process."""

from __future__ import annotations

import difflib
import functools
import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, cast

from bnclaims.datasets import folder
from bnclaims.datasets.dataset import Dataset, DatasetInfo, ImageSet, Sources
from bnclaims.datasets.files.image_cache import decoded_once
from bnclaims.errors import BnclaimsError

# Modules of this folder, each with a ``DATASET``, in the order in which people see them.
MODULES: Final = (
    "digits",
    "leaves.leaves",
    "plantvillage.apple",
    "plantvillage.pepper",
    "plantvillage.tomato",
    "ham10000",
    "fashion_mnist",
    "cifar10",
    "mnist",
    "mnist_5k",
    "elpv",
)


def _found(module: str) -> Dataset:
    return cast(Dataset, importlib.import_module(f"bnclaims.datasets.{module}").DATASET)


DATASETS: Mapping[str, Dataset] = MappingProxyType(
    {dataset.info.name: dataset for dataset in map(_found, MODULES)}
)

SMALLEST_IMAGE, LARGEST_IMAGE = 4, 256


def find(dataset: str, sources: Sources | None = None) -> Dataset:
    """The dataset of that name, ``folder:NAME`` included; `BnclaimsError` when there is none."""
    if dataset.startswith(folder.PREFIX) and len(dataset) > len(folder.PREFIX):
        return folder.folder(dataset.removeprefix(folder.PREFIX), sources)
    if dataset in DATASETS:
        return DATASETS[dataset]
    close = difflib.get_close_matches(dataset.lower(), DATASETS, n=3)
    hint = f"did you mean {' or '.join(close)}" if close else f"use one of {', '.join(DATASETS)}"
    raise BnclaimsError(
        f"--dataset {dataset}: no such dataset; {hint}, or folder:PATH for your own images."
    )


def info(dataset: str, *, sources: Sources | None = None) -> DatasetInfo:
    """What people should know about a dataset; `BnclaimsError` when there is none of that name.

    By what images of the user's own folder are grouped only its ``sources`` tell.
    """
    return find(dataset, sources).info


def fingerprint(dataset: str, *, sources: Sources) -> str:
    """A short text that changes whenever an image, a label or a group of the dataset changes.

    It does not depend on where the files lie and decodes no image. `BnclaimsError` when the
    dataset is unknown or its files are not there.
    """
    return find(dataset).fingerprint(sources)


def load(dataset: str, *, image_size: int, sources: Sources) -> ImageSet:
    """All images of a dataset as squares of ``image_size`` pixels, read once per process.

    Images of files are decoded once per user, into the cache folder, and then mapped into memory;
    files that change are read again. `BnclaimsError` when the dataset is unknown, its files
    are missing, damaged or too large, or the size is not between 4 and 256.
    """
    if not SMALLEST_IMAGE <= image_size <= LARGEST_IMAGE:
        raise BnclaimsError(
            f"image_size {image_size}: choose one from {SMALLEST_IMAGE} to {LARGEST_IMAGE} pixels."
        )
    return _load(dataset, image_size, sources, fingerprint(dataset, sources=sources))


# A worker's trials use few datasets; a handful of them stay in memory.
@functools.lru_cache(maxsize=6)
def _load(dataset: str, image_size: int, sources: Sources, content: str) -> ImageSet:
    found = find(dataset)

    def read() -> ImageSet:
        return found.read(sources, image_size)

    images = decoded_once(dataset, image_size, content, read) if found.cached else read()
    # The arrays are shared by everything in the process.
    images.pixels.flags.writeable = False
    images.class_of.flags.writeable = False
    return images
