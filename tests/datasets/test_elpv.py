"""Elpv: read from an installed package, split by module, and refused when it is not the known one."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bnclaims import datasets
from bnclaims.datasets import Sources, elpv
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Task

# One for all tests of the real images: to read them takes seconds, and one size is kept in the cache.
SIZE = 50
BORDERS = (0, *accumulate(elpv.MODULES))
PROBABILITIES = ("0.0", "0.3333333333333333", "0.6666666666666666", "1.0")

installed = pytest.mark.skipif(
    find_spec("elpv_dataset") is None, reason="needs pip install 'bnclaims[elpv]'"
)


def task(majority: int = 600, minority: int = 10) -> Task:
    return Task(
        dataset="elpv",
        fingerprint="elpv-1",
        image_size=SIZE,
        majority=(("functional",),),
        minority=(("defective",),),
        majority_images=majority,
        minority_images=minority,
        validation_majority_images=100,
        validation_minority_images=7,
        test_images=150,
    )


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An elpv-dataset of small images whose grey level is the number of the cell, modulo 256."""
    data = tmp_path / "data"
    (data / "images").mkdir(parents=True)
    lines = [
        f"images/cell{cell + 1:04d}.png  {PROBABILITIES[cell % 4]}   mono\n" for cell in range(2624)
    ]
    (data / "labels.csv").write_text("".join(lines))
    images = hashlib.sha256()
    for cell in range(2624):
        file = io.BytesIO()
        Image.new("L", (12, 12), cell % 256).save(file, format="PNG")
        (data / "images" / f"cell{cell + 1:04d}.png").write_bytes(file.getvalue())
        if cell % 4 in (0, 3):
            images.update(file.getvalue())
    monkeypatch.setattr(elpv, "files", lambda name: tmp_path)
    monkeypatch.setattr(
        elpv, "LABELS", hashlib.sha256((data / "labels.csv").read_bytes()).hexdigest()
    )
    monkeypatch.setattr(elpv, "IMAGES", images.hexdigest())
    return data


def read() -> datasets.ImageSet:
    return elpv.DATASET.read(Sources(), 6)


def test_every_cell_has_its_own_pixels_class_and_module(package: Path) -> None:
    images = read()
    cells = [int(name[-8:-4]) - 1 for name in images.images]
    assert cells == [cell for cell in range(2624) if cell % 4 in (0, 3)]
    assert images.pixels.shape == (1312, 6, 6, 1)
    assert (images.pixels == np.array(cells).reshape(-1, 1, 1, 1) % 256).all()
    assert images.classes == ("functional", "defective")
    assert images.class_of.tolist() == [int(cell % 4 == 3) for cell in cells]
    modules = [int(group.removeprefix("elpv/module ")) for group in images.groups]
    assert all(
        BORDERS[module - 1] <= cell < BORDERS[module]
        # One module was taken twice.
        or (module == 30 and BORDERS[38] <= cell < BORDERS[39])
        for cell, module in zip(cells, modules, strict=True)
    )
    assert images.grouped and set(modules) == set(range(1, 45)) - {39}


def test_the_modules_are_as_many_as_the_source_says_and_hold_all_cells() -> None:
    assert (len(elpv.MODULES), sum(elpv.MODULES)) == (44, 2624)


def test_what_is_left_out_is_counted() -> None:
    (release,) = elpv.INFO.releases
    assert sum(release.counts.values()) + sum(release.left_out.values()) == 2624
    assert f"{sum(release.left_out.values())} cells" in elpv.INFO.source


@pytest.mark.parametrize(
    ("name", "what"), [("labels.csv", "labels"), ("images/cell0004.png", "images")]
)
def test_another_file_than_the_known_one_is_refused(package: Path, name: str, what: str) -> None:
    (package / name).write_bytes((package / name).read_bytes() + b"\n")
    with pytest.raises(BnclaimsError, match=f"the {what} of the installed.*'bnclaims.elpv.'"):
        read()


def test_an_image_of_a_class_that_is_left_out_is_not_read(package: Path) -> None:
    (package / "images" / "cell0002.png").unlink()
    assert len(read().images) == 1312


def test_a_fingerprint_reads_the_labels_alone(package: Path) -> None:
    for image in (package / "images").iterdir():
        image.unlink()
    assert elpv.DATASET.fingerprint(Sources()) == "elpv-1"
    (package / "labels.csv").write_text("")
    with pytest.raises(BnclaimsError, match="the labels of the installed"):
        elpv.DATASET.fingerprint(Sources())


def test_without_the_package_the_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing(package: str) -> Path:
        raise ModuleNotFoundError(f"No module named {package!r}")

    def sentence() -> str:
        with pytest.raises(BnclaimsError) as caught:
            elpv.DATASET.fingerprint(Sources())
        return str(caught.value)

    monkeypatch.setattr(elpv, "files", missing)
    assert sentence() == (
        "--dataset elpv: needs labels.csv of elpv-dataset (No module named 'elpv_dataset'); "
        "run `pip install 'bnclaims[elpv]'`."
    )
    # A release that no longer ships the file.
    monkeypatch.setattr(elpv, "files", lambda package: tmp_path)
    assert "pip install 'bnclaims[elpv]'" in sentence()


