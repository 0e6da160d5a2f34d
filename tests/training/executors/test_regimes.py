"""Fine-tuned and frozen training, and the random numbers of fastai's dropout."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from bnclaims import models
from bnclaims.datasets import Draw
from bnclaims.models import build, resnet34, weights
from bnclaims.models.fastai import DROPPED, FastaiClassifier
from bnclaims.models.network import Network
from bnclaims.protocol.names import (
    ARMS,
    FASTAI,
    FEATURE_BN,
    FINAL_BN,
    FINE_TUNED,
    FROZEN,
    KEPT,
    OVERSAMPLED,
    PLAIN,
    SCRATCH,
)
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record
from bnclaims.training.executors import frozen_features, job
from bnclaims.training.executors.batches import epochs
from bnclaims.training.executors.job import standardised
from bnclaims.training.executors.loop import train
from fixtures.training import draw_of
from fixtures.trials import setting_of, task_of
from fixtures.weights import needs_efficientnet_lite0, publish


class TinyBody(nn.Sequential):
    """A convolution with BatchNorm: what a frozen body must not move."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__(
            nn.Conv2d(channels, 12, kernel_size=3, stride=2),
            nn.BatchNorm2d(12),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )


def tiny_pretrained(state: dict[str, torch.Tensor], image_size: int) -> tuple[nn.Module, int]:
    body = TinyBody()
    body.load_state_dict(state)
    return body, 12


