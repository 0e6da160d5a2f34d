"""The discrimination that is left when a threshold no longer counts: J at a threshold chosen elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray


def halves(groups: Sequence[str], labels: ArrayLike) -> NDArray[np.bool_]:
    """Which half of a test split each image belongs to, whole image groups together.

    The groups of each class, in the order of the sha256 of their names, go to the first and to the
    second half by turns: the same names give the same halves on every machine and for every arm, and
    the halves of a class differ by at most one group. A group with images of several classes goes
    where its images of the lowest class go.

    Shapes: ``groups`` is (images,), the name of the group that each image belongs to, ``labels``
    (images,) class indices; True is the second half.
    Errors: ``ValueError`` for labels that are not one per image.
    """
    classes = np.asarray(labels)
    if classes.shape != (len(groups),):
        raise ValueError(
            f"labels has shape {classes.shape}, give one per group name ({len(groups)})"
        )
    lowest: dict[str, int] = {}
    for name, cls in zip(groups, classes.tolist(), strict=True):
        lowest[name] = min(cls, lowest.get(name, cls))
    second: dict[str, bool] = {}
    for cls in sorted(set(lowest.values())):
        members = sorted((name for name, own in lowest.items() if own == cls), key=_digest)
        second.update((name, bool(place % 2)) for place, name in enumerate(members))
    return np.array([second[name] for name in groups], dtype=bool)


def cross_fitted_j(labels: ArrayLike, margins: ArrayLike, second_half: ArrayLike) -> Fraction:
    """Youden's J at thresholds that were chosen on the other half of the images.

    On each half the threshold t with the largest J of "minority where margin > t" is found, and
    applied to the other half; the result is the mean of the two J. No image has a part in the
    threshold it is judged by, so that J is not flattered: it is below that of the best threshold by
    what choosing on so few images costs. Moving or stretching all margins changes nothing, which is
    why a difference of two networks in it is a difference in ranking.

    Candidates are the midpoints of neighbouring distinct margins, and "all" and "none"; of equally
    good ones the middle one is taken (the lower of two), so that the network's own threshold plays
    no part.

    Assumption: none. Shapes and units: all are (images,); ``labels`` holds 0 (majority) and 1
    (minority), ``margins`` z1 - z0 in the units of logits; the result lies between -1 and 1.
    Errors: ``ValueError`` for other shapes or labels, margins that are not finite, and a half without
    one of the classes.
    Reference: Youden (1950); Chernozhukov et al. (2018) for cross-fitting.
    """
    truth, values = np.asarray(labels), np.asarray(margins, dtype=np.float64)
    half = np.asarray(second_half, dtype=bool)
    if truth.ndim != 1 or not truth.shape == values.shape == half.shape:
        raise ValueError(
            f"labels, margins and second_half have shapes {truth.shape}, {values.shape} and "
            f"{half.shape}, give one of each per image"
        )
    if not np.isfinite(values).all() or not np.isin(truth, (0, 1)).all():
        raise ValueError(
            "margins that are not finite or labels other than 0 and 1, leave such images out"
        )
    parts = [(truth[part], values[part]) for part in (~half, half)]
    if any(len(np.unique(own)) < 2 for own, _ in parts):
        raise ValueError("a half lacks one of the classes, give each at least one image of both")
    thresholds = [_best_threshold(*part) for part in parts]
    found = [_j(*part, t) for part, t in zip(parts, reversed(thresholds), strict=True)]
    return sum(found, Fraction(0)) / 2


def _digest(name: str) -> bytes:
    # The name of a file may hold bytes that are no text.
    return hashlib.sha256(name.encode(errors="surrogatepass")).digest()


def _best_threshold(labels: NDArray[np.int64], margins: NDArray[np.float64]) -> float:
    minority, majority = np.sort(margins[labels == 1]), np.sort(margins[labels == 0])
    distinct = np.unique(margins)
    middle = distinct[:-1] + (distinct[1:] - distinct[:-1]) / 2
    thresholds = np.concatenate(([-np.inf], middle, [np.inf]))
    # J times the sizes of both classes: integers, so that equally good ones are equal.
    hits = len(minority) - np.searchsorted(minority, thresholds, side="right")
    false_alarms = len(majority) - np.searchsorted(majority, thresholds, side="right")
    quality = hits * len(majority) - false_alarms * len(minority)
    best = thresholds[quality == quality.max()]
    return float(best[(len(best) - 1) // 2])


def _j(labels: NDArray[np.int64], margins: NDArray[np.float64], threshold: float) -> Fraction:
    called = margins > threshold
    rates = [
        Fraction(int(called[labels == cls].sum()), int((labels == cls).sum())) for cls in (1, 0)
    ]
    return rates[0] - rates[1]
