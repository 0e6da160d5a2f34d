"""Datasets in the idx format of MNIST: gzipped arrays of grey-level images and of labels."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bnclaims.datasets.dataset import DatasetInfo, ImageSet, Release, image_set
from bnclaims.datasets.files.image_files import resize
from bnclaims.datasets.files.image_groups import join_copies
from bnclaims.errors import BnclaimsError

SIDE = 28
MAX_IMAGES = 100_000
IMAGES_MAGIC, LABELS_MAGIC = 2051, 2049


def read_release(
    info: DatasetInfo, release: Release, paths: tuple[Path, ...], image_size: int
) -> ImageSet:
    """The images of all pairs of files, in the order of the files.

    `BnclaimsError` when a file is damaged or its labels are not those of the images before it.
    """
    images, labels = [], []
    for images_file, labels_file in zip(paths[::2], paths[1::2], strict=True):
        images.append(read_idx(images_file, IMAGES_MAGIC, (SIDE, SIDE)))
        labels.append(_labels(labels_file, len(images[-1]), classes=len(info.classes)))
    pixels = np.concatenate(images)
    ids = [f"{info.name}/{index:05d}" for index in range(len(pixels))]
    return image_set(
        info,
        pixels=resize(info, pixels[..., np.newaxis], image_size=image_size),
        class_names=[info.classes[label] for label in np.concatenate(labels).tolist()],
        classes=info.classes,
        images=ids,
        groups=join_copies(ids, [image.tobytes() for image in pixels]),
    )


def _labels(path: Path, images: int, *, classes: int) -> NDArray[np.uint8]:
    labels = read_idx(path, LABELS_MAGIC, ())
    if len(labels) != images:
        raise BnclaimsError(
            f"{path}: has {len(labels)} labels for {images} images; fetch both files again."
        )
    if labels.size and labels.max() >= classes:
        raise BnclaimsError(
            f"{path}: holds the label {labels.max()}, above {classes - 1}; fetch the file again."
        )
    return labels


def read_idx(path: Path, magic: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The array of a gzipped idx file, whose header must say ``magic`` and items of ``shape``."""
    header_format = f">II{len(shape)}I"
    header_bytes = struct.calcsize(header_format)
    try:
        with gzip.open(path, "rb") as file:
            header = file.read(header_bytes)
            if len(header) < header_bytes:
                raise EOFError("the header is cut off")
            found, count, *sizes = struct.unpack(header_format, header)
            if found != magic or tuple(sizes) != shape or count > MAX_IMAGES:
                raise BnclaimsError(
                    f"{path}: is no idx file of items of shape {shape} (header {found}, {count}, "
                    f"{sizes}); fetch the file again."
                )
            expected = count * int(np.prod(shape, dtype=np.int64))
            # One byte more than the header promises is enough to know that it lies, however much
            # the file would unpack to.
            data = file.read(expected + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BnclaimsError(f"{path}: damaged or truncated ({error}); fetch it again.") from error
    if len(data) != expected:
        raise BnclaimsError(
            f"{path}: holds {'more' if len(data) > expected else 'fewer'} than the {expected} "
            "bytes its header promises; fetch the file again."
        )
    return np.frombuffer(data, dtype=np.uint8).reshape(count, *shape)
