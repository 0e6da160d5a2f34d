"""fastai's cycle: which weights move when, at which rates, with which momentum and decay."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from bnclaims.models import build
from bnclaims.models.concat_pool import PooledConvolutions
from bnclaims.models.network import Network
from bnclaims.protocol.names import FASTAI_CYCLE, FASTAI_V1, FINAL_BN, FINE_TUNED, FROZEN, SCRATCH
from bnclaims.protocol.trial import Setting
from bnclaims.training.executors.optimisers import Optimiser, layer_groups
from fixtures.trials import setting_of

RATE = 2e-3


class Convolutions(nn.Sequential):
    """Three convolutions and a BatchNorm, of which the first layer is early."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 64, 3)
        )


def network_of(*, early: int | None = 1) -> Network:
    network = build(
        "simple_cnn",
        arm=FINAL_BN,
        classes=2,
        channels=1,
        image_size=8,
        head="softmax",
        seed=0,
        classifier=FASTAI_V1,
    )
    network.body = PooledConvolutions(Convolutions(), early)
    return network.train()


def setting(regime: str, **changes: Any) -> Setting:
    options = {"optimiser": FASTAI_CYCLE, "learning_rate": RATE, "regime": regime}
    return setting_of(classifier=FASTAI_V1, epochs=3, **options | changes)


def step(network: Network, optimiser: Optimiser) -> None:
    images = torch.randn(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([0, 1, 1, 0, 0, 1])
    optimiser.step(nn.functional.cross_entropy(network(images), labels))


def rates(optimiser: Optimiser) -> list[float]:
    """Rates of the layer groups: of each of their two parts, weights that decay and others, one."""
    groups = optimiser._optimiser.param_groups
    return list(dict.fromkeys(float(group["lr"]) for group in groups))


def weights_of(network: Network) -> dict[str, torch.Tensor]:
    # A bias before BatchNorm has no gradient.
    return {
        name: value.detach().clone()
        for name, value in network.named_parameters()
        if name.endswith("weight")
    }


def moved(network: Network, before: dict[str, torch.Tensor]) -> set[str]:
    now = dict(network.named_parameters())
    return {name for name, value in before.items() if not torch.equal(value, now[name])}


def test_a_fine_tuned_network_first_trains_its_end_and_the_norms_of_its_body() -> None:
    network = network_of()
    optimiser = Optimiser(setting(FINE_TUNED), network, [4, 4, 4])
    before = weights_of(network)
    optimiser.begin_epoch(0)
    for _ in range(4):
        step(network, optimiser)
    still = {name for name in before if name.startswith("body.") and ".0.2." not in name}
    assert moved(network, before) == before.keys() - still
    before = weights_of(network)
    optimiser.begin_epoch(1)
    step(network, optimiser)
    assert moved(network, before) == before.keys()


def test_layer_groups_have_rates_a_factor_of_ten_apart() -> None:
    network = network_of()
    optimiser = Optimiser(setting(FINE_TUNED), network, [4, 10, 10])
    optimiser.begin_epoch(0)
    optimiser.begin_epoch(1)
    highest = []
    for _ in range(20):
        highest.append(rates(optimiser))
        step(network, optimiser)
    peak = max(highest, key=lambda found: found[-1])
    assert peak == pytest.approx([RATE / 2 / 100, RATE / 2 / 10, RATE / 2], rel=0.02)
    # It rises for three tenths of the steps from a fifth of the highest, and falls to next to nothing.
    assert highest.index(peak) == 6
    assert highest[0][-1] == pytest.approx(RATE / 2 / 5)
    assert rates(optimiser)[-1] == pytest.approx(RATE / 2 * 1e-5, rel=0.01)


def test_a_body_without_borders_is_one_group() -> None:
    assert [len(group) for group in layer_groups(network_of(early=None))] == [1, 4]
    assert [len(group) for group in layer_groups(network_of(early=1))] == [1, 3, 4]


@pytest.mark.parametrize("regime", [SCRATCH, FROZEN])
def test_elsewhere_one_cycle_takes_the_whole_training(regime: str) -> None:
    network = network_of()
    optimiser = Optimiser(setting(regime), network, [8, 8, 8])
    seen = []
    for epoch in range(3):
        optimiser.begin_epoch(epoch)
        for _ in range(8):
            betas = optimiser._optimiser.param_groups[0]["betas"]
            seen.append((*rates(optimiser), betas[0]))
            step(network, optimiser)
    first, peak = seen[0], max(seen)
    assert first == pytest.approx((RATE / 25, 0.95))
    assert peak == pytest.approx((RATE, 0.85), rel=0.02) and seen.index(peak) == 6
    assert betas[1] == 0.99


def test_norms_and_biases_do_not_decay() -> None:
    network = network_of()
    optimiser = Optimiser(setting(SCRATCH), network, [2, 2, 2])
    optimiser.begin_epoch(0)
    decay = {
        id(parameter): group["weight_decay"]
        for group in optimiser._optimiser.param_groups
        for parameter in group["params"]
    }
    named = {name: decay[id(value)] for name, value in network.named_parameters()}
    assert {name for name, value in named.items() if value} == {
        "body.0.0.weight",
        "body.0.1.weight",
        "body.0.3.weight",
        "classifier.2.weight",
        "last.weight",
    }
    assert set(named.values()) == {0.0, 0.01}


def test_adam_has_one_rate_for_all_steps() -> None:
    network = network_of()
    optimiser = Optimiser(setting(FINE_TUNED, optimiser="adam"), network, [4, 4, 4])
    before = weights_of(network)
    for epoch in range(3):
        optimiser.begin_epoch(epoch)
        step(network, optimiser)
        assert rates(optimiser) == [RATE]
    assert moved(network, before) == before.keys()
