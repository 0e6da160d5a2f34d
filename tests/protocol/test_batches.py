"""Batch order: decided by the seed alone, every image once, no batch of one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.batches import batch_sizes
from bnclaims.protocol.names import ARMS, OVERSAMPLED, PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.training.executors.batches import epochs
from fixtures.trials import setting_of

LABELS = np.array([0] * 60 + [1] * 5)


def trial_of(
    arm: str = PLAIN, *, seed: int = 0, epochs: int | None = 3, steps: int | None = None
) -> Trial:
    setting = setting_of(batch_size=16, epochs=epochs, steps=steps)
    return Trial(setting=setting, arm=arm, seed=seed)


def orders(trial: Trial) -> list[NDArray[np.int64]]:
    return [order for order, _ in epochs(trial, LABELS)]


@given(images=st.integers(2, 500), batch_size=st.integers(2, 70))
def test_batches_hold_every_image_and_never_only_one(images: int, batch_size: int) -> None:
    sizes = batch_sizes(images, batch_size)
    assert sum(sizes) == images
    assert min(sizes) >= 2
    assert max(sizes) <= batch_size + 1
    assert sizes[:-1] == [batch_size] * (len(sizes) - 1)


def test_a_last_batch_of_one_joins_the_batch_before() -> None:
    assert batch_sizes(65, 64) == [65]
    assert batch_sizes(129, 64) == [64, 65]
    assert batch_sizes(1010, 64) == [64] * 15 + [50]


def test_batches_of_one_image_are_refused() -> None:
    with pytest.raises(BnclaimsError, match="batch_size 1 "):
        batch_sizes(10, 1)


def test_an_epoch_shows_every_image_once() -> None:
    seen = list(epochs(trial_of(), LABELS))
    assert len(seen) == 3
    for order, sizes in seen:
        assert sorted(order) == list(range(65))
        assert sizes == [16, 16, 16, 17]
    assert not np.array_equal(seen[0][0], seen[1][0])


@pytest.mark.parametrize("arm", [arm for arm in ARMS if arm != OVERSAMPLED])
def test_the_order_is_the_same_in_every_arm(arm: str) -> None:
    for order, other in zip(orders(trial_of()), orders(trial_of(arm)), strict=True):
        assert np.array_equal(order, other)


def test_another_seed_gives_another_order() -> None:
    assert not np.array_equal(orders(trial_of(seed=0))[0], orders(trial_of(seed=1))[0])


def test_fixed_steps_repeat_epochs_and_cut_the_last() -> None:
    by_steps = list(epochs(trial_of(epochs=None, steps=6), LABELS))
    by_epochs = list(epochs(trial_of(epochs=2), LABELS))
    assert [sizes for _, sizes in by_steps] == [[16, 16, 16, 17], [16, 16]]
    assert np.array_equal(by_steps[0][0], by_epochs[0][0])
    assert np.array_equal(by_steps[1][0], by_epochs[1][0][:32])


def test_oversampling_balances_the_classes_in_batches_of_the_same_sizes() -> None:
    plain = list(epochs(trial_of(), LABELS))
    balanced = list(epochs(trial_of(OVERSAMPLED), LABELS))
    assert [sizes for _, sizes in balanced] == [sizes for _, sizes in plain]
    for order, _ in balanced:
        counts = np.bincount(LABELS[order])
        assert abs(int(counts[0]) - int(counts[1])) <= 1
    assert set(np.concatenate([order for order, _ in balanced])) >= set(range(60, 65))
    assert not np.array_equal(balanced[0][0], balanced[1][0])
