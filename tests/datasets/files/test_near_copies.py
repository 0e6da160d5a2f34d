"""Copies of an image that were encoded or resized anew, and images that only look alike."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from bnclaims.datasets.dataset import Pixels
from bnclaims.datasets.files import near_copies as module
from bnclaims.datasets.files.image_files import decode
from bnclaims.datasets.files.near_copies import IMAGE_SIZE, near_copies
from bnclaims.datasets.leaves import leaves as drawn
from bnclaims.datasets.leaves.drawing import draw_leaves


@pytest.fixture(scope="module")
def leaves() -> Pixels:
    """Drawn leaves, every fifth shown twice: all images of the dataset would take seconds to draw."""
    species, lesions, _ = drawn._CLASSES["healthy"]
    return draw_leaves(
        species,
        lesions,
        leaf_of=np.arange(400) * 4 // 5,
        leaf=np.random.default_rng(1),
        photo=np.random.default_rng(2),
        image_size=64,
    )


def again(pixels: Pixels, *, quality: int = 75, side: int = 64) -> Pixels:
    """The images encoded anew at this size, then decoded at that of the comparison."""
    made = []
    for image in pixels:
        content = io.BytesIO()
        Image.fromarray(image).resize((side, side)).save(content, "JPEG", quality=quality)
        made.append(decode(content.getvalue(), image_size=IMAGE_SIZE, name="copy"))
    return np.array(made)


@pytest.mark.parametrize("how", [{"quality": 40}, {"quality": 90}, {"side": 40}])
def test_copies_are_found_and_leaves_are_told_apart(leaves: Pixels, how: dict[str, int]) -> None:
    originals, copies = again(leaves, quality=100), again(leaves[:50], **how)
    assert near_copies(originals) == []
    found = near_copies(np.concatenate([originals, copies]))
    assert found == [[index, len(originals) + index] for index in range(50)]


def test_sets_are_found_across_the_blocks_of_the_comparison(
    leaves: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROWS", 7)
    originals = again(leaves[:30], quality=100)
    everything = np.concatenate([originals, originals[3:5], originals[3:4]])
    assert near_copies(everything) == [[3, 30, 32], [4, 31]]


def test_images_of_one_grey_level_are_like_no_other() -> None:
    grey = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 32, 32, 1), np.uint8)
    assert near_copies(grey) == []
    assert near_copies(grey[:1]) == []
