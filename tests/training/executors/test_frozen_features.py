"""Features kept by the content of images: read again, made again, never those of another body."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bnclaims.training.executors.frozen_features import BATCH, FeatureCache, Features, on_features
from tests.models.test_fastai import network_of


def sums(pixels: NDArray[np.uint8]) -> Features:
    flat = pixels.reshape(len(pixels), -1).astype(np.float32)
    return np.stack([flat.sum(1), flat[:, 0]], axis=1)


def pixels_of(count: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, 3, 3, 1), dtype=np.uint8)


class Counted:
    """A maker of features that notes how many images it was given each time."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, pixels: NDArray[np.uint8]) -> Features:
        self.calls.append(len(pixels))
        return sums(pixels)


@settings(max_examples=30, deadline=None)
@given(orders=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=12), max_size=4))
def test_in_whatever_order_images_come_each_is_made_once_and_has_its_own(
    orders: list[list[int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    every, make = pixels_of(10), Counted()
    cache = FeatureCache(tmp_path_factory.mktemp("features"))
    for order in orders:
        np.testing.assert_array_equal(cache.of(every[order], make), sums(every[order]))
    assert sum(make.calls) == len({index for order in orders for index in order})


def test_another_process_makes_nothing_again(tmp_path: Path) -> None:
    FeatureCache(tmp_path).of(pixels_of(5), sums)
    make = Counted()
    FeatureCache(tmp_path).of(pixels_of(5), make)
    assert make.calls == []


def test_images_of_the_same_bytes_and_another_shape_are_others(tmp_path: Path) -> None:
    pixels, make, cache = pixels_of(4), Counted(), FeatureCache(tmp_path)
    cache.of(pixels, make)
    cache.of(pixels.reshape(4, 9, 1, 1), make)
    assert make.calls == [4, 4]


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "other"])
def test_what_cannot_be_read_is_made_again(damage: str, tmp_path: Path) -> None:
    FeatureCache(tmp_path).of(pixels_of(5), sums)
    (path,) = tmp_path.glob("*.npz")
    content = path.read_bytes()
    if damage == "other":
        np.savez(path, names=np.zeros(3))
    else:
        path.write_bytes(
            {"cut": content[: len(content) // 2], "noise": b"x" * 99, "empty": b""}[damage]
        )
    make = Counted()
    np.testing.assert_array_equal(FeatureCache(tmp_path).of(pixels_of(5), make), sums(pixels_of(5)))
    assert make.calls == [5]


def test_one_changed_bit_of_kept_features_is_noticed(tmp_path: Path) -> None:
    FeatureCache(tmp_path).of(pixels_of(5), sums)
    (path,) = tmp_path.glob("*.npz")
    content = bytearray(path.read_bytes())
    content[content.index(sums(pixels_of(5)).tobytes())] ^= 1
    path.write_bytes(content)
    make = Counted()
    FeatureCache(tmp_path).of(pixels_of(5), make)
    assert make.calls == [5]


def test_a_cache_that_cannot_be_written_lasts_as_long_as_the_process(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    make, cache = Counted(), FeatureCache(tmp_path / "file" / "features")
    for _ in range(2):
        np.testing.assert_array_equal(cache.of(pixels_of(5), make), sums(pixels_of(5)))
    assert make.calls == [5]


def test_features_do_not_depend_on_which_images_are_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    network = network_of("fastai_v2")
    network.freeze()
    pixels = np.random.default_rng(0).integers(0, 256, (BATCH + 9, 8, 8, 1), dtype=np.uint8)

    def inputs(of: NDArray[np.uint8]) -> torch.Tensor:
        return torch.from_numpy(of).permute(0, 3, 1, 2).float()

    made = []
    for name, parts in (("whole", [pixels]), ("parts", [pixels[-3:], pixels[5:40], pixels])):
        monkeypatch.setenv("BNCLAIMS_CACHE", os.fspath(tmp_path / name))
        _, features = on_features(network, inputs, ("simple", name))
        made.append([features(part) for part in parts][-1])
    assert torch.equal(*made)
