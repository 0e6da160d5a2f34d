"""The discrimination that is left when a threshold no longer counts: J at a threshold chosen elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bnclaims.stats._exact import Numbers, finite_floats


def halves(groups: Sequence[str], labels: ArrayLike) -> NDArray[np.bool_]:
    """Which half of a test split each image belongs to, whole image groups together.

    The groups of each class, in the order of the sha256 of their names, go to the first and to the
    second half by turns: the same names give the same halves on every machine and for every arm, and
    the halves of a class differ by at most one group. A group with images of several classes goes
    where its images of the lowest class go.

    Assumption: none. Shapes: ``groups`` is (images,), the name of the group that each image belongs
    to, ``labels`` (images,) class indices; True is the second half.
    Errors: ``ValueError`` for groups that are not names, and labels that are not class indices, one
    per image.
    Reference: Chernozhukov et al. (2018), Double/debiased machine learning, for cross-fitting.
    """
    if isinstance(groups, str) or not isinstance(groups, Sequence) or not groups:
        raise ValueError(f"groups is {groups!r}, give one name per image")
    if not all(isinstance(name, str) for name in groups):
        raise ValueError("groups holds other than text, give one name per image")
    lowest: dict[str, int] = {}
    for name, cls in zip(groups, _indices(labels, len(groups)).tolist(), strict=True):
        lowest[name] = min(cls, lowest.get(name, cls))
    second: dict[str, bool] = {}
    for cls in sorted(set(lowest.values())):
        members = sorted((name for name, own in lowest.items() if own == cls), key=_digest)
        second.update((name, bool(place % 2)) for place, name in enumerate(members))
    return np.array([second[name] for name in groups], dtype=bool)


def cross_fitted_j(labels: ArrayLike, margins: Numbers, second_half: ArrayLike) -> Fraction:
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
    values = finite_floats(margins, "margins")
    truth, half = _indices(labels, len(values)), np.asarray(second_half)
    if truth.max() > 1:
        raise ValueError(
            f"labels holds class {truth.max()}, give 0 (majority) and 1 (minority) only"
        )
    if half.shape != values.shape or half.dtype != np.bool_:
        raise ValueError(
            f"second_half is an array {half.shape} of {half.dtype}, give True or False for each of "
            f"the {len(values)} images"
        )
    parts = [(truth[part], values[part]) for part in (~half, half)]
    if any(len(np.unique(own)) < 2 for own, _ in parts):
        raise ValueError(
            "second_half leaves a half without one of the classes, give both to each half"
        )
    thresholds = [_best_threshold(*part) for part in parts]
    found = [_j(*part, t) for part, t in zip(parts, reversed(thresholds), strict=True)]
    return sum(found, Fraction(0)) / 2


def _indices(labels: ArrayLike, images: int) -> NDArray[np.int64]:
    """Class indices, one per image, checked."""
    classes = np.asarray(labels)
    if classes.shape != (images,):
        raise ValueError(f"labels has shape {classes.shape}, give one class per image ({images})")
    if classes.dtype.kind not in "iu" or classes.min() < 0:
        raise ValueError("labels holds other than class indices, give integers of at least 0")
    return classes.astype(np.int64)


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
