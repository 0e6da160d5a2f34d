"""ImageNet weights in a body: the published function, the same bits in every arm, clear refusals."""

from __future__ import annotations

import dataclasses
import hashlib
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.errors import BnclaimsError
from bnclaims.models import build, efficientnet_lite0, hub, vgg19, weights
from bnclaims.models._torchvision import torchvision_models
from bnclaims.models.network import Network
from bnclaims.models.pretrained import ImageNetInput
from bnclaims.protocol.architectures import PRETRAINABLE
from bnclaims.protocol.names import (
    ARMS,
    CLASSIFIERS,
    FASTAI,
    FEATURE_BN,
    FINAL_BN,
    FROZEN,
    NO_LAST_BIAS,
    ON_MAPS,
    PLAIN,
    REGIMES,
    SCRATCH,
)
from fixtures.weights import needs_efficientnet_lite0, no_weights, publish

ADDED = ("final.", "feature_layer.")
State = dict[str, torch.Tensor]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _narrow_vgg(monkeypatch: pytest.MonkeyPatch) -> None:
    """VGGs as deep as ever, an eighth as wide between the first block and the last map."""
    known = torchvision_models().vgg.cfgs
    for name in ("D", "E"):
        *body, last, pool = known[name]
        narrow = [n if n in ("M", 64) else n // 8 for n in body]
        monkeypatch.setitem(known, name, [*narrow, last, pool])


def network_of(architecture: str, arm: str = PLAIN, **changes: Any) -> Network:
    options: dict[str, Any] = {
        "classes": 2,
        "channels": 3,
        "image_size": 32,
        "head": "softmax",
        "seed": 3,
        "regime": FROZEN,
    }
    return build(architecture, arm=arm, **options | changes)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def pictures(*, channels: int, size: int) -> torch.Tensor:
    """A dark image and a bright one."""
    brightness = torch.tensor([-0.5, 0.5])[:, None, None, None]
    return noise(2, channels, size, size) / 2 + brightness


def with_statistics(state: State) -> State:
    """The same weights after some training, as far as BatchNorm is concerned."""
    made = dict(state)
    for name, value in state.items():
        if name.endswith("running_mean"):
            made[name] = value + torch.randn_like(value) / 10
        elif name.endswith("running_var"):
            made[name] = value + torch.rand_like(value)
    return made


def for_relu(state: State) -> State:
    """Weights as torch draws them, so much larger that deep features still depend on the images."""
    return {name: value * 6**0.5 if value.dim() > 1 else value for name, value in state.items()}


def depend_on_images(features: torch.Tensor) -> bool:
    """Whether the features of two images differ by far more than rounding."""
    return bool((features[0] - features[1]).abs().max() > 0.05)


@cache
def drawn_resnet34() -> State:
    torch.manual_seed(0)
    return with_statistics(torchvision_models().resnet34(weights=None).state_dict())


def resnet34_state() -> State:
    return dict(drawn_resnet34())


def narrow_vgg19(monkeypatch: pytest.MonkeyPatch, *, batch_norm: bool) -> Any:
    """torchvision's VGG19 with hidden layers that do not take half a gigabyte."""
    monkeypatch.setattr(vgg19, "WIDTH", 24)
    torch.manual_seed(0)
    parts = torchvision_models().vgg
    layers = parts.make_layers(parts.cfgs["E"], batch_norm=batch_norm)
    network = parts.VGG(layers, init_weights=False)
    network.classifier = torch.nn.Sequential(
        torch.nn.Linear(512 * 49, 24),
        torch.nn.ReLU(),
        torch.nn.Dropout(),
        torch.nn.Linear(24, 24),
        torch.nn.ReLU(),
        torch.nn.Dropout(),
        torch.nn.Linear(24, 10),
    )
    network.load_state_dict(with_statistics(for_relu(network.state_dict())))
    return network.eval()


def vgg16_state() -> State:
    """The weights of the convolutions alone, under torchvision's names."""
    torch.manual_seed(0)
    parts = torchvision_models().vgg
    layers = parts.make_layers(parts.cfgs["D"], batch_norm=False)
    return {f"features.{name}": value for name, value in for_relu(layers.state_dict()).items()}


def publish_any(monkeypatch: pytest.MonkeyPatch, folder: Path, architecture: str) -> None:
    """Weights of the architecture where this machine has none."""
    if architecture == "resnet34":
        publish(monkeypatch, folder, architecture, resnet34_state())
    elif architecture == "vgg16":
        publish(monkeypatch, folder, architecture, vgg16_state())
    elif architecture.startswith("vgg19"):
        network = narrow_vgg19(monkeypatch, batch_norm=architecture == "vgg19_bn")
        publish(monkeypatch, folder, architecture, network.state_dict())
    else:
        needs_efficientnet_lite0()


@pytest.mark.parametrize("architecture", PRETRAINABLE)
def test_shared_weights_are_the_same_bits_in_every_arm(
    architecture: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    publish_any(monkeypatch, tmp_path, architecture)
    for regime, classifier in product([name for name in REGIMES if name != SCRATCH], CLASSIFIERS):
        adding = architecture == "resnet34" and (regime, classifier) == (FROZEN, FASTAI)
        arms = (FINAL_BN, FEATURE_BN, NO_LAST_BIAS) if adding else (FINAL_BN,)
        options = {"regime": regime, "classifier": classifier}
        plain = network_of(architecture, **options).state_dict()
        for arm in arms:
            other = network_of(architecture, arm, **options).state_dict()
            shared = {name: value for name, value in other.items() if not name.startswith(ADDED)}
            assert plain.keys() - shared.keys() <= {"last.bias"}
            for name, value in shared.items():
                assert torch.equal(value, plain[name]), (regime, classifier, arm, name)


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("classifier", [name for name in CLASSIFIERS if name not in ON_MAPS])
def test_the_classifier_moves_no_weight_of_the_simple_network(arm: str, classifier: str) -> None:
    plain = network_of("simple_cnn", regime=SCRATCH).state_dict()
    other = network_of("simple_cnn", arm, regime=SCRATCH, classifier=classifier).state_dict()
    assert any(name.startswith("classifier.") for name in other) == (classifier == FASTAI)
    assert all(torch.equal(plain[name], other[name]) for name in plain.keys() & other.keys())
    assert plain.keys() - other.keys() == ({"last.bias"} if arm == NO_LAST_BIAS else set())


def test_the_last_linear_depends_on_the_seed_and_the_body_does_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    publish_any(monkeypatch, tmp_path, "resnet34")
    one, other = (network_of("resnet34", seed=seed) for seed in (0, 1))
    assert not torch.equal(one.last.weight, other.last.weight)
    body = other.body.state_dict()
    assert all(torch.equal(value, body[name]) for name, value in one.body.state_dict().items())


@pytest.mark.parametrize("channels", [1, 3])
def test_a_pretrained_resnet34_is_torchvisions_on_its_own_normalised_images(
    channels: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    state = resnet34_state()
    publish(monkeypatch, tmp_path, "resnet34", state)
    reference = torchvision_models().resnet34(weights=None)
    reference.load_state_dict(state)
    reference.fc = torch.nn.Identity()
    images = pictures(channels=channels, size=64)
    body = network_of("resnet34", channels=channels, image_size=64).body
    expected = reference.eval()(_as_torchvision_wants(images))
    assert depend_on_images(expected)
    torch.testing.assert_close(body(images), expected, rtol=1e-4, atol=1e-4)


def test_a_pretrained_vgg16_pools_torchvisions_maps(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    state = vgg16_state()
    # A file may hold Linear layers as well, which nothing here stands on.
    publish(monkeypatch, tmp_path, "vgg16", state | {"classifier.0.weight": torch.zeros(2)})
    parts = torchvision_models().vgg
    layers = parts.make_layers(parts.cfgs["D"], batch_norm=False)
    layers.load_state_dict({name.removeprefix("features."): state[name] for name in state})
    images = pictures(channels=1, size=64)
    with torch.no_grad():
        maps = layers(_as_torchvision_wants(images))
        expected = torch.cat([maps.flatten(2).max(2).values, maps.flatten(2).mean(2)], dim=1)
        assert depend_on_images(expected)
        for classifier in ("linear", "fastai_v2"):
            network = network_of("vgg16", channels=1, image_size=64, classifier=classifier)
            made = network.body(images)
            torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-5)


def test_the_weights_of_oxford_take_images_as_they_were_trained_on() -> None:
    file = weights.WEIGHTS["vgg16"][1]
    colours = noise(1, 3, 8, 8)
    wanted = (colours + 1) * 127.5 - torch.tensor([123.68, 116.779, 103.939])[:, None, None]
    made = ImageNetInput(file.mean, file.deviation)(colours)
    torch.testing.assert_close(made, wanted, rtol=1e-5, atol=1e-3)


def test_of_several_files_the_first_that_is_here_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_weights(monkeypatch, tmp_path)
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(tmp_path))
    first, second = weights.WEIGHTS["vgg16"]
    for content, file in ((b"second", second), (b"first", first)):
        known = dataclasses.replace(file, sha256=hashlib.sha256(content).hexdigest())
        files = tuple(
            known if other.name == file.name else other for other in weights.WEIGHTS["vgg16"]
        )
        monkeypatch.setitem(weights.WEIGHTS, "vgg16", files)  # type: ignore[arg-type]
        (tmp_path / file.name).write_bytes(content)
        assert weights.find("vgg16") == (tmp_path / file.name, known)


def _as_torchvision_wants(images: torch.Tensor) -> torch.Tensor:
    mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
    colours = ((images + 1) / 2).repeat(1, 3 // images.shape[1], 1, 1)
    return (colours - mean[:, None, None]) / deviation[:, None, None]


@pytest.mark.parametrize("size", [64, 224])
def test_a_pretrained_vgg19_is_torchvisions_at_every_size(
    size: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    batch_norm = size == 64
    architecture = "vgg19_bn" if batch_norm else "vgg19"
    reference = narrow_vgg19(monkeypatch, batch_norm=batch_norm)
    publish(monkeypatch, tmp_path, architecture, reference.state_dict())
    images = pictures(channels=3, size=size)
    with torch.no_grad():
        made = network_of(architecture, image_size=size).body(images)
        reference.classifier[-1] = torch.nn.Identity()
        expected = reference(_as_torchvision_wants(images))
    assert depend_on_images(expected)
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(side=st.integers(1, 7), seed=st.integers(0, 1000))
def test_folding_onto_a_small_map_is_what_adaptive_pooling_does(side: int, seed: int) -> None:
    maps, weight = noise(2, 3, side, side, seed=seed), noise(5, 3 * 49, seed=seed + 1)
    pooled = F.adaptive_avg_pool2d(maps, 7).flatten(1)
    folded = vgg19._folded(weight, side)
    torch.testing.assert_close(
        F.linear(maps.flatten(1), folded), F.linear(pooled, weight), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("size", [64, 128, 224])
def test_efficientnet_lite0_knows_its_own_normalisation(size: int) -> None:
    needs_efficientnet_lite0()
    found = weights.find("efficientnet_lite0")
    assert found is not None
    path, _ = found
    reference = efficientnet_lite0._timm().create_model("tf_efficientnet_lite0")
    state = torch.load(path, weights_only=True)
    reference.load_state_dict(dict(zip(reference.state_dict(), state.values(), strict=True)))
    reference.reset_classifier(0)
    images = pictures(channels=3, size=size)
    with torch.no_grad():
        expected = reference.eval()(((images + 1) * 127.5 - 127) / 128)
        made = network_of("efficientnet_lite0", image_size=size).body(images)
    assert made.shape == (2, 1280) and depend_on_images(expected)
    torch.testing.assert_close(made, expected, rtol=1e-3, atol=1e-3)


def test_the_hash_of_torchvisions_own_addresses_is_the_one_that_is_checked() -> None:
    models = torchvision_models()
    for name, weight in (
        ("resnet34", "ResNet34"),
        ("vgg16", "VGG16"),
        ("vgg19", "VGG19"),
        ("vgg19_bn", "VGG19_BN"),
    ):
        known = getattr(models, f"{weight}_Weights").IMAGENET1K_V1
        first = weights.WEIGHTS[name][0]
        assert first.url == known.url
        assert known.url.endswith(f"-{first.sha256}.pth")


def test_what_has_no_weights_refuses_to_start_from_them() -> None:
    with pytest.raises(BnclaimsError, match="mlp does not have: use 'scratch', or one of resnet34"):
        network_of("mlp")
    with pytest.raises(BnclaimsError, match="regime 'warm' is unknown: choose one of scratch"):
        network_of("mlp", regime="warm")
    with pytest.raises(BnclaimsError, match="classifier 'deep' is unknown: choose one of linear"):
        network_of("mlp", regime=SCRATCH, classifier="deep")


def test_absent_weights_are_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_weights(monkeypatch, tmp_path)
    assert weights.identity("resnet34") is None
    with pytest.raises(BnclaimsError, match=r"resnet34: no ImageNet weights .* BNCLAIMS_WEIGHTS"):
        network_of("resnet34")


def test_a_file_of_another_content_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_weights(monkeypatch, tmp_path)
    (folder := weights.hub_folder()).mkdir(parents=True)
    (folder / "resnet34-b627a593.pth").write_bytes(b"half of it")
    digits = hashlib.sha256(b"half of it").hexdigest()[:8]
    with pytest.raises(BnclaimsError, match=f"begins with {digits}, not with b627a593; delete it"):
        weights.find("resnet34")


def test_what_is_no_file_of_weights_is_refused_without_being_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path(tmp_path / "run").touch, ())

    publish(monkeypatch, tmp_path, "resnet34", {"fc": Evil()})  # type: ignore[dict-item]
    with pytest.raises(BnclaimsError, match="cannot be read as weights"):
        network_of("resnet34")
    assert not (tmp_path / "run").exists()


def test_weights_of_another_network_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    state = resnet34_state()
    del state["layer4.2.conv2.weight"]
    path = publish(monkeypatch, tmp_path, "resnet34", state)
    with pytest.raises(BnclaimsError, match=f"{path.name}: .* another network"):
        network_of("resnet34")


def test_weights_are_downloaded_into_the_folder_that_is_searched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    served = tmp_path / "served"
    served.mkdir()
    path = publish(monkeypatch, served, "resnet34", {"weight": torch.zeros(3)})
    no_weights(monkeypatch, tmp_path / "home")
    _serve(monkeypatch, path)
    assert weights.find("resnet34") is None
    fetched = hub.fetch("resnet34")
    assert weights.find("resnet34") == (fetched, weights.WEIGHTS["resnet34"][0])


def test_a_damaged_download_is_refused_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = publish(monkeypatch, tmp_path, "resnet34", {"weight": torch.zeros(3)})
    no_weights(monkeypatch, tmp_path / "home")
    _serve(monkeypatch, path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BnclaimsError, match=r"not downloaded \(invalid hash value"):
        hub.fetch("resnet34")
    assert list(weights.hub_folder().iterdir()) == []


def test_a_refused_connection_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_weights(monkeypatch, tmp_path)
    _serve(monkeypatch, tmp_path / "nowhere.pth")
    with pytest.raises(BnclaimsError, match=r"not downloaded .* put the file into the folder"):
        hub.fetch("resnet34")


def _serve(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    known = dataclasses.replace(weights.WEIGHTS["resnet34"][0], url=path.as_uri())
    monkeypatch.setitem(weights.WEIGHTS, "resnet34", (known,))  # type: ignore[arg-type]
