"""Metrics of predictions and of scores: what counts decide exactly, and what probabilities say.

Scores are arrays (images, classes) in the units of logits, known up to a constant per row; labels
are class indices, majority classes first. Counts and what follows from counts alone are exact:
integers and `fractions.Fraction`. Binary metrics take class 1, the minority, as the positive one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
# Image counts (classes, classes), true class by predicted class; Python's integers where they are
# scaled beyond 64 bits.
Counts = NDArray[np.int64] | NDArray[np.object_]
# Scores as stored (float16) or as derived from them (float64).
AnyScores = NDArray[np.floating[Any]]

# Bounds of the fitted temperature; a perfect or a useless classifier would run to 0 or infinity.
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 1e-3, 1e3


def confusion(labels: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    """Image counts (classes, classes), true class by predicted class."""
    cells = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


def f1(counts: Counts, cls: int) -> Fraction:
    """F1 of one class, 2 TP / (2 TP + FP + FN); 0 where that is 0 / 0."""
    # Plain integers: the tables are too small for numpy to pay.
    table: list[list[int]] = counts.tolist()
    union = sum(table[cls]) + sum(row[cls] for row in table)
    return _quotient(2 * table[cls][cls], union) if union else Fraction(0)


# Few counts occur, again and again, and to reduce a fraction takes longer than to look it up.
@lru_cache(maxsize=65536)
def _quotient(numerator: int, denominator: int) -> Fraction:
    return Fraction(numerator, denominator)


def minority_f1(counts: Counts, minority_classes: Sequence[int]) -> Fraction:
    """Mean F1 of the minority classes."""
    return _mean([f1(counts, cls) for cls in minority_classes])


def precision(counts: Counts, cls: int) -> Fraction | None:
    """Share of the images called a class that are of it; None where none is called it."""
    called = [row[cls] for row in counts.tolist()]
    return Fraction(called[cls], sum(called)) if any(called) else None


def at_frequencies(counts: NDArray[np.int64], images: Sequence[int]) -> NDArray[np.object_]:
    """The counts (classes, classes) that classes of ``images`` images would give at the same rates.

    Every row is scaled, in whole numbers and up to a common factor, so that what follows from
    counts is exact. ``ValueError`` where a class has no image to take its rates from.
    """
    table: list[list[int]] = counts.tolist()
    sizes = [sum(row) for row in table]
    if not all(sizes):
        raise ValueError("a class without images has no rates")
    common = math.lcm(*sizes)
    rows = zip(table, images, sizes, strict=True)
    return np.array(
        [[count * wanted * (common // size) for count in row] for row, wanted, size in rows],
        dtype=np.object_,
    )


def balanced_accuracy(counts: NDArray[np.int64]) -> Fraction:
    """Mean recall of the classes that occur; ``ValueError`` where none does."""
    table: list[list[int]] = counts.tolist()
    recalls = [_quotient(row[cls], sum(row)) for cls, row in enumerate(table) if any(row)]
    if not recalls:
        raise ValueError("balanced accuracy of no images is undefined")
    return _mean(recalls)


def _mean(values: Sequence[Fraction]) -> Fraction:
    return values[0] if len(values) == 1 else sum(values, Fraction(0)) / len(values)


def auc(labels: Labels, scores: AnyScores) -> Fraction:
    """Area under the ROC curve of two classes: Mann-Whitney, a tie counting half.

    ``ValueError`` unless there are two classes and both are present.
    """
    return _pairs_won(*sorted_by_class(labels, margins(scores)))


def average_precision(labels: Labels, scores: AnyScores) -> float:
    """Precision averaged over the recall gained at each distinct score difference (two classes).

    ``ValueError`` unless there are two classes and both are present.
    """
    margin = margins(scores)
    minority, majority = sorted_by_class(labels, margin)
    thresholds = np.unique(margin)[::-1]
    hits = len(minority) - np.searchsorted(minority, thresholds, side="left")
    false_alarms = len(majority) - np.searchsorted(majority, thresholds, side="left")
    gained = np.diff(hits, prepend=0)
    return float(np.sum(gained * (hits / (hits + false_alarms))) / len(minority))


def probabilities(scores: AnyScores, temperature: float = 1.0) -> Floats:
    """Softmax of scores divided by ``temperature``, (images, classes).

    For the head ``sigmoid_k``, whose logits stand for separate yes-or-no questions, this is the
    softmax reading of its scores.
    """
    return np.exp(_log_probabilities(scores, temperature))


def ece(labels: Labels, probability: Floats, bins: int = 15) -> float:
    """Expected calibration error of the predicted class, in bins of equal width.

    A bin includes its upper edge, as in Guo et al., arXiv:1706.04599.
    """
    confidence = probability.max(axis=1)
    correct = _is_right(labels, probability)
    gap = np.bincount(_bin_of(confidence, bins), weights=correct - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(labels))


def reliability(labels: Labels, probability: Floats, bins: int = 15) -> Floats:
    """Images, summed confidence and right predictions in the bins of `ece`, shape (bins, 3)."""
    confidence = probability.max(axis=1)
    index = _bin_of(confidence, bins)
    weights = (np.ones(len(labels)), confidence, _is_right(labels, probability))
    return np.column_stack([np.bincount(index, weights=w, minlength=bins) for w in weights])


def _bin_of(confidence: Floats, bins: int) -> Labels:
    index: Labels = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    return index


def brier(labels: Labels, probability: Floats) -> float:
    """Mean squared distance between the probabilities and the true class's unit vector (0 to 2)."""
    truth = np.eye(probability.shape[1])[labels]
    return float(np.mean(np.sum((probability - truth) ** 2, axis=1)))


