"""Fashion-MNIST: the 10,000 test images, 28 x 28 grey levels, ten kinds of clothes."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bnclaims.datasets._decode import resize
from bnclaims.datasets._digest import file_digest, fingerprint_of
from bnclaims.datasets._groups import GROUPING_VERSION, join_copies
from bnclaims.datasets._images import Dataset, DatasetInfo, ImageSet, Sources, image_set
from bnclaims.datasets._pack import pack_files
from bnclaims.errors import BnclaimsError

SIDE = 28
MAX_IMAGES = 100_000
IMAGES_MAGIC, LABELS_MAGIC = 2051, 2049

INFO = DatasetInfo(
    name="fashion-mnist",
    title="grey-level images of clothes (Fashion-MNIST test images)",
    synthetic=False,
    licence="MIT",
    citation="H. Xiao, K. Rasul and R. Vollgraf, arXiv:1708.07747 (2017)",
    source="from github.com/zalandoresearch/fashion-mnist or Debian's dataset-fashion-mnist",
    classes=(
        "t-shirt",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
    grouped_by=None,
    files=(
        "fashion_mnist_t10k/t10k-images-idx3-ubyte.gz",
        "fashion_mnist_t10k/t10k-labels-idx1-ubyte.gz",
    ),
)


def _read(sources: Sources, image_size: int) -> ImageSet:
    images_file, labels_file = pack_files(INFO, sources)
    images = _read_idx(images_file, IMAGES_MAGIC, (SIDE, SIDE))
    labels = _read_idx(labels_file, LABELS_MAGIC, ())
    if len(images) != len(labels):
        raise BnclaimsError(
            f"{labels_file}: has {len(labels)} labels for {len(images)} images; "
            "fetch both files again."
        )
    if labels.size and labels.max() >= len(INFO.classes):
        raise BnclaimsError(
            f"{labels_file}: holds the label {labels.max()}, above 9; fetch the file again."
        )
    ids = [f"fashion-mnist/{index:05d}" for index in range(len(images))]
    return image_set(
        INFO,
        pixels=resize(images[..., np.newaxis], image_size=image_size),
        class_names=[INFO.classes[label] for label in labels.tolist()],
        classes=INFO.classes,
        images=ids,
        groups=join_copies(ids, [image.tobytes() for image in images]),
    )


def _read_idx(path: Path, magic: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
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


def _fingerprint(sources: Sources) -> str:
    paths = pack_files(INFO, sources)
    return fingerprint_of([f"grouping {GROUPING_VERSION}", *map(file_digest, paths)])


DATASET = Dataset(info=INFO, read=_read, fingerprint=_fingerprint)
