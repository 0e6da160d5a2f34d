"""Readouts: from a record to scores, and those readouts that need no training.

To add one of these: a function of the record and a line in `DERIVED`. Thresholds are on the margin
of class 1, the minority.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from bnclaims.audit.evidence.scores import (
    AnyScores,
    Floats,
    Labels,
    margins,
    sorted_by_class,
    top_at_zero,
)
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.names import (
    KEPT,
    ORACLE_THRESHOLD,
    PRIOR_RESTORED,
    PRIOR_SHIFTED,
    SIGMOID_K,
    TUNED_THRESHOLD,
)
from bnclaims.store.record import Record


def scores_of(record: Record, readout: str) -> Floats:
    """Test scores (images, classes) of a readout, derived from ``kept`` where it is not stored.

    ``ValueError`` where the record has no such readout: its arm has none, or the trial diverged.
    """
    if (readout, "test") in record.scores:
        return record.scores[readout, "test"].astype(np.float64)
    if (KEPT, "test") not in record.scores:
        raise ValueError(f"trial {record.trial.key} diverged and has no readout {readout!r}")
    if readout not in DERIVED:
        known = sorted({name for name, _ in record.scores} | DERIVED.keys())
        raise ValueError(
            f"arm {record.trial.arm!r} has no readout {readout!r}: use one of {', '.join(known)}"
        )
    return DERIVED[readout](record)


def _prior_shifted(record: Record) -> Floats:
    return prior_shifted(record.scores[KEPT, "test"], _odds(record))


def _prior_restored(record: Record) -> Floats:
    return prior_shifted(record.scores[KEPT, "test"], _odds(record), tau=-1.0)


def _odds(record: Record) -> Sequence[float]:
    """Training images of each class; its odds where a logit tells each class from the rest."""
    if record.trial.setting.head != SIGMOID_K:
        return record.train_images
    every = sum(record.train_images)
    return [images / (every - images) for images in record.train_images]


def _tuned_threshold(record: Record) -> Floats:
    if (KEPT, "validation") not in record.scores:
        raise BnclaimsError(
            f"The record of trial {record.trial.key} has no scores of validation images: it was not "
            "made by this suite, so remove it."
        )
    return tuned_threshold(
        record.scores[KEPT, "test"],
        validation_scores=record.scores[KEPT, "validation"],
        validation_labels=record.splits["validation"].labels,
    )


def _oracle_threshold(record: Record) -> Floats:
    return oracle_threshold(record.scores[KEPT, "test"], labels=record.splits["test"].labels)


# Test scores of a readout from what is stored of ``kept``, by the name that claims give it.
DERIVED: Final[Mapping[str, Callable[[Record], Floats]]] = {
    PRIOR_SHIFTED: _prior_shifted,
    PRIOR_RESTORED: _prior_restored,
    TUNED_THRESHOLD: _tuned_threshold,
    ORACLE_THRESHOLD: _oracle_threshold,
}


def prior_shifted(scores: AnyScores, train_images: Sequence[float], *, tau: float = 1.0) -> Floats:
    """Scores with ``tau`` times the log of the training prior taken off (post-hoc adjustment).

    ``train_images`` counts the training images of each class, or is in proportion to its odds. Each
    row's maximum is 0 again. A ``tau`` of -1 puts the prior on scores that lack it.
    Source: Menon et al., arXiv:2007.07314.
    """
    counts = np.asarray(train_images, dtype=np.float64)
    return top_at_zero(scores - tau * np.log(counts / counts.sum()))


def tuned_threshold(
    scores: AnyScores, *, validation_scores: AnyScores, validation_labels: Labels
) -> Floats:
    """Scores whose zero is the threshold that was best on the validation split (two classes).

    The validation split is imbalanced and the test split is not, so its classes are weighted
    equally when thresholds are compared: see `best_threshold`.
    """
    return _threshold_at_zero(scores, best_threshold(validation_labels, validation_scores))


def oracle_threshold(scores: AnyScores, *, labels: Labels) -> Floats:
    """Scores whose zero is the best threshold for these very labels: an upper bound (two classes).

    On a balanced test split no other threshold has a higher minority F1. Chosen with the labels it
    is judged on, it is a limit to compare with and never a result.
    """
    return _threshold_at_zero(scores, best_threshold(labels, scores))


def best_threshold(labels: Labels, scores: AnyScores) -> float:
    """The t for which "minority where z1 - z0 > t" has the highest class-balanced minority F1.

    Balanced means that each class counts as a half of the images, however many it has. Candidates
    are the midpoints between neighbouring distinct differences and one point beyond either end.
    Of equally good ones the closest to 0, the network's own threshold, is taken (the lower of two
    equally close). ``ValueError`` unless there are two classes and both are present.
    """
    margin = margins(scores)
    minority, majority = sorted_by_class(labels, margin)
    distinct = np.unique(margin)
    middle = (distinct[:-1] + distinct[1:]) / 2
    thresholds = np.concatenate(([distinct[0] - 1.0], middle, [distinct[-1] + 1.0]))
    hits = len(minority) - np.searchsorted(minority, thresholds, side="right")
    false_alarms = len(majority) - np.searchsorted(majority, thresholds, side="right")
    # 2 TPR / (1 + TPR + FPR) over a common denominator: quotients of integers, so that equally
    # good thresholds get equal floats.
    numerator = 2 * hits * len(majority)
    denominator = (len(majority) + false_alarms) * len(minority) + hits * len(majority)
    quality = numerator / denominator
    best = thresholds[quality == quality.max()]
    return float(best[np.argmin(np.abs(best))])


def _threshold_at_zero(scores: AnyScores, threshold: float) -> Floats:
    return top_at_zero(scores - np.array([0.0, threshold]))
