"""Assumed memory: what was measured comes out, more pixels take more, and too many workers are said."""

from __future__ import annotations

import pytest

from bnclaims.protocol.names import FINE_TUNED, FROZEN
from bnclaims.protocol.trial import Setting
from bnclaims.run import assumed_memory
from bnclaims.run.assumed_memory import assumed_bytes, free_bytes, memory_sentence
from fixtures.trials import setting_of, task_of


def vgg16(side: int, regime: str = FINE_TUNED) -> Setting:
    task = task_of(
        image_size=side,
        majority_images=1000,
        minority_images=10,
        validation_majority_images=150,
        validation_minority_images=7,
        test_images=150,
    )
    return setting_of(task, architecture="vgg16", batch_size=64, regime=regime)


@pytest.mark.parametrize(("side", "low", "high"), [(64, 1.6e9, 1.9e9), (128, 2.5e9, 2.9e9)])
def test_what_was_measured_comes_out(side: int, low: float, high: float) -> None:
    assert low < (assumed_bytes([vgg16(side)]) or 0) < high


def test_a_worker_needs_what_its_largest_setting_needs() -> None:
    each = [assumed_bytes([setting]) or 0 for setting in (vgg16(64, FROZEN), vgg16(64), vgg16(128))]
    assert each == sorted(each)
    assert assumed_bytes([vgg16(128), vgg16(64)]) == each[-1]
    assert assumed_bytes([setting_of(architecture="a network of tomorrow")]) is None


def test_only_too_many_workers_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assumed_memory, "assumed_bytes", lambda settings: 2e9)
    monkeypatch.setattr(assumed_memory, "free_bytes", lambda: 9e9)
    assert memory_sentence([]) == (
        "A worker that trains needs about 2.0 GB of memory; 9 GB are free here, enough for 4."
    )
    assert memory_sentence([], 4) is None
    assert memory_sentence([], 5) == (
        "A worker that trains needs about 2.0 GB of memory, and 9 GB are free here: "
        "use -n 4 instead of -n 5."
    )
    monkeypatch.setattr(assumed_memory, "free_bytes", lambda: None)
    assert memory_sentence([], 99) is None and memory_sentence([]) is not None


def test_a_linux_machine_says_what_is_free() -> None:
    free = free_bytes()
    assert free is None or 0 < free < 1e15
