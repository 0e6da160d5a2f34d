"""Stored scores: the predictions and, to float16, the margins of the logits."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from bnclaims.protocol.names import FOLDED, KEPT, RECALIBRATED, REMOVED
from bnclaims.training.executors.readout_scores import (
    evaluation_batch,
    folded_difference,
    stored,
    to_scores,
)

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)
close = st.floats(-1, 1, width=32)
LOGITS = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 20), st.integers(1, 4)),
    elements=finite | close | st.sampled_from([0.0, 1e-30, -1e-30, 1.0, np.float32(1.0000001)]),
)


@given(LOGITS)
def test_scores_keep_the_prediction_and_have_row_maximum_zero(logits: NDArray[np.float32]) -> None:
    scores = to_scores(logits)
    classes = np.hstack([0 * logits, logits]) if logits.shape[1] == 1 else logits
    assert scores.dtype == np.float16
    assert scores.shape == classes.shape
    assert np.isfinite(scores).all()
    assert (scores.max(axis=1) == 0).all()
    assert not np.signbit(scores.max(axis=1)).any()
    assert np.array_equal(scores.argmax(axis=1), classes.argmax(axis=1))


@given(hnp.arrays(np.float32, (10, 3), elements=st.floats(-50, 50, width=32)))
def test_margins_are_kept_to_float16(logits: NDArray[np.float32]) -> None:
    margins = logits - logits.max(axis=1, keepdims=True)
    np.testing.assert_allclose(to_scores(logits), margins, rtol=1e-3, atol=1e-6)


def test_one_logit_becomes_the_columns_zero_and_z() -> None:
    scores = to_scores(np.array([[1.5], [-2.0], [0.0]], dtype=np.float32))
    assert scores.tolist() == [[-1.5, 0.0], [0.0, -2.0], [0.0, 0.0]]


def test_what_float16_cannot_hold_is_clipped() -> None:
    assert to_scores(np.array([[0, -1e6], [3e38, -3e38]], dtype=np.float32)).tolist() == [
        [0.0, -60000.0],
        [0.0, -60000.0],
    ]


def test_folded_is_compared_and_not_stored() -> None:
    one = np.ones((2, 2), dtype=np.float32)
    logits = {
        (readout, split): one
        for readout in (KEPT, REMOVED, RECALIBRATED)
        for split in ("validation", "test")
    }
    assert folded_difference(logits) is None
    logits |= {(FOLDED, "validation"): one, (FOLDED, "test"): one + 0.25}
    assert folded_difference(logits) == 0.25
    assert stored(logits).keys() == {
        (KEPT, "validation"),
        (KEPT, "test"),
        (REMOVED, "validation"),
        (REMOVED, "test"),
        (RECALIBRATED, "test"),
    }


def test_fewer_large_images_pass_at_once_so_that_reading_takes_no_more_memory_than_training() -> (
    None
):
    # Records of small images were read 256 at once: another number might round otherwise.
    assert [evaluation_batch(side) for side in (0, 8, 32, 64)] == [256] * 4
    assert [evaluation_batch(side) for side in (96, 128, 224, 512)] == [113, 64, 20, 16]
