"""Predictions, thresholds and metrics against brute force and scikit-learn."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics

from bnclaims import readouts
from bnclaims.record import Record, Scores, Split
from bnclaims.trial import (
    KEPT,
    ORACLE_THRESHOLD,
    PRIOR_SHIFTED,
    REMOVED,
    TUNED_THRESHOLD,
    Setting,
    Task,
    Trial,
)

Labels = NDArray[np.int64]


@st.composite
def binary(draw: st.DrawFn) -> tuple[Labels, Scores]:
    """Labels with both classes present, and stored scores with many ties."""
    count = draw(st.integers(2, 25))
    labels = draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    labels[:2] = [0, 1]
    values = st.integers(-8, 8).map(lambda number: number / 2) | st.floats(-30, 30, width=16)
    differences = draw(st.lists(values, min_size=count, max_size=count))
    logits = np.array([[0.0, value] for value in differences])
    scores = (logits - logits.max(axis=1, keepdims=True)).astype(np.float16)
    return np.array(labels, dtype=np.int64), scores


def balanced_f1(labels: Labels, predicted: Labels) -> Fraction:
    hit = Fraction(int(predicted[labels == 1].sum()), int((labels == 1).sum()))
    alarm = Fraction(int(predicted[labels == 0].sum()), int((labels == 0).sum()))
    return 2 * hit / (2 * hit + alarm + (1 - hit))


def minority_where(scores: Any, threshold: float) -> Labels:
    wide = scores.astype(np.float64)
    predicted: Labels = (wide[:, 1] - wide[:, 0] > threshold).astype(np.int64)
    return predicted


@given(binary())
def test_the_oracle_is_at_least_as_good_as_any_other_threshold(case: tuple[Labels, Scores]) -> None:
    labels, scores = case
    oracle = balanced_f1(
        labels, readouts.predictions(readouts.oracle_threshold(scores, labels=labels))
    )
    differences = scores[:, 1].astype(float) - scores[:, 0].astype(float)
    for threshold in [*differences, differences.min() - 1, 0.0]:
        assert oracle >= balanced_f1(labels, minority_where(scores, threshold))


@given(binary())
def test_the_chosen_threshold_is_the_best_candidate_closest_to_zero(
    case: tuple[Labels, Scores],
) -> None:
    labels, scores = case
    distinct = sorted({float(b) - float(a) for a, b in scores})
    middle = [(low + high) / 2 for low, high in pairwise(distinct)]
    candidates = [distinct[0] - 1, *middle, distinct[-1] + 1]
    quality = {t: balanced_f1(labels, minority_where(scores, t)) for t in candidates}
    best = [t for t in candidates if quality[t] == max(quality.values())]
    assert readouts.best_threshold(labels, scores) == min(best, key=lambda t: (abs(t), t))


@given(binary(), binary())
def test_tuning_moves_the_decision_to_the_threshold_of_the_validation_split(
    test: tuple[Labels, Scores], validation: tuple[Labels, Scores]
) -> None:
    labels, scores = validation
    tuned = readouts.tuned_threshold(test[1], validation_scores=scores, validation_labels=labels)
    expected = minority_where(test[1], readouts.best_threshold(labels, scores))
    assert np.array_equal(readouts.predictions(tuned), expected)
    assert (tuned.max(axis=1) == 0).all()


def test_a_validation_split_is_judged_as_if_it_were_balanced() -> None:
    # Six of a hundred majority images score higher than one of the two minority images. Counted as
    # they are they would cost more than that image is worth; as 6 % of their class they do not.
    differences = np.array([-4.0] * 94 + [-1.0] * 6 + [-2.0, 3.0])
    labels = np.array([0] * 100 + [1] * 2)
    scores = np.column_stack([np.zeros(102), differences])
    assert readouts.best_threshold(labels, scores) == -3.0


@pytest.mark.parametrize("shape", [(4, 3), (4, 1)])
def test_thresholds_are_for_two_classes(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="two classes"):
        readouts.oracle_threshold(np.zeros(shape), labels=np.array([0, 1, 0, 1]))


def test_a_class_that_is_absent_leaves_rankings_undefined() -> None:
    for measure in (readouts.auc, readouts.average_precision, readouts.best_threshold):
        with pytest.raises(ValueError, match="both classes"):
            measure(np.zeros(3, dtype=np.int64), np.zeros((3, 2)))


def test_the_prior_is_taken_off_the_scores() -> None:
    scores = np.array([[0.0, -4.0], [0.0, -5.0]])
    shifted = readouts.prior_shifted(scores, (990, 10))
    assert readouts.predictions(shifted).tolist() == [1, 0]
    assert (shifted.max(axis=1) == 0).all()
    np.testing.assert_allclose(np.diff(shifted).ravel(), [-4 + math.log(99), -5 + math.log(99)])
    half = readouts.prior_shifted(scores, (990, 10), tau=0.5)
    np.testing.assert_allclose(
        np.diff(half).ravel(), [-4 + math.log(99) / 2, -5 + math.log(99) / 2]
    )


def test_a_tie_is_the_majority() -> None:
    assert readouts.predictions(np.zeros((2, 3))).tolist() == [0, 0]


@given(st.integers(2, 4), st.data())
def test_counts_and_their_metrics_agree_with_scikit_learn(
    classes: int, data: st.DataObject
) -> None:
    of_class = st.lists(st.integers(0, classes - 1), min_size=12, max_size=12)
    labels, predicted = np.array(data.draw(of_class)), np.array(data.draw(of_class))
    counts = readouts.confusion(labels, predicted, classes)
    every = list(range(classes))
    assert np.array_equal(counts, metrics.confusion_matrix(labels, predicted, labels=every))
    expected = metrics.f1_score(labels, predicted, labels=every, average=None, zero_division=0.0)
    assert [float(readouts.f1(counts, cls)) for cls in every] == pytest.approx(list(expected))
    assert float(readouts.minority_f1(counts, every[1:])) == pytest.approx(expected[1:].mean())
    recalls = [(predicted[labels == cls] == cls).mean() for cls in set(labels.tolist())]
    assert float(readouts.balanced_accuracy(counts)) == pytest.approx(np.mean(recalls))


def test_f1_is_an_exact_fraction() -> None:
    counts = np.array([[7, 3], [1, 2]])
    assert readouts.f1(counts, 1) == Fraction(4, 8)
    assert readouts.f1(np.array([[7, 0], [0, 0]]), 1) == 0
    assert readouts.balanced_accuracy(counts) == Fraction(41, 60)
    with pytest.raises(ValueError, match="no images"):
        readouts.balanced_accuracy(np.zeros((2, 2), dtype=np.int64))


@given(binary())
def test_auc_counts_pairs(case: tuple[Labels, Scores]) -> None:
    labels, scores = case
    difference = scores[:, 1].astype(float) - scores[:, 0].astype(float)
    pairs = list(product(difference[labels == 1], difference[labels == 0]))
    won = sum(Fraction(2 * (one > zero) + (one == zero), 2) for one, zero in pairs)
    assert readouts.auc(labels, scores) == won / len(pairs)


@given(binary())
def test_average_precision_agrees_with_scikit_learn(case: tuple[Labels, Scores]) -> None:
    labels, scores = case
    difference = scores[:, 1].astype(float) - scores[:, 0].astype(float)
    expected = metrics.average_precision_score(labels, difference)
    assert readouts.average_precision(labels, scores) == pytest.approx(expected)


@given(binary())
def test_probabilities_give_the_losses_of_scikit_learn(case: tuple[Labels, Scores]) -> None:
    labels, scores = case
    probability = readouts.probabilities(scores)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    assert readouts.brier(labels, probability) == pytest.approx(
        2 * metrics.brier_score_loss(labels, probability[:, 1])
    )
    assert readouts.nll(labels, scores) == pytest.approx(
        metrics.log_loss(labels, probability, labels=[0, 1])
    )


def test_temperature_softens_probabilities() -> None:
    scores = np.array([[0.0, -2.0]])
    expected = 1 / (1 + math.exp(-1))
    assert readouts.probabilities(scores, 2.0)[0, 0] == pytest.approx(expected)
    assert readouts.nll(np.array([0]), scores, 2.0) == pytest.approx(-math.log(expected))


def test_clipped_scores_have_a_finite_likelihood() -> None:
    scores = np.array([[0.0, -60000.0]], dtype=np.float16)
    assert readouts.nll(np.array([1]), scores) == pytest.approx(60000, rel=1e-3)


def test_calibration_error_by_hand() -> None:
    probability = np.array([[0.95, 0.05], [0.93, 0.07], [0.4, 0.6], [0.5, 0.5]])
    labels = np.array([0, 1, 1, 1])
    # Bins of a tenth: {0.95, 0.93} half right, {0.6} right, {0.5} wrong (a tie is class 0).
    by_hand = (abs(1 - 1.88) + abs(1 - 0.6) + abs(0 - 0.5)) / 4
    assert readouts.ece(labels, probability, bins=10) == pytest.approx(by_hand)
    # Within one bin, being right too often and too seldom cancel.
    one_bin = abs(2 - (0.95 + 0.93 + 0.6 + 0.5)) / 4
    assert readouts.ece(labels, probability, bins=1) == pytest.approx(one_bin)


@given(binary())
def test_confidence_is_ranked_as_scikit_learn_ranks_it(case: tuple[Labels, Scores]) -> None:
    labels, scores = case
    probability = readouts.probabilities(scores)
    correct = readouts.predictions(probability) == labels
    found = readouts.confidence_auroc(labels, probability)
    if correct.all() or not correct.any():
        assert found is None
    else:
        assert found == pytest.approx(metrics.roc_auc_score(correct, probability.max(axis=1)))


@given(binary())
def test_no_other_temperature_is_more_likely(case: tuple[Labels, Scores]) -> None:
    labels, scores = case
    fitted = readouts.nll(labels, scores, readouts.temperature(labels, scores))
    for other in np.geomspace(0.01, 100, 41):
        assert fitted <= readouts.nll(labels, scores, float(other)) + 1e-6


def test_the_temperature_that_made_the_labels_is_found() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, 4000)
    labels = (random.random(4000) < 1 / (1 + np.exp(-logits))).astype(np.int64)
    scores = np.column_stack([np.zeros(4000), 3 * logits])
    assert readouts.temperature(labels, scores) == pytest.approx(3, rel=0.1)


def record_of(scores: dict[tuple[str, str], Scores]) -> Record:
    task = Task(
        dataset="toy",
        fingerprint="",
        image_size=8,
        majority=(("a",),),
        minority=(("b",),),
        majority_images=990,
        minority_images=10,
        validation_majority_images=3,
        validation_minority_images=1,
        test_images=2,
    )
    setting = Setting(
        task=task,
        architecture="mlp",
        head="softmax",
        batch_size=64,
        epochs=1,
        steps=None,
        optimiser="adam",
        learning_rate=1e-3,
        precision="fp32",
        device="cpu",
    )

    def split_of(*labels: int) -> Split:
        names = tuple(map(str, range(len(labels))))
        return Split(images=names, groups=names, labels=np.array(labels, dtype=np.int64))

    return Record(
        trial=Trial(setting=setting, arm="plain", seed=0),
        diverged=not scores,
        splits={"validation": split_of(0, 0, 0, 1), "test": split_of(0, 0, 1, 1)},
        scores=scores,
        train_images=(990, 10),
        pool_images=(2000, 2000),
        losses=(),
        seconds={},
        environment={},
    )


def test_a_record_gives_its_stored_readouts_and_those_derived_from_kept() -> None:
    def below(*values: float) -> Scores:
        return np.array([[0.0, value] for value in values], dtype=np.float16)

    kept, validation = below(-7.0, -5.0, -4.0, -1.0), below(-9.0, -8.0, -7.0, -1.0)
    record = record_of(
        {(KEPT, "test"): kept, (KEPT, "validation"): validation, (REMOVED, "test"): kept * 2}
    )
    assert readouts.scores_of(record, KEPT).dtype == np.float64
    assert np.array_equal(readouts.scores_of(record, REMOVED), kept * 2)
    # log(99) is 4.6; the middle of -7 and -1 is -4; the test split divides between -5 and -4.
    for readout, expected in (
        (KEPT, [0, 0, 0, 0]),
        (PRIOR_SHIFTED, [0, 0, 1, 1]),
        (TUNED_THRESHOLD, [0, 0, 0, 1]),
        (ORACLE_THRESHOLD, [0, 0, 1, 1]),
    ):
        predicted = readouts.predictions(readouts.scores_of(record, readout))
        assert predicted.tolist() == expected, readout


def test_a_readout_that_a_record_cannot_have_is_named() -> None:
    kept = np.zeros((4, 2), dtype=np.float16)
    with pytest.raises(ValueError, match="arm 'plain' has no readout 'removed'"):
        readouts.scores_of(record_of({(KEPT, "test"): kept}), REMOVED)
    with pytest.raises(ValueError, match="diverged"):
        readouts.scores_of(record_of({}), PRIOR_SHIFTED)
