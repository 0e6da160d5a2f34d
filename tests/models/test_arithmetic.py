"""Operations of a network, against what its makers publish and what can be counted by hand."""

from __future__ import annotations

import sys

import pytest
import torch

from bnclaims.errors import BnclaimsError
from bnclaims.models._torchvision import torchvision_models
from bnclaims.models.arithmetic import forward_cost


def test_hidden_layers_count_two_operations_a_weight() -> None:
    cost = forward_cost("mlp", 8)
    assert (cost.flops, cost.layers) == (2 * (3 * 8 * 8 * 128 + 128 * 64), 2)


def test_a_convolution_counts_every_place_of_its_map() -> None:
    counted = 27 * 32 * 8 * 8 + 9 * 32 * 64 * 4 * 4 + 64 * 2 * 2 * 128
    assert forward_cost("simple_cnn", 8).flops == 2 * counted


# Inputs of the last Linear, which is no part of a body, and the layers of He et al. and of VGG.
@pytest.mark.parametrize(
    ("architecture", "weights", "width", "layers"),
    [("resnet34", "ResNet34", 512, 72), ("vgg19", "VGG19", 4096, 18)],
)
def test_large_networks_count_what_torchvision_publishes(
    architecture: str, weights: str, width: int, layers: int
) -> None:
    # Billions of multiply-adds of one image of 224 pixels.
    published = getattr(torchvision_models(), f"{weights}_Weights").IMAGENET1K_V1.meta["_ops"]
    cost = forward_cost(architecture, 224)
    assert cost.flops / 2e9 + width * 1000 / 1e9 == pytest.approx(published, abs=1e-3)
    assert cost.layers == layers


def test_counting_leaves_the_random_state_alone_and_needs_no_memory() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    forward_cost.__wrapped__("vgg19_bn", 256)
    assert torch.equal(torch.rand(3), expected)


def test_a_network_that_cannot_be_built_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(BnclaimsError, match="timm"):
        forward_cost.__wrapped__("efficientnet_lite0", 64)
