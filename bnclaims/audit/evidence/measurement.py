"""Metrics of one readout of one record, whole and with a group of test images left out."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from bnclaims.audit.evidence import metrics, readouts
from bnclaims.protocol.trial import Setting
from bnclaims.store.record import Record

# Metrics that are no ratio of counts are rounded to this many decimals, so that a last bit of a
# library's exponential cannot change a rank between the machine that trained and the one that verifies.
DECIMALS = 6

# Quotients of integers below this are the same in float64 as those of exact integers.
_EXACT = 2**53

Counts = NDArray[np.int64]
Kept = NDArray[np.bool_] | slice
ALL = slice(None)


@dataclasses.dataclass(frozen=True)
class View:
    """One readout of one record, prepared for measuring."""

    record: Record
    readout: str

    @property
    def setting(self) -> Setting:
        """The setting of the trial."""
        return self.record.trial.setting

    @property
    def labels(self) -> NDArray[np.int64]:
        """True classes of the test images."""
        return self.record.splits["test"].labels

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """Test scores, derived from the stored ones where the readout is not stored itself."""
        return readouts.scores_of(self.record, self.readout)

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """Predicted classes of the test images."""
        return readouts.predictions(self.scores)


# A metric maps a view and the images that are kept to a value, None where it is undefined.
Metric = Callable[[View, Kept], Fraction | None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measurement:
    """A metric of one readout; what it is without some images, `left_out_of` works out."""

    view: View
    metric: Metric
    groups: int

    @cached_property
    def value(self) -> Fraction | None:
        """The metric on all test images, None where it is undefined or the trial diverged."""
        return None if self.view.record.diverged else self.metric(self.view, ALL)

    @property
    def group_of(self) -> NDArray[np.int64]:
        """The group of each test image."""
        return _groups_of(self.view.record.splits["test"].groups, self.groups)


def left_out_of(measured: Sequence[Measurement]) -> NDArray[np.float64]:
    """A metric with each group of test images left out, shape (groups, measurements).

    The measurements are of one metric in one setting; NaN where it is undefined.
    """
    values = np.full((len(measured), measured[0].groups), np.nan)
    there = {place: m for place, m in enumerate(measured) if not m.view.record.diverged}
    of_tables = _OF_TABLES.get(measured[0].metric)
    if of_tables and there:
        tables = np.concatenate([_tables(m.view, m.group_of, m.groups) for m in there.values()])
        values[[*there]] = of_tables(measured[0].view, tables).reshape(len(there), -1)
    elif there:
        values[[*there]] = [_one_by_one(m) for m in there.values()]
    return values.T


def _one_by_one(measured: Measurement) -> list[float]:
    without = [measured.group_of != group for group in range(measured.groups)]
    values = [measured.metric(measured.view, kept) if kept.any() else None for kept in without]
    return [np.nan if value is None else float(value) for value in values]


def f1(view: View, kept: Kept) -> Fraction:
    """Minority-class F1, averaged over minority classes."""
    return metrics.minority_f1(_table(view, kept), view.setting.task.minority_classes)


def balanced_accuracy(view: View, kept: Kept) -> Fraction:
    """Mean recall over the classes."""
    return metrics.balanced_accuracy(_table(view, kept))


def auc(view: View, kept: Kept) -> Fraction | None:
    """Area under the ROC curve of the minority score."""
    labels = view.labels[kept]
    # All images of a class may share one group (a lesion): without it there is nothing to rank.
    return metrics.auc(labels, view.scores[kept]) if np.ptp(labels) else None


def average_precision(view: View, kept: Kept) -> Fraction | None:
    """Precision averaged over recall, of the minority score."""
    labels = view.labels[kept]
    if not np.ptp(labels):
        return None
    return _rounded(metrics.average_precision(labels, view.scores[kept]))


def ece(view: View, kept: Kept) -> Fraction | None:
    """Expected calibration error."""
    return _rounded(metrics.ece(view.labels[kept], metrics.probabilities(view.scores[kept])))


def ece_scaled(view: View, kept: Kept) -> Fraction | None:
    """Expected calibration error after a temperature fitted on the validation split."""
    temperature = temperature_of(view)
    if temperature is None:
        return None
    probabilities = metrics.probabilities(view.scores[kept], temperature=temperature)
    return _rounded(metrics.ece(view.labels[kept], probabilities))


def temperature_of(view: View) -> float | None:
    """The temperature fitted on the validation split; None where the readout was not read on it."""
    validation = view.record.scores.get((view.readout, "validation"))
    if validation is None:
        return None
    return _temperature(
        view.record.splits["validation"].labels.tobytes(),
        validation.astype(np.float64).tobytes(),
        view.scores.shape[1],
    )


def brier(view: View, kept: Kept) -> Fraction | None:
    """Brier score summed over classes."""
    return _rounded(metrics.brier(view.labels[kept], metrics.probabilities(view.scores[kept])))


def confidence_auroc(view: View, kept: Kept) -> Fraction | None:
    """AUROC of the confidence for being right."""
    return _rounded(
        metrics.confidence_auroc(view.labels[kept], metrics.probabilities(view.scores[kept]))
    )


@lru_cache(maxsize=65536)
def image_group(name: str, groups: int) -> int:
    """Which of ``groups`` parts an image group falls in, the same for all seeds and machines."""
    # The name of a file may hold bytes that are no text.
    return (
        int.from_bytes(hashlib.sha256(name.encode(errors="surrogatepass")).digest()[:8], "big")
        % groups
    )


# The arms and readouts of a seed share their test images.
@lru_cache(maxsize=1024)
def _groups_of(names: tuple[str, ...], groups: int) -> NDArray[np.int64]:
    return np.array([image_group(name, groups) for name in names], dtype=np.int64)


@lru_cache(maxsize=4096)
def _temperature(labels: bytes, scores: bytes, classes: int) -> float:
    return metrics.temperature(
        np.frombuffer(labels, dtype=np.int64), np.frombuffer(scores).reshape(-1, classes)
    )


def _rounded(value: float | None) -> Fraction | None:
    return None if value is None else Fraction(round(value * 10**DECIMALS), 10**DECIMALS)


def _table(view: View, kept: Kept) -> Counts:
    classes = len(view.setting.task.classes)
    return metrics.confusion(view.labels[kept], view.predicted[kept], classes)


def _tables(view: View, group_of: NDArray[np.int64], groups: int) -> Counts:
    """Image counts (groups, classes, classes) with each group left out."""
    classes = len(view.setting.task.classes)
    cells = (group_of * classes + view.labels) * classes + view.predicted
    counts = np.bincount(cells, minlength=groups * classes**2).reshape(groups, classes, classes)
    rest: Counts = counts.sum(axis=0) - counts
    return rest


def _f1_of_tables(view: View, tables: Counts) -> NDArray[np.float64]:
    hits = np.diagonal(tables, axis1=1, axis2=2)
    unions = tables.sum(axis=1) + tables.sum(axis=2)
    minority = list(view.setting.task.minority_classes)
    # 0 / 0 counts as 0.
    values = _mean(2 * hits[:, minority], np.maximum(unions[:, minority], 1))
    values[~tables.any(axis=(1, 2))] = np.nan
    return values


def _balanced_accuracy_of_tables(view: View, tables: Counts) -> NDArray[np.float64]:
    hits, images = np.diagonal(tables, axis1=1, axis2=2), tables.sum(axis=2)
    values = np.full(len(tables), np.nan)
    # The classes that are left may differ between groups; nearly always they are all there.
    for there in np.unique(images > 0, axis=0):
        if there.any():
            rows = ((images > 0) == there).all(axis=1)
            values[rows] = _mean(hits[rows][:, there], images[rows][:, there])
    return values


def _mean(numerators: Counts, denominators: Counts) -> NDArray[np.float64]:
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
    means: NDArray[np.float64] = top / (bottom * count)
    return means


_OF_TABLES: dict[Metric, Callable[[View, Counts], NDArray[np.float64]]] = {
    f1: _f1_of_tables,
    balanced_accuracy: _balanced_accuracy_of_tables,
}
