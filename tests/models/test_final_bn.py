"""The final BatchNorm and its controls: what they compute, and what is left after removal."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from bnclaims.models import build, final_bn
from bnclaims.models.network import Network
from bnclaims.protocol import names
from bnclaims.training.executors import batches, losses

OVER_LOGITS = (
    names.FINAL_BN,
    names.CENTRE_ONLY,
    names.SCALE_ONLY,
    names.BN_NO_AFFINE,
    names.BN_SLOW_MOMENTUM,
    names.BN_LAST_BATCH,
    names.CENTRE_QUARTER,
    names.CENTRE_HALF,
    names.CENTRE_THREE_QUARTERS,
)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def images(count: int = 40) -> torch.Tensor:
    return torch.randn(count, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def trained_looking(arm: str, head: str = "softmax", classifier: str = "linear") -> Network:
    """A network in evaluation mode whose running statistics and affine part are not the initial."""
    network = build(
        "simple_cnn" if classifier in names.ON_MAPS else "mlp",
        arm=arm,
        classes=2,
        channels=1,
        image_size=8,
        head=head,
        seed=0,
        classifier=classifier,
    )
    for batch in torch.split(images(), 10):
        network(3 * batch + 1)
    layer = network.final
    if isinstance(layer, nn.BatchNorm1d) and layer.affine:
        with torch.no_grad():
            layer.weight.mul_(1.7)
            layer.bias.add_(0.3)
    return network.eval()


@pytest.mark.parametrize("classifier", names.CLASSIFIERS)
@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
@pytest.mark.parametrize("arm", OVER_LOGITS)
def test_folded_equals_kept_up_to_rounding(arm: str, head: str, classifier: str) -> None:
    network = trained_looking(arm, head, classifier)
    kept = network(images())
    torch.testing.assert_close(final_bn.fold(network)(images()), kept, rtol=1e-5, atol=1e-5)
    assert not torch.allclose(network.raw(images()), kept, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("arm", OVER_LOGITS)
def test_removed_is_the_raw_logits_bit_for_bit(arm: str) -> None:
    network = trained_looking(arm)
    assert torch.equal(final_bn.remove(network)(images()), network.raw(images()))


def test_folding_leaves_the_network_and_the_random_state_alone() -> None:
    network = trained_looking(names.FINAL_BN)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    final_bn.fold(network)
    assert torch.equal(torch.rand(1), expected)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])


def test_an_arm_without_such_a_layer_has_nothing_to_fold() -> None:
    network = trained_looking(names.FEATURE_BN)
    assert final_bn.logit_layer(network) is None
    with pytest.raises(ValueError, match="no layer over its logits"):
        final_bn.fold(network)


@pytest.mark.parametrize("training", [True, False])
def test_a_share_of_the_centring_leaves_the_rest_of_the_mean(training: bool) -> None:
    logits = torch.randn(30, 2, generator=torch.Generator().manual_seed(2)) * 3 + 5
    for arm, share in (
        (names.CENTRE_QUARTER, 0.25),
        (names.CENTRE_HALF, 0.5),
        (names.CENTRE_THREE_QUARTERS, 0.75),
        (names.CENTRE_ONLY, 1.0),
    ):
        layer = trained_looking(arm).final.train(training)
        assert isinstance(layer, final_bn.PartialBatchNorm)
        mean = logits.mean(0) if training else layer.running_mean.clone()
        torch.testing.assert_close(layer(logits), logits - share * mean)


@pytest.mark.parametrize("training", [True, False])
def test_centring_then_scaling_is_batch_norm(training: bool) -> None:
    centre = final_bn.PartialBatchNorm(2, centre=True, scale=False)
    scale = final_bn.PartialBatchNorm(2, centre=False, scale=True)
    whole = nn.BatchNorm1d(2, affine=False)
    logits = torch.randn(30, 2, generator=torch.Generator().manual_seed(2)) * 3 + 5
    for batch in torch.split(logits, 10):
        centre(batch), scale(batch), whole(batch)
    for mine in (centre, scale):
        torch.testing.assert_close(mine.running_mean, whole.running_mean)
        torch.testing.assert_close(mine.running_var, whole.running_var)
    for layer in (centre, scale, whole):
        layer.train(training)
    expected = whole(logits)
    scaled = scale(logits)
    factor = scaled / logits
    torch.testing.assert_close(centre(logits) * factor, expected)


def test_the_gradient_flows_through_the_batch_statistics() -> None:
    layer = final_bn.PartialBatchNorm(1, centre=True, scale=False)
    logits = torch.tensor([[1.0], [5.0]], requires_grad=True)
    layer(logits)[0, 0].backward()
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad, torch.tensor([[0.5], [-0.5]]))


def test_momentum_is_what_tells_the_slow_arm_apart() -> None:
    arms = (names.FINAL_BN, names.BN_SLOW_MOMENTUM)
    layers = [final_bn.logit_layer(trained_looking(arm)) for arm in arms]
    assert [layer.momentum for layer in layers if isinstance(layer, nn.BatchNorm1d)] == [0.1, 0.01]


def test_no_last_bias_is_a_zero_bias() -> None:
    without = trained_looking(names.NO_LAST_BIAS)
    plain = trained_looking(names.PLAIN)
    assert without.last.bias is None
    with torch.no_grad():
        plain.last.bias.zero_()
    torch.testing.assert_close(without(images()), plain(images()))


def test_feature_bn_normalises_what_the_last_linear_sees() -> None:
    network = trained_looking(names.FEATURE_BN).train()
    features = network.features(images())
    alive = network.body(images()).std(0) > 0.01
    torch.testing.assert_close(features.mean(0), torch.zeros(64), rtol=0, atol=1e-5)
    torch.testing.assert_close(
        features.std(0, unbiased=False)[alive], torch.ones(int(alive.sum())), rtol=0, atol=0.1
    )


@pytest.mark.parametrize("arm", [names.BN_NO_AFFINE, names.CENTRE_ONLY])
def test_recalibrated_statistics_are_those_of_all_given_images(arm: str) -> None:
    network = trained_looking(arm)
    layer = final_bn.logit_layer(network)
    assert layer is not None
    raw = network.raw(images()).detach()
    assert layer(raw).mean().abs() > 1e-3
    final_bn.recalibrate(layer, raw)
    torch.testing.assert_close(layer(raw).mean(0), torch.zeros(2), rtol=0, atol=1e-6)
    if arm == names.BN_NO_AFFINE:
        torch.testing.assert_close(layer(raw).var(0), torch.ones(2), rtol=1e-2, atol=0)


@pytest.mark.parametrize("arm", [*OVER_LOGITS, names.FEATURE_BN])
def test_batch_statistics_are_float32_under_bf16(arm: str) -> None:
    network = build("mlp", arm=arm, classes=2, channels=1, image_size=8, head="softmax", seed=0)
    seen = []
    for layer in (network.final, network.feature_layer):
        layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].dtype))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert network.body(images()).dtype == torch.bfloat16
        network(images())
    assert seen == [torch.float32, torch.float32]


def test_the_code_of_every_arm_stands_where_its_line_says() -> None:
    places = {"layers": final_bn.LAYERS, "loss": losses.LOSSES, "order": batches.ORDERS}
    for changes, code in places.items():
        assert code.keys() == {name for name, arm in names.ARMS.items() if arm.changes == changes}
    assert [name for name, arm in names.ARMS.items() if arm.changes == "nothing"] == [names.PLAIN]
