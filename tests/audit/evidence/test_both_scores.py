"""Both scores, and the metrics that generation 2 added: what they are on counts worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from bnclaims import stats
from bnclaims.audit.evidence import metrics
from bnclaims.audit.evidence.both_scores import Scores, columns_of, in_f1
from bnclaims.audit.evidence.calibration import ece, prevalence_weights
from bnclaims.audit.evidence.per_seed import Column
from bnclaims.audit.evidence.predictions import Predictions


def column(*percent: int, **changes: object) -> Column:
    values = tuple(Fraction(p, 100) for p in percent)
    return Column(
        seeds=tuple(range(len(percent))),
        low=values,
        high=values,
        leave_out=lambda: np.array([[float(value) for value in values]]),
        share=Fraction(0),
        bounds=(Fraction(0), Fraction(1)),
        **changes,  # type: ignore[arg-type]
    )


def images(
    labels: list[int], scores: list[list[float]], minority: tuple[int, ...] = (1,)
) -> Predictions:
    truth = np.array(labels)
    groups = [str(number) for number in range(len(labels))]
    return Predictions(
        labels=truth,
        scores=np.array(scores),
        minority=minority,
        train_images=(99, 1),
        temperature=lambda: 2.0,
        second_half=lambda: stats.halves(groups, truth),
    )


def test_scores_are_paired_score_by_score() -> None:
    one, other = Scores(column(50, 60), column(40, 30)), Scores(column(20, 10), column(10, 40))
    gain = one - other
    assert gain.f1.low == (Fraction(3, 10), Fraction(1, 2))
    assert gain.j.low == (Fraction(3, 10), Fraction(-1, 10))
    assert (-gain).j.low == (Fraction(-3, 10), Fraction(1, 10))
    assert (one + other).f1.low == (Fraction(7, 10), Fraction(7, 10))
    assert columns_of(gain) == (gain.f1, gain.j) and in_f1(gain) is gain.f1
    assert columns_of(gain.j) == (gain.j,)


def test_a_quantity_above_a_line_keeps_its_seeds_and_moves_with_its_bounds_and_replicates() -> None:
    auc = column(90, 40, worst=Fraction(1, 2), metrics=frozenset({"auc"})).above(0.5)
    assert auc.low == auc.high == (Fraction(2, 5), Fraction(-1, 10))
    assert auc.low is auc.high and auc.bounds == (Fraction(-1, 2), Fraction(1, 2))
    assert auc.replicates.tolist() == [pytest.approx([0.4, -0.1])]
    assert auc.worst == Fraction(1, 2)


def test_the_worst_of_a_difference_is_the_larger_one() -> None:
    f1, auc = column(50), column(50, worst=Fraction(1, 2))
    assert (auc - auc).worst == (auc * 2).worst == Fraction(1, 2)
    assert (f1 - auc).worst == (auc + f1).worst == 1


THREE = [[2.0, 0, 0], [2, 0, 0], [0, 0, 2], [0, 2, 0], [0, 0, 2], [2, 0, 0]]


def test_the_last_class_alone_is_scored_where_a_claim_asks_for_it() -> None:
    # Of class 2 one of two is found, and one of the four others is called it.
    found = images([0, 0, 1, 1, 2, 2], THREE, minority=(1, 2))
    assert metrics.last_youden_j(found) == Fraction(1, 2) - Fraction(1, 4)
    assert metrics.last_minority_f1(found) == Fraction(2, 4)
    assert metrics.youden_j(found) != metrics.last_youden_j(found)
    tables = found.counts[np.newaxis]
    for metric in (metrics.LAST_F1, metrics.LAST_J):
        assert metric.of_tables is not None
        assert metric.of_tables(tables, (1, 2)).tolist() == [float(metric.of(found) or 0)]


def test_calibration_error_at_the_training_prevalence_weighs_classes_as_in_training() -> None:
    labels = np.array([0, 0, 1, 1])
    probability = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9]])
    weights = prevalence_weights(labels, (99, 1))
    assert weights.tolist() == [49.5, 49.5, 0.5, 0.5]
    # All are sure by .9: right in 99 + 1/2 of 100, against three of four in balance.
    assert ece(labels, probability, weights=weights) == pytest.approx(0.095)
    assert ece(labels, probability) == pytest.approx(0.15)
    scores = np.log(probability).tolist()
    found = images(labels.tolist(), scores)
    assert metrics.natural_ece(found) == Fraction(95, 1000)
    assert metrics.natural_ece(found.of(labels == 0)) is None
    assert metrics.natural_ece_scaled(found) != metrics.natural_ece(found)


def test_a_cross_fitted_threshold_knows_no_own_threshold_and_no_image_it_judges() -> None:
    stream = np.random.default_rng(3)
    labels = [0] * 40 + [1] * 40
    margin = stream.normal(size=80) + np.array(labels)
    found = [images(labels, [[0.0, m + shift] for m in margin]) for shift in (0.0, -50.0)]
    own, moved = (metrics.cross_fitted_j(one) for one in found)
    assert own == moved == stats.cross_fitted_j(labels, margin, found[0].second_half())
    assert metrics.youden_j(found[1]) == 0


def test_a_half_without_a_class_has_no_cross_fitted_threshold() -> None:
    one = images([0, 0, 1], [[0.0, 0], [0, 1], [0, 2]])
    assert metrics.cross_fitted_j(one) is None
    four = images([0, 0, 1, 1], [[0.0, -1], [0, 0], [0, 1], [0, 2]])
    assert metrics.cross_fitted_j(four) is not None
    assert metrics.cross_fitted_j(four.of(np.array([True, True, True, False]))) is None
