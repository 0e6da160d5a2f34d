"""Metrics at natural prevalence, against tests in which images were repeated to reach it."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from bnclaims.audit.evidence import confusion

tables = st.integers(2, 3).flatmap(
    lambda k: st.lists(
        st.lists(st.integers(0, 6), min_size=k, max_size=k).filter(any), min_size=k, max_size=k
    )
)


@given(tables, st.data())
def test_counts_at_other_frequencies_are_those_of_a_test_with_repeated_images(
    table: list[list[int]], data: st.DataObject
) -> None:
    counts = np.array(table)
    classes = range(len(table))
    repeats = [data.draw(st.integers(1, 5)) for _ in classes]
    images = [repeat * int(row.sum()) for repeat, row in zip(repeats, counts, strict=True)]
    repeated = counts * np.array(repeats)[:, np.newaxis]
    labels = [t for t in classes for p in classes for _ in range(repeated[t, p])]
    predicted = [p for t in classes for p in classes for _ in range(repeated[t, p])]
    found = confusion.at_frequencies(counts, images)
    assert [float(confusion.f1(found, c)) for c in classes] == pytest.approx(
        list(
            sklearn_metrics.f1_score(
                labels, predicted, labels=list(classes), average=None, zero_division=0.0
            )
        )
    )
    expected = sklearn_metrics.precision_score(
        labels, predicted, labels=list(classes), average=None, zero_division=math.nan
    )
    precisions = [confusion.precision(found, c) for c in classes]
    assert [math.nan if p is None else float(p) for p in precisions] == pytest.approx(
        list(expected), nan_ok=True
    )


def test_one_false_alarm_of_a_balanced_test_is_many_where_the_minority_is_rare() -> None:
    # 120 of 150 found with one false alarm in 150: at 1000 to 10 that is 8 found with 6.67 false.
    counts = np.array([[149, 1], [30, 120]])
    natural = confusion.at_frequencies(counts, [1000, 10])
    assert confusion.f1(counts, 1) == Fraction(240, 271)
    assert confusion.f1(natural, 1) == Fraction(2 * 8) / (2 * 8 + Fraction(1000, 150) + 2)
    assert confusion.precision(natural, 1) == Fraction(8) / (8 + Fraction(1000, 150))


def test_counts_beyond_64_bits_stay_exact() -> None:
    counts = np.array([[10**9 - 1, 1], [1, 10**9 + 6]])
    found = confusion.at_frequencies(counts, [10**8, 10**6])
    rate = Fraction(10**9 + 6, 10**9 + 7) * 10**6
    false_alarms = Fraction(10**8, 10**9)
    assert confusion.f1(found, 1) == 2 * rate / (rate + false_alarms + 10**6)


def test_a_class_without_images_has_no_rates() -> None:
    with pytest.raises(ValueError, match="no rates"):
        confusion.at_frequencies(np.array([[3, 1], [0, 0]]), [10, 1])