@pytest.mark.parametrize("there", [True, False])
def test_whether_it_is_here_is_told(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    monkeypatch.setattr(
        "bnclaims.datasets.files.releases.find_spec", lambda name: object() if there else None
    )
    found = datasets.whereabouts(elpv.INFO, Sources())
    assert found.here is there
    assert found.words == (
        "complete, in the installed elpv_dataset"
        if there
        else "no, needs pip install 'bnclaims[elpv]'"
    )


@installed
def test_the_images_are_those_of_the_known_release() -> None:
    images = datasets.load("elpv", image_size=SIZE, sources=Sources())
    (release,) = elpv.INFO.releases
    counts = np.bincount(images.class_of).tolist()
    assert dict(zip(images.classes, counts, strict=True)) == release.counts
    assert len(set(images.groups)) == release.groups
    defects = Counter(np.array(images.groups)[images.class_of == 1].tolist())
    # As the docs say.
    assert len(defects) < 43 and sum(count > 50 for count in defects.values()) == 3
    probabilities = Counter(line.split()[1] for line in elpv._labels().decode().splitlines())
    assert list(release.left_out.values()) == [probabilities[name] for name in PROBABILITIES[1:3]]


@installed
def test_where_the_kind_of_silicon_changes_a_module_ends() -> None:
    kinds = [line.split()[2] for line in elpv._labels().decode().splitlines()]
    changes = [cell for cell, (one, other) in enumerate(pairwise(kinds), 1) if one != other]
    assert len(changes) == 9
    assert set(changes) <= set(BORDERS)


@installed
def test_the_module_that_is_there_twice_is_one_group() -> None:
    images = datasets.load("elpv", image_size=SIZE, sources=Sources())
    place = {int(name[-8:-4]) - 1: index for index, name in enumerate(images.images)}
    groups = np.array(images.groups)
    first, second = BORDERS[29], BORDERS[38]

    def alike(cell: int, other: int) -> float:
        """Correlation of two cells, less what all cells of a module have in common."""
        parts = []
        for here, start in ((cell, first), (other, second)):
            mates = [place[mate] for mate in range(start, start + 50) if mate in place]
            pixels = images.pixels[place[here]].astype(float)
            parts.append((pixels - images.pixels[mates].mean(axis=0)).ravel())
        return float(np.corrcoef(*parts)[0, 1])

    pairs = [
        (cell, cell - first + second)
        for cell in range(first, first + 60)
        if {cell, cell - first + second} <= place.keys()
    ]
    shown = [alike(*pair) for pair in pairs if pair[0] < first + elpv.MODULES[29]]
    after = [alike(*pair) for pair in pairs if pair[0] >= first + elpv.MODULES[29]]
    assert len(shown) > 30 and len(after) > 3
    assert min(shown) > 0.6 > 0.4 > max(after)
    assert all(groups[place[cell]] == groups[place[other]] for cell, other in pairs[: len(shown)])


@installed
def test_borders_are_where_the_brightness_of_images_changes() -> None:
    # Of the darkest twentieth of each cell, which a border changes and a defect moves little; cells
    # graded between the classes are missing, so borders are counted among those that are there.
    images = datasets.load("elpv", image_size=SIZE, sources=Sources())
    dark = np.quantile(images.pixels.reshape(len(images.pixels), -1), 0.05, axis=1)
    cells = np.array([int(name[-8:-4]) - 1 for name in images.images])

    def spread(shift: int) -> float:
        """Mean distance from the median of the module, with all borders moved by some cells."""
        module = np.searchsorted(np.array(BORDERS) + shift, cells, side="right")
        return float(
            np.mean(
                np.concatenate(
                    [np.abs(dark[module == m] - np.median(dark[module == m])) for m in set(module)]
                )
            )
        )

    there = spread(0)
    assert all(spread(shift) > there for shift in (-30, -20, -10, -5, 5, 10, 20, 30))


@installed
@pytest.mark.parametrize("seed", range(5))
def test_no_module_is_in_two_splits(seed: int) -> None:
    draw = datasets.draw(task(), seed, sources=Sources())
    assert draw.train_counts == (600, 10)
    sides = [set(split.groups) for split in (draw.train, *draw.splits.values())]
    assert not any(one & other for one in sides for other in sides if one is not other)


@installed
def test_reading_it_does_not_import_what_the_package_imports() -> None:
    code = (
        "import sys, bnclaims.datasets as d\n"
        "d.fingerprint('elpv', sources=d.Sources())\n"
        "heavy = {'elpv_dataset.utils', 'PIL', 'pandas', 'scipy', 'torch'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
