"""Near copies among images: a perceptual hash of the decoded pixels, compared by correlation.

The hash is the grey image at 16 x 16 pixels, less its mean and scaled to length 1. Measured on 2,500
images each of PlantVillage (apple, pepper, tomato) and HAM10000: JPEG copies of quality 75 and copies of
half the size correlate by .998 or more with their original, copies of quality 30 by .991 (99 % of them
by .996); of 12 million pairs of other images of these, none of another leaf or lesion reaches .995. Of
clothes at 28 pixels (Fashion-MNIST) and of digits at 8 pixels, one pair in a million and a half does.
Of solar cells (elpv), which all show one thing in one place, 146 of 3 million pairs do, and no finer
hash tells these from copies: they are to be looked at.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bnclaims.datasets.dataset import Pixels

# Side in pixels at which images are compared, a multiple of the hash's.
IMAGE_SIZE: Final = 32
SIDE: Final = 16
CORRELATION: Final = 0.995
# All pairs of more would take minutes.
MOST_IMAGES: Final = 30_000
_ROWS: Final = 1024


def near_copies(pixels: Pixels) -> list[list[int]]:
    """Sets of two or more images (indices, in order) that are linked by pairs of near copies.

    ``pixels`` has shape (images, 32, 32, channels). Images of one grey level are like no other.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    hashes = _hashes(pixels)
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for start in range(0, len(hashes), _ROWS):
        rows, columns = np.nonzero(hashes[start : start + _ROWS] @ hashes[start:].T >= CORRELATION)
        pairs.append(np.column_stack([rows, columns])[rows < columns] + start)
    one, other = np.concatenate(pairs).T
    links = coo_array((np.ones(len(one)), (one, other)), shape=(len(hashes),) * 2)
    labels = connected_components(links, directed=False)[1]
    sets: dict[int, list[int]] = {}
    for index in np.unique(np.concatenate([one, other])).tolist():
        sets.setdefault(int(labels[index]), []).append(index)
    return list(sets.values())


def _hashes(pixels: Pixels) -> NDArray[np.float32]:
    count, side, _, channels = pixels.shape
    within = side // SIDE
    blocks = pixels.reshape(count, SIDE, within, SIDE, within, channels)
    grey = blocks.mean(axis=(2, 4, 5), dtype=np.float32).reshape(count, -1)
    grey -= grey.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(grey, axis=1, keepdims=True)
    # Less than a tenth of a grey level is no picture.
    made: NDArray[np.float32] = np.where(lengths > 0.1 * SIDE, grey / np.maximum(lengths, 1e-6), 0)
    return made
