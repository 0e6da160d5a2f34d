"""Metrics of predictions, and the registry that evidence reads them from.

To add one: a function of `Predictions` and a line in `METRICS`. A claim then reads it as
``evidence.NAME(arm, readout)``. What follows from counts is exact; metrics of probabilities are
rounded, so that a last bit of a library's exponential cannot change a rank between the machine that
trained and the one that verifies.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bnclaims import stats
from bnclaims.audit.evidence import calibration, confusion
from bnclaims.audit.evidence.confusion import Tables
from bnclaims.audit.evidence.predictions import Predictions
from bnclaims.audit.evidence.scores import AnyScores, Floats, Labels, margins, sorted_by_class

DECIMALS = 6


@dataclasses.dataclass(frozen=True)
class Metric:
    """A metric: its name in claims and reports, its value, and the bounds of what that can be.

    ``of`` gives None where the metric is undefined. ``of_tables``, where there is one, gives floats
    for many confusion tables (tables, classes, classes) at once, NaN where it is undefined. A seed's
    loss beyond ``worst`` counts as ``worst`` in the guard of `bnclaims.stats.mean_guard`: what a
    perfect network would lose by knowing nothing.
    """

    name: str
    of: Callable[[Predictions], Fraction | None]
    bounds: tuple[Fraction, Fraction] = (Fraction(0), Fraction(1))
    of_tables: Callable[[Tables, Sequence[int]], Floats] | None = None
    worst: Fraction = Fraction(1)


def minority_f1(images: Predictions) -> Fraction:
    """Minority-class F1, averaged over minority classes."""
    return confusion.minority_f1(images.counts, images.minority)


def balanced_accuracy(images: Predictions) -> Fraction:
    """Mean recall over the classes."""
    return confusion.balanced_accuracy(images.counts)


def youden_j(images: Predictions) -> Fraction | None:
    """Youden's J, averaged over minority classes: 0 for every constant predictor."""
    return confusion.youden_j(images.counts, images.minority)


def roc_auc(images: Predictions) -> Fraction | None:
    """Area under the ROC curve of the minority score; two classes only."""
    # All images of a class may share one group (a lesion): without it there is nothing to rank.
    return auc(images.labels, images.scores) if images.ranks else None


def mean_precision(images: Predictions) -> Fraction | None:
    """Average precision of the minority score; two classes only."""
    return _rounded(average_precision(images.labels, images.scores)) if images.ranks else None


def natural_f1(images: Predictions) -> Fraction | None:
    """Minority-class F1 at the prevalence of the training images: reweighted, not drawn anew.

    None where a class has no images left.
    """
    counts = _natural(images)
    return None if counts is None else confusion.minority_f1(counts, images.minority)


def natural_precision(images: Predictions) -> Fraction | None:
    """Minority-class precision at that prevalence, averaged over minority classes.

    None where a class has no images left, or none are called a minority class.
    """
    counts = _natural(images)
    if counts is None:
        return None
    values = [confusion.precision(counts, cls) for cls in images.minority]
    known = [value for value in values if value is not None]
    return confusion.mean(known) if len(known) == len(values) else None


def ece(images: Predictions) -> Fraction:
    """Expected calibration error, 15 bins."""
    return _rounded(calibration.ece(images.labels, images.probability()))


def ece_scaled(images: Predictions) -> Fraction | None:
    """Expected calibration error after a temperature fitted on the validation split."""
    temperature = images.temperature()
    if temperature is None:
        return None
    probability = images.probability(temperature)
    return _rounded(calibration.ece(images.labels, probability))


def natural_ece(images: Predictions) -> Fraction | None:
    """Expected calibration error at the prevalence of the training images: reweighted, not drawn anew.

    None where a class has no images left.
    """
    return _natural_ece(images, images.probability())


def natural_ece_scaled(images: Predictions) -> Fraction | None:
    """The same after a temperature fitted on the validation split."""
    temperature = images.temperature()
    if temperature is None:
        return None
    return _natural_ece(images, images.probability(temperature))


def _natural_ece(images: Predictions, probability: Floats) -> Fraction | None:
    if not images.counts.any(axis=1).all():
        return None
    weights = calibration.prevalence_weights(images.labels, images.train_images)
    return _rounded(calibration.ece(images.labels, probability, weights=weights))


