"""The table (seed x readout) that a claim is judged on, with missing values and left-out images."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bnclaims import metrics, readouts
from bnclaims.cells import MAIN, Cell
from bnclaims.protocol import Rules
from bnclaims.record import Record
from bnclaims.trial import KEPT, Setting, Trial

# Metrics that are no ratio of counts are rounded to this many decimals, so that a last bit of a
# library's exponential cannot change a rank between the machine that trained and the one that verifies.
DECIMALS = 6


# (trial key, readout, metric) and what was measured: the value, and one per image group left out.
MeasuredKey = tuple[str, str, str]
Measured = tuple[Fraction | None, NDArray[np.float64]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """A quantity for every seed.

    ``low`` and ``high`` are equal where it was observed; where a trial diverged or a metric is
    undefined they are the bounds of what it could have been, so that each p-value can assume the
    worst. ``replicates`` has shape (image groups, seeds): the quantity with one group of test
    images left out, NaN where it was not observed. ``share`` is the largest fraction of a minority
    class's pool that one seed trains on: which of the few are drawn is what seeds differ by.
    """

    seeds: tuple[int, ...]
    low: tuple[Fraction, ...]
    high: tuple[Fraction, ...]
    replicates: NDArray[np.float64]
    share: Fraction

    def __post_init__(self) -> None:
        missing = np.array([low != high for low, high in zip(self.low, self.high, strict=True)])
        if np.isnan(self.replicates[:, ~missing]).all(axis=0).any():
            raise ValueError("an observed seed has no replicate")

    @property
    def observed(self) -> tuple[Fraction, ...]:
        """Values of the seeds for which the quantity was observed."""
        return tuple(low for low, high in zip(self.low, self.high, strict=True) if low == high)

    @property
    def missing(self) -> int:
        """Number of seeds for which it was not."""
        return len(self.seeds) - len(self.observed)

    def replicates_observed(self) -> NDArray[np.float64]:
        """Replicates of the observed seeds, shape (image groups, observed seeds)."""
        known = np.array([low == high for low, high in zip(self.low, self.high, strict=True)])
        return self.replicates[:, known]

    def __neg__(self) -> Column:
        return self * -1

    def __add__(self, other: Column) -> Column:
        if self.seeds != other.seeds:
            raise ValueError("columns of different seeds cannot be paired")
        return Column(
            seeds=self.seeds,
            low=tuple(a + b for a, b in zip(self.low, other.low, strict=True)),
            high=tuple(a + b for a, b in zip(self.high, other.high, strict=True)),
            replicates=self.replicates + other.replicates,
            share=max(self.share, other.share),
        )

    def __sub__(self, other: Column) -> Column:
        return self + -other

    def __mul__(self, factor: int | float | Fraction) -> Column:
        exact = factor if isinstance(factor, Fraction | int) else Fraction(repr(factor))
        if not exact:
            raise ValueError("a column times 0 would forget which seeds are missing: leave it out")
        ends = [(low * exact, high * exact) for low, high in zip(self.low, self.high, strict=True)]
        return dataclasses.replace(
            self,
            low=tuple(min(pair) for pair in ends),
            high=tuple(max(pair) for pair in ends),
            replicates=self.replicates * float(exact),
        )

    __rmul__ = __mul__


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What the records of a cell's trials say, by metric, arm, readout and setting."""

    cell: Cell
    seeds: tuple[int, ...]
    rules: Rules
    records: Mapping[str, Record]
    # What was measured at earlier looks, so that a look measures its new seeds only.
    measured: dict[MeasuredKey, Measured] = dataclasses.field(default_factory=dict, repr=False)

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the cell's settings, in order."""
        return tuple(self.cell.settings)

    @property
    def doses(self) -> tuple[int, ...]:
        """The varied value of each setting, in order."""
        return tuple(self.cell.doses.values())

    def f1(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """Minority-class F1, averaged over minority classes."""
        return self._column(_f1, (Fraction(0), Fraction(1)), arm, readout, setting)

    def balanced_accuracy(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """Mean recall over the classes."""
        return self._column(_balanced_accuracy, (Fraction(0), Fraction(1)), arm, readout, setting)

    def auc(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """Area under the ROC curve of the minority score; two classes only."""
        return self._column(_auc, (Fraction(0), Fraction(1)), arm, readout, setting)

    def calibration_error(
        self, arm: str, readout: str = KEPT, setting: str = MAIN, *, scaled: bool = False
    ) -> Column:
        """Expected calibration error, 15 bins; ``scaled``: after a temperature fitted on validation."""
        metric = _ece_scaled if scaled else _ece
        return self._column(metric, (Fraction(0), Fraction(1)), arm, readout, setting)

    def brier(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """Brier score summed over classes, from 0 to 2."""
        return self._column(_brier, (Fraction(0), Fraction(2)), arm, readout, setting)

    def confidence_ranking(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """AUROC of the confidence for being right."""
        return self._column(_confidence_auroc, (Fraction(0), Fraction(1)), arm, readout, setting)

    def _column(
        self,
        metric: Metric,
        bounds: tuple[Fraction, Fraction],
        arm: str,
        readout: str,
        setting: str,
    ) -> Column:
        fixed = self.cell.settings[setting]
        low, high, replicates, shares = [], [], [], [Fraction(0)]
        for seed in self.seeds:
            record = self.records[Trial(setting=fixed, arm=arm, seed=seed).key]
            name = (record.trial.key, readout, metric.__name__)
            if name not in self.measured:
                self.measured[name] = _measured(record, readout, metric, self.rules.image_groups)
            value, left_out = self.measured[name]
            low.append(bounds[0] if value is None else value)
            high.append(bounds[1] if value is None else value)
            replicates.append(left_out)
            shares += [
                Fraction(record.train_images[c], record.pool_images[c])
                for c in fixed.task.minority_classes
            ]
        return Column(
            seeds=self.seeds,
            low=tuple(low),
            high=tuple(high),
            replicates=np.array(replicates).T.reshape(self.rules.image_groups, len(self.seeds)),
            share=max(shares),
        )


# A metric maps a record's readout and a weight per test image (1 kept, 0 left out) to a value.
Metric = Callable[["View", NDArray[np.bool_]], "Fraction | None"]


@dataclasses.dataclass(frozen=True)
class View:
    """One readout of one record, prepared for measuring."""

    setting: Setting
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    predicted: NDArray[np.int64]
    validation_labels: NDArray[np.int64]
    validation_scores: NDArray[np.float64] | None


def _f1(view: View, kept: NDArray[np.bool_]) -> Fraction:
    classes = len(view.setting.task.classes)
    counts = metrics.confusion(view.labels[kept], view.predicted[kept], classes)
    return metrics.minority_f1(counts, view.setting.task.minority_classes)


def _balanced_accuracy(view: View, kept: NDArray[np.bool_]) -> Fraction:
    classes = len(view.setting.task.classes)
    return metrics.balanced_accuracy(
        metrics.confusion(view.labels[kept], view.predicted[kept], classes)
    )


def _auc(view: View, kept: NDArray[np.bool_]) -> Fraction | None:
    labels = view.labels[kept]
    # All images of a class may share one group (a lesion): without it there is nothing to rank.
    return metrics.auc(labels, view.scores[kept]) if np.ptp(labels) else None


def _rounded(value: float | None) -> Fraction | None:
    return None if value is None else Fraction(round(value * 10**DECIMALS), 10**DECIMALS)


def _ece(view: View, kept: NDArray[np.bool_]) -> Fraction | None:
    return _rounded(metrics.ece(view.labels[kept], metrics.probabilities(view.scores[kept])))


def _ece_scaled(view: View, kept: NDArray[np.bool_]) -> Fraction | None:
    if view.validation_scores is None:
        return None
    temperature = _temperature(
        view.validation_labels.tobytes(), view.validation_scores.tobytes(), view.scores.shape[1]
    )
    probabilities = metrics.probabilities(view.scores[kept], temperature=temperature)
    return _rounded(metrics.ece(view.labels[kept], probabilities))


@lru_cache(maxsize=4096)
def _temperature(labels: bytes, scores: bytes, classes: int) -> float:
    return metrics.temperature(
        np.frombuffer(labels, dtype=np.int64), np.frombuffer(scores).reshape(-1, classes)
    )


def _brier(view: View, kept: NDArray[np.bool_]) -> Fraction | None:
    return _rounded(metrics.brier(view.labels[kept], metrics.probabilities(view.scores[kept])))


def _confidence_auroc(view: View, kept: NDArray[np.bool_]) -> Fraction | None:
    return _rounded(
        metrics.confidence_auroc(view.labels[kept], metrics.probabilities(view.scores[kept]))
    )


def _measured(record: Record, readout: str, metric: Metric, groups: int) -> Measured:
    """A metric of one readout, and the same with each group of test images left out."""
    if record.diverged:
        return None, np.full(groups, np.nan)
    view = view_of(record, readout)
    test = record.splits["test"]
    value = metric(view, np.ones(len(test.labels), dtype=bool))
    group_of = np.array([image_group(name, groups) for name in test.groups])
    without = [group_of != group for group in range(groups)]
    left_out = [metric(view, kept) if kept.any() else None for kept in without]
    return value, np.array([np.nan if other is None else float(other) for other in left_out])


def view_of(record: Record, readout: str) -> View:
    """A readout of a record, derived from the stored scores where it is not stored itself."""
    test, validation = record.splits["test"], record.splits["validation"]
    scores = readouts.scores_of(record, readout)
    validation_scores = record.scores.get((readout, "validation"))
    return View(
        setting=record.trial.setting,
        labels=test.labels,
        scores=scores,
        predicted=readouts.predictions(scores),
        validation_labels=validation.labels,
        validation_scores=None
        if validation_scores is None
        else validation_scores.astype(np.float64),
    )


@lru_cache(maxsize=65536)
def image_group(name: str, groups: int) -> int:
    """Which of ``groups`` parts an image group falls in, the same for all seeds and machines."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % groups
