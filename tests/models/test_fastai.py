"""fastai's whole end: its layers, where its random numbers come from, and what it stands on."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from bnclaims.errors import BnclaimsError
from bnclaims.models import build
from bnclaims.models.concat_pool import ConcatPool, PooledConvolutions
from bnclaims.models.fastai import HIDDEN, Dropout, WholeFastaiClassifier
from bnclaims.models.network import Network
from bnclaims.protocol.names import (
    FASTAI_V1,
    FASTAI_V2,
    FEATURE_BN,
    FINAL_BN,
    NO_LAST_BIAS,
    ON_MAPS,
    PLAIN,
)
from bnclaims.protocol.random_streams import generator


def network_of(classifier: str, arm: str = PLAIN, *, seed: int = 0, outputs: int = 2) -> Network:
    return build(
        "simple_cnn",
        arm=arm,
        classes=outputs,
        channels=1,
        image_size=8,
        head="softmax",
        seed=seed,
        classifier=classifier,
    )


def images(count: int = 12) -> torch.Tensor:
    return torch.randn(count, 1, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("classifier", ON_MAPS)
def test_the_end_has_fastais_layers_in_order(classifier: str) -> None:
    network = network_of(classifier)
    end = network.classifier
    assert isinstance(end, WholeFastaiClassifier)
    kinds = [nn.BatchNorm1d, Dropout, nn.Linear, nn.ReLU, nn.BatchNorm1d, Dropout]
    assert [type(layer) for layer in end] == kinds
    assert [layer._dropped for layer in end if isinstance(layer, Dropout)] == [0.25, 0.5]
    with_bias = classifier == FASTAI_V1
    for layer in (end[2], network.last):
        assert isinstance(layer, nn.Linear)
        assert (layer.bias is not None) == with_bias
    # The simple network has 64 maps; each is pooled twice.
    assert (end[2].in_features, end[2].out_features) == (128, HIDDEN)
    assert network.last.in_features == HIDDEN


def test_the_body_pools_its_convolutions_by_maximum_and_mean() -> None:
    body = network_of(FASTAI_V2).body
    assert isinstance(body, PooledConvolutions)
    maps = body[0](images())
    pooled = torch.cat([maps.flatten(2).max(2).values, maps.flatten(2).mean(2)], dim=1)
    torch.testing.assert_close(body(images()), pooled)


def test_of_equal_maxima_each_has_its_share_of_the_gradient() -> None:
    maps = torch.ones(1, 1, 2, 2, requires_grad=True)
    ConcatPool()(maps)[:, 0].sum().backward()
    assert maps.grad is not None
    torch.testing.assert_close(maps.grad, torch.full((1, 1, 2, 2), 0.25))


@pytest.mark.parametrize("arm", [FINAL_BN, FEATURE_BN, NO_LAST_BIAS])
@pytest.mark.parametrize("classifier", ON_MAPS)
def test_arms_share_every_weight_and_every_mask(arm: str, classifier: str) -> None:
    plain, other = network_of(classifier), network_of(classifier, arm)
    mine, theirs = plain.state_dict(), other.state_dict()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine.keys() & theirs.keys())
    if arm == FINAL_BN:
        # In training mode: the masks of dropout are the same as well.
        assert torch.equal(plain.raw(images()), other.raw(images()))


def test_masks_follow_from_the_seed_and_survive_a_copy() -> None:
    features = torch.ones(40, 6)
    drop = Dropout(generator(3, "dropout"), 0.25).train()
    again = copy.deepcopy(drop)
    first, second = drop(features), drop(features)
    assert torch.equal(again(features), first) and torch.equal(again(features), second)
    assert not torch.equal(first, second)
    assert sorted(first.unique().tolist()) == pytest.approx([0.0, 1 / 0.75])
    assert torch.equal(drop.eval()(features), features)


def test_initial_weights_are_kaimings() -> None:
    last = network_of(FASTAI_V2, outputs=40).last.weight
    assert last.std().item() == pytest.approx((2 / HIDDEN) ** 0.5, rel=0.05)


def test_what_has_no_maps_refuses_an_end_that_stands_on_them() -> None:
    with pytest.raises(
        BnclaimsError, match="stands on maps, which mlp does not have: use 'linear'"
    ):
        build(
            "mlp",
            arm=PLAIN,
            classes=2,
            channels=1,
            image_size=8,
            head="softmax",
            seed=0,
            classifier=FASTAI_V2,
        )