def cross_fitted_j(images: Predictions) -> Fraction | None:
    """Youden's J at thresholds chosen on the other half of the test; two classes only.

    None where a half has no image left of a class.
    """
    half = images.second_half()
    if any(not np.ptp(images.labels[part]) for part in (half, ~half) if part.any()):
        return None
    if half.all() or not half.any():
        return None
    return stats.cross_fitted_j(images.labels, margins(images.scores), half)


def one_sided(images: Predictions) -> Fraction:
    """1 where all images are called one class, 0 elsewhere."""
    return Fraction(not np.ptp(images.predicted))


def last_minority_f1(images: Predictions) -> Fraction:
    """F1 of the last minority class alone."""
    return confusion.minority_f1(images.counts, images.minority[-1:])


def last_youden_j(images: Predictions) -> Fraction | None:
    """Youden's J of the last minority class alone."""
    return confusion.youden_j(images.counts, images.minority[-1:])


def _last_f1_of(tables: Tables, minority: Sequence[int]) -> Floats:
    return confusion.minority_f1_of(tables, minority[-1:])


def _last_j_of(tables: Tables, minority: Sequence[int]) -> Floats:
    return confusion.youden_j_of(tables, minority[-1:])


def brier(images: Predictions) -> Fraction:
    """Brier score summed over classes, from 0 to 2."""
    return _rounded(calibration.brier(images.labels, images.probability()))


def error_ranking(images: Predictions) -> Fraction | None:
    """AUROC of the confidence for being right."""
    return confidence_auroc(images.labels, images.probability())


F1: Final = Metric("f1", minority_f1, of_tables=confusion.minority_f1_of)
# With two classes a constant predictor has a half, so that no network loses more by knowing nothing.
BALANCED_ACCURACY: Final = Metric(
    "balanced_accuracy",
    balanced_accuracy,
    of_tables=confusion.balanced_accuracy_of,
    worst=Fraction(1, 2),
)
J: Final = Metric(
    "j", youden_j, bounds=(Fraction(-1), Fraction(1)), of_tables=confusion.youden_j_of
)
LAST_F1: Final = Metric("last_f1", last_minority_f1, of_tables=_last_f1_of)
LAST_J: Final = Metric("last_j", last_youden_j, bounds=J.bounds, of_tables=_last_j_of)
CROSS_FITTED_J: Final = Metric("cross_fitted_j", cross_fitted_j, bounds=J.bounds)
AUC: Final = Metric("auc", roc_auc, worst=Fraction(1, 2))
ECE: Final = Metric("ece", ece)
ONE_SIDED: Final = Metric("one_sided", one_sided)
NATURAL_F1: Final = Metric("natural_f1", natural_f1)

METRICS: Final[Mapping[str, Metric]] = {
    metric.name: metric
    for metric in (
        F1,
        BALANCED_ACCURACY,
        J,
        LAST_F1,
        LAST_J,
        CROSS_FITTED_J,
        AUC,
        Metric("average_precision", mean_precision),
        NATURAL_F1,
        Metric("natural_precision", natural_precision),
        ECE,
        ONE_SIDED,
        Metric("ece_scaled", ece_scaled),
        Metric("natural_ece", natural_ece),
        Metric("natural_ece_scaled", natural_ece_scaled),
        Metric("brier", brier, bounds=(Fraction(0), Fraction(2)), worst=Fraction(2)),
        Metric("confidence_auroc", error_ranking, worst=Fraction(1, 2)),
    )
}


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


def confidence_auroc(labels: Labels, probability: Floats) -> Fraction | None:
    """How well confidence tells right from wrong predictions, as an area under the ROC curve.

    None where all predictions are right or all are wrong.
    """
    right = calibration.is_right(labels, probability).astype(np.bool_)
    if right.all() or not right.any():
        return None
    confidence = probability.max(axis=1)
    return _pairs_won(np.sort(confidence[right]), np.sort(confidence[~right]))


def _pairs_won(winners: Floats, losers: Floats) -> Fraction:
    """Share of pairs in which the winner is higher, a tie counting half; both sorted."""
    lower = np.searchsorted(losers, winners, side="left").sum()
    not_higher = np.searchsorted(losers, winners, side="right").sum()
    return Fraction(int(lower + not_higher), 2 * len(winners) * len(losers))


def _natural(images: Predictions) -> NDArray[np.object_] | None:
    if not images.counts.any(axis=1).all():
        return None
    return confusion.at_frequencies(images.counts, images.train_images)


def _rounded(value: float) -> Fraction:
    return Fraction(round(value * 10**DECIMALS), 10**DECIMALS)
