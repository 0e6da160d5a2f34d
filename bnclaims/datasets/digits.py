"""Digits: 1,797 scans of handwritten digits, 8 x 8 grey levels, shipped with scikit-learn."""

from __future__ import annotations

import hashlib

import numpy as np

from bnclaims.datasets.dataset import Dataset, DatasetInfo, ImageSet, Release, Sources, image_set
from bnclaims.datasets.files.image_files import resize
from bnclaims.errors import BnclaimsError

# The fingerprint must not import scikit-learn (planning would wait for it), so it is a constant,
# and reading checks that the content is the one the constant stands for.
VERSION = "digits-1"
CONTENT = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"

COUNTS = {
    "0": 178,
    "1": 182,
    "2": 177,
    "3": 183,
    "4": 181,
    "5": 182,
    "6": 181,
    "7": 179,
    "8": 174,
    "9": 180,
}

INFO = DatasetInfo(
    name="digits",
    title="scans of handwritten digits (UCI, in scikit-learn)",
    synthetic=False,
    licence="CC BY 4.0",
    citation="E. Alpaydin and C. Kaynak, UCI repository, doi:10.24432/C50P49 (1998)",
    source="scikit-learn's load_digits",
    classes=tuple(COUNTS),
    grouped_by=None,
    releases=(Release(title="complete", files=(), counts=COUNTS),),
)


def _read(sources: Sources, image_size: int) -> ImageSet:
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise BnclaimsError(
            "--dataset digits: needs scikit-learn, which is not installed; "
            "run `pip install scikit-learn`."
        ) from error
    data = load_digits()
    levels = data.images.astype(np.uint8)
    labels = data.target.astype(np.uint8)
    content = hashlib.sha256(levels.tobytes() + labels.tobytes()).hexdigest()
    if content != CONTENT:
        raise BnclaimsError(
            f"--dataset digits: the digits of the installed scikit-learn have sha256 {content} "
            f"instead of {CONTENT}; install another release of scikit-learn."
        )
    pixels = np.round(levels * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    ids = [f"digits/{index:04d}" for index in range(len(pixels))]
    return image_set(
        INFO,
        pixels=resize(INFO, pixels, image_size=image_size),
        class_names=[str(label) for label in labels.tolist()],
        classes=INFO.classes,
        images=ids,
        groups=ids,
    )


def _fingerprint(sources: Sources) -> str:
    return VERSION


DATASET = Dataset(info=INFO, read=_read, fingerprint=_fingerprint)
