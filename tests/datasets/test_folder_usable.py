"""How many images of a user's folder any split can use."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bnclaims.datasets import Sources, check
from bnclaims.datasets.folder_usable import usable_images
from bnclaims.protocol.cells import Selection, cells_of
from bnclaims.protocol.load import load_protocol


def made(root: Path, groups: dict[str, str], **images: int) -> Sources:
    """A folder with so many different images of each class, and the groups of some."""
    for at, (name, count) in enumerate(images.items()):
        (root / name).mkdir(parents=True)
        for index in range(count):
            pixels = np.random.default_rng(1000 * at + index).integers(0, 256, (8, 8, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(root / name / f"{index}.png")
    if groups:
        with (root / "groups.csv").open("w", newline="") as table:
            csv.writer(table).writerows([("file", "group"), *groups.items()])
    return Sources(folder=root, classes=tuple(images))


def test_images_that_stand_alone_can_all_be_used(tmp_path: Path) -> None:
    sources = made(tmp_path / "mine", {}, cat=30, dog=12, owl=4)
    assert usable_images(sources, ("cat",), ("dog", "owl")) == {"cat": 30, "dog/owl": 16}


def test_of_the_two_largest_groups_of_a_class_one_image_is_sure(tmp_path: Path) -> None:
    groups = {f"cat/{at}.png": "one" for at in range(5)}
    groups |= {f"cat/{at}.png": "two" for at in range(5, 8)}
    sources = made(tmp_path / "mine", groups, cat=30, dog=12)
    assert usable_images(sources, ("cat",), ("dog",)) == {"cat": 30 - 4 - 2, "dog": 12}


@pytest.mark.parametrize("size", [10, 60])
def test_where_groups_hold_both_classes_every_seed_can_be_drawn(tmp_path: Path, size: int) -> None:
    groups = {f"cat/{at}.png": f"module {at // size}" for at in range(600)}
    groups |= {f"dog/{at}.png": f"module {at * 600 // 80 // size}" for at in range(80)}
    sources = made(tmp_path / "mine", groups, cat=600, dog=80)
    usable = usable_images(sources, ("cat",), ("dog",))
    assert 25 <= usable["dog"] < 80
    selection = Selection(
        dataset="folder:mine",
        majority=("cat",),
        minority=("dog",),
        fingerprints={"folder:mine": "any"},
        usable=usable,
    )
    (cell,) = [c for c in cells_of(load_protocol("remedies"), "remedies", selection) if c.settings]
    check(cell.settings["main"].task, sources=sources)
