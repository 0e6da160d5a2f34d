"""Metrics at natural prevalence: as if classes were as frequent in the test as in training.

The balanced test is reweighted, not drawn anew: a network calls the same share of a class's images
by each name however many of them there are, so that counts at another prevalence follow exactly
from the confusion rates. That takes the images of a class to be the same in both, and no more is
known than before: with 150 test images a class, and 1000 majority images to 10, one false alarm
stands for seven.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bnclaims.audit.evidence import metrics
from bnclaims.audit.evidence.measurement import Kept, View


def natural_f1(view: View, kept: Kept) -> Fraction | None:
    """Minority-class F1 at the training prevalence, averaged over minority classes.

    None where a class has no images left.
    """
    counts = _counts(view, kept)
    minority = view.setting.task.minority_classes
    return None if counts is None else metrics.minority_f1(counts, minority)


def natural_precision(view: View, kept: Kept) -> Fraction | None:
    """Minority-class precision at the training prevalence, averaged over minority classes.

    None where a class has no images left, or none are called a minority class.
    """
    counts = _counts(view, kept)
    if counts is None:
        return None
    values = [metrics.precision(counts, cls) for cls in view.setting.task.minority_classes]
    known = [value for value in values if value is not None]
    return sum(known, Fraction(0)) / len(known) if len(known) == len(values) else None


def _counts(view: View, kept: Kept) -> NDArray[np.object_] | None:
    images = view.record.train_images
    counts = metrics.confusion(view.labels[kept], view.predicted[kept], len(images))
    return metrics.at_frequencies(counts, images) if counts.any(axis=1).all() else None
