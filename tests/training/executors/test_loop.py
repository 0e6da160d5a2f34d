"""The reference trainer: what it trains, what it records, and that it repeats itself."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch

from bnclaims.audit.evidence import metrics
from bnclaims.audit.evidence.predictions import predictions_of
from bnclaims.errors import BnclaimsError
from bnclaims.models import build
from bnclaims.models.final_bn import LAYERS
from bnclaims.protocol.names import (
    ARMS,
    CENTRE_ONLY,
    FEATURE_BN,
    FINAL_BN,
    KEPT,
    NO_LAST_BIAS,
    OVERSAMPLED,
    PLAIN,
    RECALIBRATED,
    REMOVED,
)
from bnclaims.run.selfcheck.float64_step import exact_first_step
from bnclaims.store.record import Record
from bnclaims.training.executors.batches import epochs
from bnclaims.training.executors.device import other_rounding
from bnclaims.training.executors.job import standardised
from bnclaims.training.executors.loop import first_step, train
from fixtures.training import draw_of, trial_of


def balanced_accuracy(record: Record, readout: str = KEPT) -> float:
    return float(metrics.balanced_accuracy(predictions_of(record, readout)))


@pytest.mark.parametrize("arm", ARMS)
def test_training_again_gives_the_same_bits(arm: str) -> None:
    first, again = train(trial_of(arm), draw_of()), train(trial_of(arm), draw_of())
    assert first.losses == again.losses
    assert first.scores.keys() == again.scores.keys()
    for which, scores in first.scores.items():
        assert scores.tobytes() == again.scores[which].tobytes()
    assert len(first.losses) == 2
    assert not first.diverged


def test_another_seed_gives_other_scores() -> None:
    one, other = (train(trial_of(seed=seed), draw_of()) for seed in (0, 1))
    assert not np.array_equal(one.scores[KEPT, "test"], other.scores[KEPT, "test"])


def test_the_loop_does_what_a_plain_training_loop_does() -> None:
    record, draw = train(trial_of(FINAL_BN, seed=4), draw_of()), draw_of()
    network = build(
        "simple_cnn", arm=FINAL_BN, classes=2, channels=1, image_size=8, head="softmax", seed=4
    )
    images = torch.from_numpy(draw.train_pixels[..., 0]).float()[:, None] / 255 * 2 - 1
    labels = torch.from_numpy(draw.train_labels)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3, foreach=False)
    losses = []
    for order, sizes in epochs(trial_of(FINAL_BN, seed=4), draw.train_labels):
        summed, start = 0.0, 0
        for size in sizes:
            batch = torch.from_numpy(order[start : start + size])
            start += size
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(network(images[batch]), labels[batch])
            torch.autograd.backward(loss)
            optimiser.step()
            summed += loss.item() * size
        losses.append(summed / 65)
    assert record.losses == pytest.approx(losses, rel=1e-3)
    network.eval()
    test = torch.from_numpy(draw.test_pixels[..., 0]).float()[:, None] / 255 * 2 - 1
    for readout, logits in ((KEPT, network(test)), (REMOVED, network.raw(test))):
        margin = (logits[:, 1] - logits[:, 0]).detach().numpy()
        scores = record.scores[readout, "test"].astype(np.float64)
        np.testing.assert_allclose(scores[:, 1] - scores[:, 0], margin, atol=3e-2)


@pytest.mark.parametrize("head", ["softmax", "sigmoid", "sigmoid_k"])
@pytest.mark.parametrize("arm", [OVERSAMPLED, FINAL_BN])
def test_each_head_learns(head: str, arm: str) -> None:
    record = train(trial_of(arm, head=head, epochs=25, learning_rate=3e-3), draw_of(minority=15))
    assert record.losses[-1] < record.losses[0]
    assert balanced_accuracy(record) > 0.85
    assert record.scores[KEPT, "test"].shape == (40, 2)


@pytest.mark.parametrize("arm", ARMS)
def test_a_record_has_the_readouts_of_its_arm(arm: str) -> None:
    record = train(trial_of(arm, architecture="mlp", epochs=1), draw_of())
    expected = {(KEPT, "validation"), (KEPT, "test")}
    over_logits = "folded_max_difference" in record.environment
    if over_logits:
        expected |= {(REMOVED, "validation"), (REMOVED, "test"), (RECALIBRATED, "test")}
        assert float(record.environment["folded_max_difference"]) < 1e-4
    assert record.scores.keys() == expected
    assert over_logits == (arm in LAYERS.keys() - {FEATURE_BN, NO_LAST_BIAS})


def test_centring_alone_leaves_the_removed_and_kept_scores_a_constant_apart() -> None:
    scores = train(trial_of(CENTRE_ONLY), draw_of()).scores
    margins = [np.diff(scores[readout, "test"].astype(np.float64)) for readout in (KEPT, REMOVED)]
    assert np.ptp(margins[0] - margins[1]) < 2e-3


def test_a_remainder_of_one_image_trains_under_batch_norm() -> None:
    record = train(trial_of(FINAL_BN, batch_size=64), draw_of())
    assert len(draw_of().train_labels) == 65
    assert not record.diverged


def test_fixed_steps_train_that_many_steps() -> None:
    by_steps = train(trial_of(epochs=None, steps=8), draw_of())
    assert by_steps.losses == train(trial_of(epochs=2), draw_of()).losses
    assert len(train(trial_of(epochs=None, steps=9), draw_of()).losses) == 3


@pytest.mark.parametrize("arm", [PLAIN, FINAL_BN])
def test_divergence_is_a_result(arm: str) -> None:
    record = train(trial_of(arm, learning_rate=1e30, epochs=4), draw_of())
    assert record.diverged
    assert record.scores == {}
    assert len(record.losses) < 4 and all(map(math.isfinite, record.losses))
    assert record.splits.keys() == {"validation", "test"}


def test_logits_that_are_not_finite_are_divergence_though_the_loss_was_finite() -> None:
    record = train(trial_of(learning_rate=1e38, epochs=None, steps=1), draw_of())
    assert len(record.losses) == 1
    assert record.diverged
    assert record.scores == {}


@pytest.mark.parametrize("architecture", ["resnet34", "vgg19"])
def test_torchvision_networks_take_a_step(architecture: str) -> None:
    trial = trial_of(FINAL_BN, architecture=architecture, epochs=None, steps=1, batch_size=2)
    record = train(trial, draw_of(majority=2, minority=2, size=32, channels=3))
    assert not record.diverged
    assert len(record.losses) == 1
    assert record.scores[REMOVED, "test"].shape == (40, 2)


def test_bf16_trains_and_says_so() -> None:
    record = train(trial_of(FINAL_BN, precision="bf16"), draw_of())
    exact = train(trial_of(FINAL_BN), draw_of())
    assert record.environment["precision"] == "bf16"
    assert record.losses != exact.losses
    assert record.losses == pytest.approx(exact.losses, rel=0.1)


def test_the_record_describes_what_was_trained() -> None:
    trial, draw = trial_of(FEATURE_BN), draw_of()
    record = train(trial, draw)
    assert record.trial == trial
    assert record.train_images == (60, 5)
    assert record.pool_images == (500, 400)
    assert record.splits == draw.splits
    assert record.environment["executor"] == "loop"
    assert all(type(count) is int for count in record.train_images)
    assert all(seconds >= 0 for seconds in record.seconds.values())


def test_training_leaves_the_random_state_of_torch_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(2)
    torch.manual_seed(7)
    train(trial_of(FINAL_BN, epochs=1), draw_of())
    assert torch.equal(torch.rand(2), expected)


def test_the_training_pixels_are_left_alone() -> None:
    draw = draw_of()
    before = draw.train_pixels.copy()
    train(trial_of(epochs=1), draw)
    assert np.array_equal(draw.train_pixels, before)


def test_pixels_become_channels_last_images_from_minus_one_to_one() -> None:
    pixels = np.array([0, 255, 51], dtype=np.uint8).reshape(1, 1, 1, 3).repeat(2, axis=2)
    images = standardised(pixels, torch.device("cpu"))
    assert images.shape == (1, 3, 1, 2)
    assert images.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(images[0, :, 0, 0], torch.tensor([-1.0, 1.0, -0.6]))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"optimiser": "lion"}, "optimiser 'lion'"),
        ({"precision": "fp8"}, "precision 'fp8'"),
        ({"epochs": 0}, "0 epochs"),
        ({"batch_size": 1}, "batch_size 1"),
    ],
)
def test_a_setting_that_cannot_be_trained_is_named(changes: dict[str, Any], named: str) -> None:
    trial = trial_of()
    setting = dataclasses.replace(trial.setting, **changes)
    with pytest.raises(BnclaimsError, match=named):
        train(dataclasses.replace(trial, setting=setting), draw_of())


# --- first step ---------------------------------------------------------------------------------


@pytest.mark.parametrize("arm", [PLAIN, FINAL_BN, OVERSAMPLED])
def test_the_first_step_is_the_one_that_training_takes(arm: str) -> None:
    trial, draw = trial_of(arm, epochs=None, steps=1), draw_of()
    loss, gradients = first_step(trial, draw)
    assert (loss,) == train(trial, draw).losses
    assert any(bool(gradient.any()) for gradient in gradients.values())


def test_the_exact_first_step_is_the_same_but_for_rounding() -> None:
    trial, draw = trial_of(), draw_of()
    (loss, gradients), (exact, others) = first_step(trial, draw), exact_first_step(trial, draw)
    assert loss == pytest.approx(exact, rel=1e-6) and loss != exact
    assert gradients.keys() == others.keys()
    for name, gradient in gradients.items():
        assert others[name].dtype == torch.float64
        assert torch.allclose(gradient.double(), others[name], atol=1e-6), name


def test_other_rounding_ends_with_its_context() -> None:
    with other_rounding():
        assert train(trial_of(), draw_of()).environment["threads"] == "2"
    assert train(trial_of(), draw_of()).environment["threads"] == "1"
