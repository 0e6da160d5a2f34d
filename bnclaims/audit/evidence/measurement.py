"""Measurement: a metric of one readout of one record, whole and with a group of test images left out."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from bnclaims.audit.evidence.confusion import Tables
from bnclaims.audit.evidence.metrics import Metric
from bnclaims.audit.evidence.predictions import Predictions, predictions_of
from bnclaims.store.record import Record


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measurement:
    """A metric of one readout; what it is without some images, `left_out_of` works out."""

    record: Record
    readout: str
    metric: Metric
    groups: int

    @cached_property
    def predictions(self) -> Predictions:
        """What the readout says of the test images; ``ValueError`` where the trial diverged."""
        return predictions_of(self.record, self.readout)

    @cached_property
    def value(self) -> Fraction | None:
        """The metric on all test images, None where it is undefined or the trial diverged."""
        return None if self.record.diverged else self.metric.of(self.predictions)

    @property
    def group_of(self) -> NDArray[np.int64]:
        """The group of each test image."""
        return _groups_of(self.record.splits["test"].groups, self.groups)


def left_out_of(measured: Sequence[Measurement]) -> NDArray[np.float64]:
    """A metric with each group of test images left out, shape (groups, measurements).

    The measurements are of one metric in one setting; NaN where it is undefined.
    """
    values = np.full((len(measured), measured[0].groups), np.nan)
    there = {place: m for place, m in enumerate(measured) if not m.record.diverged}
    of_tables = measured[0].metric.of_tables
    if of_tables and there:
        tables = np.concatenate([_tables(m) for m in there.values()])
        minority = next(iter(there.values())).predictions.minority
        values[[*there]] = of_tables(tables, minority).reshape(len(there), -1)
    elif there:
        values[[*there]] = [_one_by_one(m) for m in there.values()]
    return values.T


def _one_by_one(measured: Measurement) -> list[float]:
    without = [measured.group_of != group for group in range(measured.groups)]
    values = [
        measured.metric.of(measured.predictions.of(kept)) if kept.any() else None
        for kept in without
    ]
    return [np.nan if value is None else float(value) for value in values]


def _tables(measured: Measurement) -> Tables:
    """Image counts (groups, classes, classes) with each group left out."""
    images, groups = measured.predictions, measured.groups
    cells = (measured.group_of * images.classes + images.labels) * images.classes + images.predicted
    shape = (groups, images.classes, images.classes)
    counts = np.bincount(cells, minlength=groups * images.classes**2).reshape(shape)
    rest: Tables = counts.sum(axis=0) - counts
    return rest


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