def nll(labels: Labels, scores: AnyScores, temperature: float = 1.0) -> float:
    """Mean negative log-likelihood in nats of the true class; finite for finite scores."""
    log_probability = _log_probabilities(scores, temperature)
    return float(-np.mean(log_probability[np.arange(len(labels)), labels]))


def temperature(labels: Labels, scores: AnyScores) -> float:
    """The temperature, from 0.001 to 1000, with the lowest `nll` on these images.

    Meant for the validation split with its classes as frequent as they are (Guo et al.,
    arXiv:1706.04599). The likelihood is unimodal in the temperature, so a bounded search finds it.
    """
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log_temperature: nll(labels, scores, float(np.exp(log_temperature))),
        bounds=(np.log(LOWEST_TEMPERATURE), np.log(HIGHEST_TEMPERATURE)),
        method="bounded",
    )
    return float(np.exp(found.x))


def confidence_auroc(labels: Labels, probability: Floats) -> float | None:
    """How well confidence tells right from wrong predictions, as an area under the ROC curve.

    None where all predictions are right or all are wrong.
    """
    correct = _is_right(labels, probability)
    if correct.all() or not correct.any():
        return None
    confidence = probability.max(axis=1)
    return float(_pairs_won(np.sort(confidence[correct]), np.sort(confidence[~correct])))


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


def top_at_zero(scores: Floats) -> Floats:
    """The same scores with a maximum of 0 in every row."""
    shifted: Floats = scores - scores.max(axis=1, keepdims=True)
    return shifted


def _is_right(labels: Labels, probability: Floats) -> NDArray[np.bool_]:
    """Whether the most probable class, of equals the lowest index, is the true one."""
    right: NDArray[np.bool_] = probability.argmax(axis=1) == labels
    return right


def _pairs_won(winners: Floats, losers: Floats) -> Fraction:
    """Share of pairs in which the winner is higher, a tie counting half; both sorted."""
    lower = np.searchsorted(losers, winners, side="left").sum()
    not_higher = np.searchsorted(losers, winners, side="right").sum()
    return Fraction(int(lower + not_higher), 2 * len(winners) * len(losers))


def _log_probabilities(scores: AnyScores, temperature: float) -> Floats:
    scaled = top_at_zero(scores.astype(np.float64) / temperature)
    logs: Floats = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
    return logs
