"""Networks: the same bits in every arm, and the shapes and errors that were promised."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import nn

from bnclaims.errors import BnclaimsError
from bnclaims.models import build
from bnclaims.models.initialisation import body_of
from bnclaims.models.network import Network
from bnclaims.protocol.architectures import ARCHITECTURES
from bnclaims.protocol.names import ARMS, FEATURE_BN, FINAL_BN, NO_LAST_BIAS, PLAIN
from fixtures.weights import needs_efficientnet_lite0

ADDED = ("final.", "feature_layer.")
# The large networks take seconds to draw: arms that add or drop something stand for all.
ARMS_OF: Mapping[str, tuple[str, ...]] = {
    "mlp": tuple(ARMS),
    "simple_cnn": tuple(ARMS),
    "resnet34": (FINAL_BN, FEATURE_BN, NO_LAST_BIAS),
    "vgg16": (FINAL_BN,),
    "vgg19": (FINAL_BN,),
    "vgg19_bn": (FEATURE_BN,),
    "efficientnet_lite0": (FINAL_BN,),
}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def skip_without_timm(architecture: str) -> None:
    if architecture == "efficientnet_lite0":
        needs_efficientnet_lite0(trained=False)


def network_of(architecture: str, arm: str = PLAIN, **changes: Any) -> Network:
    options: dict[str, Any] = {
        "classes": 2,
        "channels": 3,
        "image_size": max(8, ARCHITECTURES[architecture].smallest_image),
        "head": "softmax",
        "seed": 3,
    }
    return build(architecture, arm=arm, **options | changes)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_shared_weights_are_the_same_bits_in_every_arm(architecture: str) -> None:
    skip_without_timm(architecture)
    plain = network_of(architecture).state_dict()
    assert len(plain) > 4
    for arm in ARMS_OF[architecture]:
        other = network_of(architecture, arm).state_dict()
        shared = {name: value for name, value in other.items() if not name.startswith(ADDED)}
        missing = {"last.bias"} if arm == NO_LAST_BIAS else set()
        assert plain.keys() - shared.keys() == missing
        for name, value in shared.items():
            assert torch.equal(value, plain[name]), (arm, name)


def test_another_seed_draws_other_weights() -> None:
    one, other = network_of("mlp", seed=0), network_of("mlp", seed=1)
    assert not torch.equal(one.last.weight, other.last.weight)


def test_building_leaves_the_random_state_of_torch_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    network_of("simple_cnn", FINAL_BN)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    ("head", "classes", "outputs"), [("softmax", 3, 3), ("sigmoid_k", 3, 3), ("sigmoid", 2, 1)]
)
def test_the_head_decides_how_many_logits_there_are(head: str, classes: int, outputs: int) -> None:
    network = network_of("simple_cnn", FINAL_BN, head=head, classes=classes)
    assert network(torch.zeros(4, 3, 8, 8)).shape == (4, outputs)


@pytest.mark.parametrize("size", [8, 11, 32])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_simple_cnn_takes_any_image_from_8_pixels(size: int, channels: int) -> None:
    network = network_of("simple_cnn", channels=channels, image_size=size)
    assert network(torch.zeros(2, channels, size, size)).shape == (2, 2)


def test_pooling_before_relu_is_the_same_function_as_after() -> None:
    network = network_of("simple_cnn")
    body = network.body
    assert isinstance(body, nn.Sequential)
    swapped = nn.Sequential(*(body[index] for index in (0, 2, 1, 3, 5, 4, 6, 7, 8)))
    images = torch.randn(5, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network.body(images), swapped(images), rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [32, 96, 224, 256, 320])
def test_vgg19_takes_images_of_many_sizes(size: int) -> None:
    with torch.device("meta"):
        body, width = body_of("vgg19")(3, size)
        assert body(torch.zeros(2, 3, size, size)).shape == (2, width)


@pytest.mark.parametrize(
    "architecture", ["vgg16", "vgg19", "vgg19_bn", "resnet34", "efficientnet_lite0"]
)
def test_nothing_random_or_adaptive_but_a_mean_is_left(architecture: str) -> None:
    skip_without_timm(architecture)
    with torch.device("meta"):
        body, _ = body_of(architecture)(1, 32)
    for layer in body.modules():
        assert not isinstance(layer, nn.Dropout)
        if isinstance(layer, nn.AdaptiveAvgPool2d):
            assert layer.output_size in (1, (1, 1))  # torch computes this one as a mean


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_has_its_file_and_what_its_weights_need(architecture: str) -> None:
    code = importlib.import_module(f"bnclaims.models.{architecture}")
    assert body_of(architecture) is code.body
    assert hasattr(code, "pretrained") == bool(ARCHITECTURES[architecture].weights)


@pytest.mark.parametrize(
    ("architecture", "changes", "named"),
    [
        ("lenet", {}, "architecture 'lenet'"),
        ("mlp", {"arm": "magic"}, "arm 'magic'"),
        ("mlp", {"head": "tanh"}, "head 'tanh'"),
        ("simple_cnn", {"image_size": 7}, "image_size 7"),
        ("mlp", {"head": "sigmoid", "classes": 3}, "3 classes"),
    ],
)
def test_what_cannot_be_built_is_named(
    architecture: str, changes: dict[str, Any], named: str
) -> None:
    options: dict[str, Any] = {
        "arm": PLAIN,
        "classes": 2,
        "channels": 1,
        "image_size": 8,
        "head": "softmax",
        "seed": 0,
    }
    with pytest.raises(BnclaimsError, match=named):
        build(architecture, **options | changes)


def test_names_can_be_looked_up_without_importing_torch() -> None:
    code = "import sys; import bnclaims.models, bnclaims.training; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_absent_timm_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(BnclaimsError, match=r"timm.*pip install 'bnclaims\[pretrained\]'"):
        network_of("efficientnet_lite0")