@pytest.fixture(autouse=True)
def _tiny_resnet34(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A network of three layers in place of ResNet34, with weights as if somebody had trained it."""
    torch.set_num_threads(1)
    tiny = dataclasses.replace(models.ARCHITECTURES["resnet34"], smallest_image=8)
    monkeypatch.setattr(models, "ARCHITECTURES", {**models.ARCHITECTURES, "resnet34": tiny})
    monkeypatch.setattr(resnet34, "body", lambda channels, _: (TinyBody(channels), 12))
    monkeypatch.setattr(resnet34, "pretrained", tiny_pretrained)
    torch.manual_seed(1)
    body = TinyBody()
    body.train()(torch.randn(64, 3, 8, 8) * 2 + 1)
    publish(monkeypatch, tmp_path, "resnet34", body.state_dict())
    monkeypatch.setenv("BNCLAIMS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(frozen_features, "_kept", type(frozen_features._kept)())
    monkeypatch.setattr(frozen_features, "_caches", {})


def trial_of(arm: str = PLAIN, *, seed: int = 0, **changes: Any) -> Trial:
    task = task_of(majority=(("dark",),), minority=(("bright",),))
    options: dict[str, Any] = {
        "architecture": "resnet34",
        "batch_size": 16,
        "epochs": 3,
        "regime": FROZEN,
        "learning_rate": 0.02,
    }
    return Trial(setting=setting_of(task, **options | changes), arm=arm, seed=seed)


def network_of(arm: str = PLAIN, **changes: Any) -> Network:
    options: dict[str, Any] = {
        "classes": 2,
        "channels": 1,
        "image_size": 8,
        "head": "softmax",
        "seed": 0,
        "regime": FROZEN,
    }
    return build("resnet34", arm=arm, **options | changes)


def scores(record: Record, split: str = "test") -> np.ndarray[Any, np.dtype[np.float16]]:
    return record.scores[KEPT, split]


def steps(network: Network, draw: Draw, trial: Trial) -> None:
    """Some steps of training, without any shortcut."""
    optimiser = torch.optim.Adam(network.parameters(), lr=0.02)
    images = standardised(draw.train_pixels, torch.device("cpu"))
    labels = torch.from_numpy(draw.train_labels)
    network.train()
    for order, sizes in epochs(trial, draw.train_labels):
        for batch in np.split(order, np.cumsum(sizes)[:-1]):
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(network(images[batch]), labels[batch])
            torch.autograd.backward(loss)
            optimiser.step()


@pytest.mark.parametrize("arm", [PLAIN, FINAL_BN, FEATURE_BN])
@pytest.mark.parametrize("classifier", ["linear", FASTAI])
def test_a_frozen_body_is_bit_for_bit_what_it_was(arm: str, classifier: str) -> None:
    network = network_of(arm, classifier=classifier)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    steps(network, draw_of(), trial_of(arm))
    after = network.state_dict()
    for name in before:
        same = torch.equal(before[name], after[name])
        assert same == name.startswith("body."), name


def test_a_fine_tuned_body_moves_with_its_statistics() -> None:
    network = network_of(regime=FINE_TUNED)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    steps(network, draw_of(), trial_of(regime=FINE_TUNED))
    moved = {n for n, value in network.state_dict().items() if not torch.equal(value, before[n])}
    fixed = {"body.0.factor", "body.0.offset"}
    assert before.keys() - moved == fixed


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("classifier", ["linear", FASTAI])
def test_features_made_once_give_what_passing_every_batch_through_the_body_gives(
    arm: str, classifier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial, draw = trial_of(arm, classifier=classifier), draw_of()
    quick = train(trial, draw)
    monkeypatch.setattr(job, "on_features", lambda network, inputs, body: (network, inputs))
    slow = train(trial, draw)
    assert quick.losses == pytest.approx(slow.losses, rel=1e-5)
    assert quick.scores.keys() == slow.scores.keys()
    for which, values in quick.scores.items():
        # A float16 of a margin below 4 is right to 2e-3.
        np.testing.assert_allclose(
            values.astype(float), slow.scores[which].astype(float), atol=4e-3
        )
    assert np.ptp(scores(quick).astype(float)) > 0.05


def test_a_body_sees_each_image_once_for_all_arms_of_a_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[int] = []
    forward = TinyBody.forward

    def counted(self: TinyBody, images: torch.Tensor) -> torch.Tensor:
        seen.append(len(images))
        return forward(self, images)

    monkeypatch.setattr(TinyBody, "forward", counted)
    draw = draw_of()
    for arm in (PLAIN, FINAL_BN, FEATURE_BN):
        train(trial_of(arm), draw)
    # 65, 19 and 40 images, in batches of one size.
    assert seen == [frozen_features.BATCH] * 4
    # The same pixels elsewhere in memory, and a new process that reads what the first one wrote.
    train(trial_of(), dataclasses.replace(draw, test_pixels=draw.test_pixels.copy()))
    monkeypatch.setattr(frozen_features, "_kept", type(frozen_features._kept)())
    monkeypatch.setattr(frozen_features, "_caches", {})
    train(trial_of(), draw)
    assert seen == [frozen_features.BATCH] * 4
    draw.test_pixels[0] ^= 1
    train(trial_of(), dataclasses.replace(draw, test_pixels=draw.test_pixels.copy()))
    assert seen == [frozen_features.BATCH] * 5


def test_kept_features_do_not_change_a_record() -> None:
    draw = draw_of()
    first = train(trial_of(FINAL_BN), draw)
    train(trial_of(FEATURE_BN, classifier=FASTAI), draw)
    again = train(trial_of(FINAL_BN), draw)
    assert first.losses == again.losses
    for which, values in first.scores.items():
        assert values.tobytes() == again.scores[which].tobytes()


def test_only_so_many_features_are_kept() -> None:
    for _ in range(4):
        train(trial_of(), draw_of())
    assert len(frozen_features._kept) == 6


@pytest.mark.parametrize("regime", [FINE_TUNED, FROZEN])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_record_names_the_weights_that_it_started_from(regime: str, channels: int) -> None:
    record = train(trial_of(regime=regime, epochs=1), draw_of(channels=channels))
    identity = weights.identity("resnet34")
    assert identity is not None and len(identity) == 12
    assert record.environment["weights"] == identity
    assert not record.diverged
    assert "weights" not in train(trial_of(regime=SCRATCH, epochs=1), draw_of()).environment


def test_the_three_regimes_are_three_networks() -> None:
    made = [
        scores(train(trial_of(regime=regime), draw_of()))
        for regime in (SCRATCH, FINE_TUNED, FROZEN)
    ]
    assert len({values.tobytes() for values in made}) == 3


# A frozen body passes whole batches of its own, at the size of the protocols' images alone.
@pytest.mark.parametrize(
    ("regime", "size"), [(FINE_TUNED, 64), (FINE_TUNED, 128), (FINE_TUNED, 224), (FROZEN, 64)]
)
def test_efficientnet_lite0_takes_steps_at_every_size(regime: str, size: int) -> None:
    needs_efficientnet_lite0()
    trial = trial_of(
        FINAL_BN,
        architecture="efficientnet_lite0",
        regime=regime,
        classifier=FASTAI,
        batch_size=2,
        epochs=None,
        steps=2,
    )
    draw = draw_of(majority=3, minority=1, size=size, channels=3)
    few = dataclasses.replace(
        draw,
        validation_pixels=draw.validation_pixels[:2],
        test_pixels=draw.test_pixels[:3],
    )
    record = train(trial, few)
    assert not record.diverged
    assert scores(record).shape == (3, 2)
    assert record.environment["weights"] == "579344248a93"


# --- dropout --------------------------------------------------------------------------------------


def masks(seed: int, batches: list[int], *, width: int = 6) -> list[torch.Tensor]:
    """Which features are kept in a row of batches."""
    layer = FastaiClassifier(width, seed=seed)
    layer.norm.bias.data.fill_(100)  # nothing is 0 but what is dropped
    return [layer(torch.randn(n, width)) > 0 for n in batches]


def test_half_of_the_features_are_dropped_and_the_rest_doubled() -> None:
    layer = FastaiClassifier(40, seed=0)
    features = torch.randn(500, 40)
    made, normalised = layer(features), nn.BatchNorm1d(40)(features)
    kept = made != 0
    assert kept.float().mean().item() == pytest.approx(1 - DROPPED, abs=0.02)
    torch.testing.assert_close(made[kept], normalised[kept] * 2)
    torch.testing.assert_close(layer.eval()(features), layer.norm(features))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**40), batches=st.lists(st.integers(2, 9), min_size=1, max_size=4))
def test_the_masks_of_a_seed_are_always_the_same_and_leave_torch_alone(
    seed: int, batches: list[int]
) -> None:
    torch.manual_seed(7)
    first = masks(seed, batches)
    torch.manual_seed(8)
    torch.rand(100)
    again = masks(seed, batches)
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    torch.manual_seed(7)
    layer = FastaiClassifier(6, seed=seed)
    before = torch.get_rng_state()
    layer(torch.zeros(4, 6))
    assert torch.equal(torch.get_rng_state(), before)


def test_another_seed_or_batch_drops_other_features() -> None:
    (one, next_one), (other, _) = masks(0, [50, 50]), masks(1, [50, 50])
    assert not torch.equal(one, other)
    assert not torch.equal(one, next_one)


def test_every_arm_drops_the_same_features(monkeypatch: pytest.MonkeyPatch) -> None:
    dropped: list[bytes] = []
    forward = FastaiClassifier.forward

    def noted(self: FastaiClassifier, features: torch.Tensor) -> torch.Tensor:
        made = forward(self, features)
        if self.training:
            dropped.append(bytes((made == 0).numpy()))
        return made

    monkeypatch.setattr(FastaiClassifier, "forward", noted)
    by_arm = {}
    for arm in ARMS:
        dropped.clear()
        train(trial_of(arm, classifier=FASTAI, epochs=2), draw_of())
        by_arm[arm] = list(dropped)
    assert len(by_arm[PLAIN]) == 8
    assert all(found == by_arm[PLAIN] for found in by_arm.values())


@pytest.mark.parametrize("arm", [PLAIN, FINAL_BN, OVERSAMPLED])
def test_training_with_dropout_again_gives_the_same_bits(arm: str) -> None:
    trial = trial_of(arm, classifier=FASTAI, regime=SCRATCH)
    first, again = train(trial, draw_of()), train(trial, draw_of())
    assert first.losses == again.losses
    assert scores(first).tobytes() == scores(again).tobytes()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("regime", [SCRATCH, FINE_TUNED, FROZEN])
def test_a_gpu_repeats_itself_and_drops_what_a_cpu_drops(regime: str) -> None:
    trial = trial_of(FINAL_BN, classifier=FASTAI, regime=regime, device="cuda")
    first, again = train(trial, draw_of()), train(trial, draw_of())
    assert scores(first).tobytes() == scores(again).tobytes()
    layers = [FastaiClassifier(6, seed=0).to(device) for device in ("cpu", "cuda")]
    for layer in layers:
        layer.norm.bias.data.fill_(100)
    one, other = (layer(torch.ones(50, 6, device=layer.norm.weight.device)) for layer in layers)
    assert torch.equal(one > 0, (other > 0).cpu())
