"""Scores of images: arrays (images, classes) in the units of logits, known up to a constant per row.

Labels are class indices, majority classes first. Two classes have one score each, of which only the
difference counts: the margin of class 1, the minority.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
# Scores as stored (float16) or as derived from them (float64).
AnyScores = NDArray[np.floating[Any]]


def predictions(scores: AnyScores) -> Labels:
    """The class of the highest score per image, int64 (images,); of equals the lowest index."""
    predicted: Labels = np.argmax(scores, axis=1).astype(np.int64)
    return predicted


def top_at_zero(scores: Floats) -> Floats:
    """The same scores with a maximum of 0 in every row."""
    shifted: Floats = scores - scores.max(axis=1, keepdims=True)
    return shifted


def margins(scores: AnyScores) -> Floats:
    """z1 - z0 per image, exact for stored scores; ``ValueError`` unless there are two classes."""
    if scores.ndim != 2 or scores.shape[1] != 2:
        raise ValueError(f"defined for two classes, not for scores of shape {scores.shape}")
    wide = scores.astype(np.float64)
    return wide[:, 1] - wide[:, 0]


def sorted_by_class(labels: Labels, margin: Floats) -> tuple[Floats, Floats]:
    """The sorted margins of the minority (class 1) and of the majority (class 0).

    ``ValueError`` unless both are present.
    """
    minority, majority = np.sort(margin[labels == 1]), np.sort(margin[labels == 0])
    if not len(minority) or not len(majority):
        raise ValueError("defined only where both classes are present")
    return minority, majority
