"""Confusion counts of predictions, and what follows from them exactly: integers and fractions.

Counts are image counts (classes, classes), true class by predicted class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bnclaims.audit.evidence.scores import Floats, Labels

# Python's integers where they are scaled beyond 64 bits.
Counts = NDArray[np.int64] | NDArray[np.object_]
# Counts (tables, classes, classes).
Tables = NDArray[np.int64]

# Quotients of integers below this are the same in float64 as those of exact integers.
_EXACT = 2**53


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
    return mean([f1(counts, cls) for cls in minority_classes])


def minority_f1_of(tables: Tables, minority_classes: Sequence[int]) -> Floats:
    """`minority_f1` of every table as floats; NaN where a table counts no image."""
    hits = np.diagonal(tables, axis1=1, axis2=2)
    unions = tables.sum(axis=1) + tables.sum(axis=2)
    minority = list(minority_classes)
    # 0 / 0 counts as 0.
    values = _means(2 * hits[:, minority], np.maximum(unions[:, minority], 1))
    values[~tables.any(axis=(1, 2))] = np.nan
    return values


def balanced_accuracy(counts: NDArray[np.int64]) -> Fraction:
    """Mean recall of the classes that occur; ``ValueError`` where none does."""
    table: list[list[int]] = counts.tolist()
    recalls = [_quotient(row[cls], sum(row)) for cls, row in enumerate(table) if any(row)]
    if not recalls:
        raise ValueError("balanced accuracy of no images is undefined")
    return mean(recalls)


def balanced_accuracy_of(tables: Tables, minority_classes: Sequence[int]) -> Floats:
    """`balanced_accuracy` of every table as floats; NaN where a table counts no image."""
    hits, images = np.diagonal(tables, axis1=1, axis2=2), tables.sum(axis=2)
    values = np.full(len(tables), np.nan)
    # The classes that are left may differ between groups; nearly always they are all there.
    for there in np.unique(images > 0, axis=0):
        if there.any():
            rows = ((images > 0) == there).all(axis=1)
            values[rows] = _means(hits[rows][:, there], images[rows][:, there])
    return values


def youden_j(counts: NDArray[np.int64], minority_classes: Sequence[int]) -> Fraction | None:
    """Youden's J, averaged over the minority classes: 0 for every constant predictor.

    Of a class: its recall minus the mean, over the other classes, of the share of their images that
    are called it. With two classes it is 2 x balanced accuracy - 1. None where a class has no image.
    """
    table: list[list[int]] = counts.tolist()
    sizes = [sum(row) for row in table]
    if not all(sizes):
        return None
    return mean([_informedness(table, sizes, cls) for cls in minority_classes])


def _informedness(table: list[list[int]], sizes: list[int], cls: int) -> Fraction:
    called = [_quotient(row[cls], size) for row, size in zip(table, sizes, strict=True)]
    hits = called.pop(cls)
    return hits - mean(called)


def youden_j_of(tables: Tables, minority_classes: Sequence[int]) -> Floats:
    """`youden_j` of every table as floats; NaN where a class of a table has no image."""
    values = [youden_j(table, minority_classes) for table in tables]
    return np.array([np.nan if value is None else float(value) for value in values])


def precision(counts: Counts, cls: int) -> Fraction | None:
    """Share of the images called a class that are of it; None where none is called it."""
    called = [row[cls] for row in counts.tolist()]
    return Fraction(called[cls], sum(called)) if any(called) else None


def at_frequencies(counts: NDArray[np.int64], images: Sequence[int]) -> NDArray[np.object_]:
    """The counts (classes, classes) that classes of ``images`` images would give at the same rates.

    A network calls the same share of a class's images by each name however many of them there are,
    so that counts at another prevalence follow exactly from the rates: the test is reweighted, not
    drawn anew. That takes the images of a class to be the same in both, and no more is known than
    before: with 150 test images a class, and 1000 majority images to 10, one false alarm stands for
    seven. Every row is scaled, in whole numbers and up to a common factor. ``ValueError`` where a
    class has no image to take its rates from.
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


def mean(values: Sequence[Fraction]) -> Fraction:
    """The exact mean."""
    return values[0] if len(values) == 1 else sum(values, Fraction(0)) / len(values)


def _means(numerators: NDArray[np.int64], denominators: NDArray[np.int64]) -> Floats:
    """Means over the columns of quotients, each the float nearest to the exact value."""
    count = numerators.shape[1]
    if count * int(denominators.max(initial=1)) ** count >= _EXACT:
        rows = zip(numerators.tolist(), denominators.tolist(), strict=True)
        return np.array(
            [float(sum(map(Fraction, *row), Fraction(0)) / count) for row in rows], dtype=np.float64
        )
    top, bottom = numerators[:, 0], denominators[:, 0]
    for column in range(1, count):
        top = top * denominators[:, column] + numerators[:, column] * bottom
        bottom = bottom * denominators[:, column]
    found: Floats = top / (bottom * count)
    return found
