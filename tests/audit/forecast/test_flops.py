"""The arithmetic of the networks against torch's own count, and times that are assumed from it."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from bnclaims.audit.forecast.assumed_times import RATES, modelled
from bnclaims.audit.forecast.flops import forward
from bnclaims.models.registry import BODIES
from bnclaims.protocol.names import ARCHITECTURES, FROZEN
from fixtures.trials import setting_of, task_of

LAYERS = (torch.nn.Conv2d, torch.nn.Linear, torch.nn.BatchNorm2d, torch.nn.BatchNorm1d)


@pytest.mark.parametrize("image_size", [64, 96])
@pytest.mark.parametrize("architecture", sorted(BODIES))
def test_the_count_is_that_of_torch(architecture: str, image_size: int) -> None:
    if architecture == "efficientnet_lite0":
        pytest.importorskip("timm", reason="needs the extra bnclaims[pretrained]")
    # On the meta device nothing is drawn and nothing computed.
    with torch.device("meta"):
        body, _ = BODIES[architecture](3, image_size)
        body.eval()
        counter = FlopCounterMode(display=False)
        with counter:
            body(torch.empty(1, 3, image_size, image_size))
    counted = forward(architecture, image_size)
    assert counted is not None
    assert 2 * counted.macs == counter.get_total_flops()
    assert counted.layers == sum(isinstance(layer, LAYERS) for layer in body.modules())


def test_every_architecture_is_counted_and_no_other() -> None:
    assert all(forward(architecture, 64) is not None for architecture in ARCHITECTURES)
    assert forward("a network of tomorrow", 64) is None
    assert modelled(setting_of(architecture="a network of tomorrow")) is None


def test_a_trial_takes_its_passes_at_the_rate_of_its_device() -> None:
    # 15 training and 16 held-out images; 3 epochs of 4 steps.
    setting = setting_of(architecture="vgg19", batch_size=4, epochs=3, task=task_of(image_size=32))
    cost, rate = forward("vgg19", 32), RATES["cpu"]
    assert cost is not None
    passes = 3 * 3 * 15 + 16
    expected = 2 * cost.macs * passes / rate.flops + 12 * rate.per_layer * cost.layers
    assert modelled(setting) == pytest.approx(expected)


def test_a_frozen_body_sees_every_image_once() -> None:
    task = task_of(image_size=64)
    once, trained = (
        modelled(setting_of(task, architecture="vgg19", epochs=50, **regime))
        for regime in ({"regime": FROZEN}, {})
    )
    assert once is not None and trained is not None
    assert once < trained / 50
