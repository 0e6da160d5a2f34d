"""Times that are assumed from arithmetic."""

from __future__ import annotations

import sys

import pytest

from bnclaims.models.arithmetic import forward_cost
from bnclaims.protocol.names import FROZEN
from bnclaims.run.assumed_times import THROUGHPUTS, assumed_on
from fixtures.trials import setting_of, task_of

assumed = assumed_on("cpu").seconds


def test_a_trial_takes_its_passes_at_the_rate_of_its_device() -> None:
    # 15 training and 16 held-out images; 3 epochs of 4 steps.
    setting = setting_of(architecture="vgg19", batch_size=4, epochs=3, task=task_of(image_size=32))
    cost, throughput = forward_cost("vgg19", 32), THROUGHPUTS["cpu"]
    passes = 3 * 3 * 15 + 16
    expected = cost.flops * passes / throughput.flops + 12 * throughput.per_layer * cost.layers
    assert assumed(setting) == pytest.approx(expected)
    assert assumed_on("cuda").seconds(setting) != pytest.approx(expected)


def test_fixed_steps_are_counted_as_they_are() -> None:
    # 15 images in 4 batches: 6 steps are an epoch and a half.
    task = task_of(image_size=32)
    cost, throughput = forward_cost("simple_cnn", 32), THROUGHPUTS["cpu"]
    setting = setting_of(task, architecture="simple_cnn", batch_size=4, epochs=None, steps=6)
    expected = (
        cost.flops * (3 * 1.5 * 15 + 16) / throughput.flops + 6 * throughput.per_layer * cost.layers
    )
    assert assumed(setting) == pytest.approx(expected)


def test_a_frozen_body_sees_every_image_once() -> None:
    task = task_of(image_size=64)
    once, trained = (
        assumed(setting_of(task, architecture="vgg19", epochs=50, **regime))
        for regime in ({"regime": FROZEN}, {})
    )
    assert once is not None and trained is not None
    assert once < trained / 50


def test_nothing_is_assumed_of_a_network_that_is_not_known_or_cannot_be_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert assumed(setting_of(architecture="a network of tomorrow")) is None
    forward_cost.cache_clear()
    monkeypatch.setitem(sys.modules, "timm", None)
    assert assumed(setting_of(task_of(image_size=64), architecture="efficientnet_lite0")) is None
