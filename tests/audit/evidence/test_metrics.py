"""Metrics against brute force and scikit-learn."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from bnclaims.audit.evidence import calibration, confusion, metrics
from bnclaims.audit.evidence.predictions import Predictions
from bnclaims.store.record import Scores
from fixtures.scores import Labels, binary


@given(st.integers(2, 4), st.data())
def test_counts_and_their_metrics_agree_with_scikit_learn(
    classes: int, data: st.DataObject
) -> None:
    of_class = st.lists(st.integers(0, classes - 1), min_size=12, max_size=12)
    labels, predicted = np.array(data.draw(of_class)), np.array(data.draw(of_class))
    counts = confusion.confusion(labels, predicted, classes)
    every = list(range(classes))
    assert np.array_equal(counts, sklearn_metrics.confusion_matrix(labels, predicted, labels=every))
    expected = sklearn_metrics.f1_score(
        labels, predicted, labels=every, average=None, zero_division=0.0
    )
    assert [float(confusion.f1(counts, cls)) for cls in every] == pytest.approx(list(expected))
    assert float(confusion.minority_f1(counts, every[1:])) == pytest.approx(expected[1:].mean())
    recalls = [(predicted[labels == cls] == cls).mean() for cls in set(labels.tolist())]
    assert float(confusion.balanced_accuracy(counts)) == pytest.approx(np.mean(recalls))


def test_f1_is_an_exact_fraction() -> None:
    counts = np.array([[7, 3], [1, 2]])
    assert confusion.f1(counts, 1) == Fraction(4, 8)
    assert confusion.f1(np.array([[7, 0], [0, 0]]), 1) == 0
    assert confusion.balanced_accuracy(counts) == Fraction(41, 60)
    with pytest.raises(ValueError, match="no images"):
        confusion.balanced_accuracy(np.zeros((2, 2), dtype=np.int64))


@given(binary())
def test_auc_counts_pairs(case: tuple[Labels, Scores]) -> None:
    labels, scores = case
    difference = scores[:, 1].astype(float) - scores[:, 0].astype(float)
    pairs = list(product(difference[labels == 1], difference[labels == 0]))
    won = sum(Fraction(2 * (one > zero) + (one == zero), 2) for one, zero in pairs)
    assert metrics.auc(labels, scores) == won / len(pairs)


@given(binary())
def test_average_precision_agrees_with_scikit_learn(case: tuple[Labels, Scores]) -> None:
    labels, scores = case
    difference = scores[:, 1].astype(float) - scores[:, 0].astype(float)
    expected = sklearn_metrics.average_precision_score(labels, difference)
    assert metrics.average_precision(labels, scores) == pytest.approx(expected)


@given(binary())
def test_probabilities_give_the_losses_of_scikit_learn(case: tuple[Labels, Scores]) -> None:
    labels, scores = case
    probability = calibration.probabilities(scores)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    assert calibration.brier(labels, probability) == pytest.approx(
        2 * sklearn_metrics.brier_score_loss(labels, probability[:, 1])
    )
    assert calibration.nll(labels, scores) == pytest.approx(
        sklearn_metrics.log_loss(labels, probability, labels=[0, 1])
    )


def test_temperature_softens_probabilities() -> None:
    scores = np.array([[0.0, -2.0]])
    expected = 1 / (1 + math.exp(-1))
    assert calibration.probabilities(scores, 2.0)[0, 0] == pytest.approx(expected)
    assert calibration.nll(np.array([0]), scores, 2.0) == pytest.approx(-math.log(expected))


def test_clipped_scores_have_a_finite_likelihood() -> None:
    scores = np.array([[0.0, -60000.0]], dtype=np.float16)
    assert calibration.nll(np.array([1]), scores) == pytest.approx(60000, rel=1e-3)


def test_calibration_error_by_hand() -> None:
    probability = np.array([[0.95, 0.05], [0.93, 0.07], [0.4, 0.6], [0.5, 0.5]])
    labels = np.array([0, 1, 1, 1])
    # Bins of a tenth: {0.95, 0.93} half right, {0.6} right, {0.5} wrong (a tie is class 0).
    by_hand = (abs(1 - 1.88) + abs(1 - 0.6) + abs(0 - 0.5)) / 4
    assert calibration.ece(labels, probability, bins=10) == pytest.approx(by_hand)
    # Within one bin, being right too often and too seldom cancel.
    one_bin = abs(2 - (0.95 + 0.93 + 0.6 + 0.5)) / 4
    assert calibration.ece(labels, probability, bins=1) == pytest.approx(one_bin)


@given(binary())
def test_confidence_is_ranked_as_scikit_learn_ranks_it(case: tuple[Labels, Scores]) -> None:
    labels, scores = case
    probability = calibration.probabilities(scores)
    correct = probability.argmax(axis=1) == labels
    found = metrics.confidence_auroc(labels, probability)
    if correct.all() or not correct.any():
        assert found is None
    else:
        assert found == pytest.approx(
            sklearn_metrics.roc_auc_score(correct, probability.max(axis=1))
        )


def test_equal_differences_of_confidence_tie() -> None:
    def won(pairs: int) -> Fraction:
        """Nineteen right and one wrong image, which so many of the right ones are surer than."""
        sure = np.array([*[0.9] * pairs, *[0.6] * (19 - pairs), 0.7])
        images = Predictions(
            labels=np.array([*[0] * 19, 1]),
            scores=np.log(np.stack([sure, 1 - sure], axis=1)),
            minority=(1,),
            train_images=(99, 1),
            temperature=lambda: None,
            second_half=lambda: np.arange(20) % 2 == 1,
        )
        found = metrics.error_ranking(images)
        assert found is not None
        return found

    assert won(2) - won(1) == won(3) - won(2) == Fraction(1, 19)


@given(binary(), st.floats(0.1, 10), st.integers(0, 2**16))
def test_probabilities_of_some_images_are_those_of_these_images_alone(
    case: tuple[Labels, Scores], temperature: float, stream: int
) -> None:
    labels, scores = case
    kept = np.random.default_rng(stream).random(len(labels)) < 0.7
    whole = Predictions(
        labels=labels,
        scores=scores.astype(np.float64),
        minority=(1,),
        train_images=(99, 1),
        temperature=lambda: temperature,
        second_half=lambda: np.zeros(len(labels), dtype=np.bool_),
    )
    for at in (1.0, temperature):
        found = whole.of(kept).probability(at)
        np.testing.assert_allclose(found, calibration.probabilities(scores[kept], at), rtol=1e-14)
    again = whole.of(kept).of(np.arange(kept.sum()) % 2 == 0).probability()
    np.testing.assert_array_equal(again, whole.of(kept).probability()[::2])


@given(binary())
def test_no_other_temperature_is_more_likely(case: tuple[Labels, Scores]) -> None:
    labels, scores = case
    fitted = calibration.nll(labels, scores, calibration.temperature(labels, scores))
    for other in np.geomspace(0.01, 100, 41):
        assert fitted <= calibration.nll(labels, scores, float(other)) + 1e-6


def test_the_temperature_that_made_the_labels_is_found() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, 4000)
    labels = (random.random(4000) < 1 / (1 + np.exp(-logits))).astype(np.int64)
    scores = np.column_stack([np.zeros(4000), 3 * logits])
    assert calibration.temperature(labels, scores) == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize("shape", [(4, 3), (4, 1)])
def test_rankings_are_for_two_classes(shape: tuple[int, int]) -> None:
    for measure in (metrics.auc, metrics.average_precision):
        with pytest.raises(ValueError, match="two classes"):
            measure(np.array([0, 1, 0, 1]), np.zeros(shape))


def test_a_class_that_is_absent_leaves_rankings_undefined() -> None:
    for measure in (metrics.auc, metrics.average_precision):
        with pytest.raises(ValueError, match="both classes"):
            measure(np.zeros(3, dtype=np.int64), np.zeros((3, 2)))
