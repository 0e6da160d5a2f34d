"""Readouts of a record, predictions, and thresholds against brute force."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from bnclaims.audit.evidence import readouts
from bnclaims.audit.evidence.scores import predictions
from bnclaims.protocol.names import (
    KEPT,
    ORACLE_THRESHOLD,
    PRIOR_SHIFTED,
    REMOVED,
    SIGMOID_K,
    TUNED_THRESHOLD,
)
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record, Scores, Split
from fixtures.scores import Labels, binary
from fixtures.trials import setting_of


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
    oracle = balanced_f1(labels, predictions(readouts.oracle_threshold(scores, labels=labels)))
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
    assert np.array_equal(predictions(tuned), expected)
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


def test_a_class_that_is_absent_leaves_the_best_threshold_undefined() -> None:
    with pytest.raises(ValueError, match="both classes"):
        readouts.best_threshold(np.zeros(3, dtype=np.int64), np.zeros((3, 2)))


def test_the_prior_is_taken_off_the_scores() -> None:
    scores = np.array([[0.0, -4.0], [0.0, -5.0]])
    shifted = readouts.prior_shifted(scores, (990, 10))
    assert predictions(shifted).tolist() == [1, 0]
    assert (shifted.max(axis=1) == 0).all()
    np.testing.assert_allclose(np.diff(shifted).ravel(), [-4 + math.log(99), -5 + math.log(99)])
    half = readouts.prior_shifted(scores, (990, 10), tau=0.5)
    np.testing.assert_allclose(
        np.diff(half).ravel(), [-4 + math.log(99) / 2, -5 + math.log(99) / 2]
    )


def test_a_logit_per_class_loses_the_prior_of_its_own_class_against_the_rest() -> None:
    # What a network knows that gives each class its true odds where 990 images stand against 10.
    balanced = np.array([0.8, 0.3])
    minority = balanced * 10 / (balanced * 10 + (1 - balanced) * 990)
    odds = np.log(minority / (1 - minority))
    record = record_of({(KEPT, "test"): np.stack([-odds, odds], axis=1).astype(np.float16)})
    head = dataclasses.replace(record.trial.setting, head=SIGMOID_K)
    record = dataclasses.replace(record, trial=dataclasses.replace(record.trial, setting=head))
    shifted = np.diff(readouts.scores_of(record, PRIOR_SHIFTED)).ravel()
    np.testing.assert_allclose(shifted, 2 * np.log(balanced / (1 - balanced)), atol=0.02)


def test_a_tie_is_the_majority() -> None:
    assert predictions(np.zeros((2, 3))).tolist() == [0, 0]


def record_of(scores: dict[tuple[str, str], Scores]) -> Record:
    def split_of(*labels: int) -> Split:
        names = tuple(map(str, range(len(labels))))
        return Split(images=names, groups=names, labels=np.array(labels, dtype=np.int64))

    return Record(
        trial=Trial(setting=setting_of(), arm="plain", seed=0),
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
        predicted = predictions(readouts.scores_of(record, readout))
        assert predicted.tolist() == expected, readout


def test_a_readout_that_a_record_cannot_have_is_named() -> None:
    kept = np.zeros((4, 2), dtype=np.float16)
    with pytest.raises(ValueError, match="arm 'plain' has no readout 'removed'"):
        readouts.scores_of(record_of({(KEPT, "test"): kept}), REMOVED)
    with pytest.raises(ValueError, match="diverged"):
        readouts.scores_of(record_of({}), PRIOR_SHIFTED)
