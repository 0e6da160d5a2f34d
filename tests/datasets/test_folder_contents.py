"""Contents of a user's folder, told before anything is trained on it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from bnclaims import datasets
from bnclaims.commands.cli import main
from bnclaims.datasets import Contents, Sources, contents, folder_contents
from bnclaims.datasets.folder_contents import sentences


def save(path: Path, seed: int) -> None:
    """Blotches that survive another encoding."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((48, 48), Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for index in range(12):
        save(tmp_path / "pets" / "cat" / f"IMG_{1000 + index}.png", index)
        save(tmp_path / "pets" / "dog" / f"IMG_{1000 + index}.png", 100 + index)
    return tmp_path / "pets"


def told(root: Path) -> Contents:
    return contents("folder:pets", sources=Sources(folder=root))


def test_a_folder_without_surprises_has_nothing_to_be_told(root: Path) -> None:
    found = told(root)
    assert found.images == {"cat": 12, "dog": 12}
    assert list(sentences(found)) == []


def test_what_is_left_out_is_told_by_class_with_the_reason(root: Path) -> None:
    save(root / "cat" / ".ipynb_checkpoints" / "IMG_1000.png", 0)
    save(root / "dog" / "__MACOSX" / "IMG_1000.png", 0)
    (root / "dog" / "notes.txt").write_text("not an image")
    save(root / "stray.png", 50)
    (root / "docs").mkdir()
    found = told(root)
    assert found.images == {"cat": 12, "dog": 12}
    assert found.left_out == {
        "cat": {"hidden": ("cat/.ipynb_checkpoints/IMG_1000.png",)},
        "dog": {
            "made by a program": ("dog/__MACOSX/IMG_1000.png",),
            "no image": ("dog/notes.txt",),
        },
        "": {"a folder without images": ("docs",), "in no class folder": ("stray.png",)},
    }
    assert "left out of dog, no image: 1 (dog/notes.txt)" in list(sentences(found))


def test_identical_images_are_told_within_and_across_classes(root: Path) -> None:
    shutil.copy(root / "cat" / "IMG_1000.png", root / "cat" / "other.png")
    shutil.copy(root / "cat" / "IMG_1001.png", root / "dog" / "other.png")
    found = told(root)
    within, across = ("cat/IMG_1000.png", "cat/other.png"), ("cat/IMG_1001.png", "dog/other.png")
    assert found.identical == (within, across)
    # They share a group, and are no near copies of themselves.
    assert found.near_copies == found.torn == ()
    said = " ".join(sentences(found))
    assert "identical images under several names: 2 sets of 4 images" in said
    assert "in several classes, one label is wrong: 1 set of 2 images (cat/IMG_1001.png" in said


def test_copies_encoded_anew_are_told_and_groups_csv_holds_them_together(root: Path) -> None:
    with Image.open(root / "cat" / "IMG_1000.png") as image:
        image.save(root / "cat" / "other.jpg", quality=60)
    copies = ("cat/IMG_1000.png", "cat/other.jpg")
    assert told(root).near_copies == told(root).torn == (copies,)
    assert any("may put on two sides; remove all but one" in line for line in sentences(told(root)))
    (root / "groups.csv").write_text("file,group\ncat/IMG_1000.png,a\ncat/other.jpg,a\n")
    found = told(root)
    assert (found.near_copies, found.torn) == ((copies,), ())
    assert (found.groups_file, found.grouped_images, found.groups) == ("groups.csv", 2, 1)
    assert "groups.csv puts 2 images into 1 group; the other 23 stand alone" in sentences(found)


def test_too_many_images_to_compare_are_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_contents, "MOST_IMAGES", 23)
    assert told(root).near_copies is None
    assert "were not looked for among more than 23 images" in " ".join(sentences(told(root)))


@pytest.mark.parametrize(
    ("names", "count"),
    [
        ([f"plant{i}_{view}.png" for i in range(6) for view in "ab"], 6),
        ([f"leaf{i} ({view}).png" for i in range(6) for view in (1, 2)], 6),
        ([f"plant{i}/{view}.png" for i in range(6) for view in (1, 2)], 6),
        ([f"photo_{i}.png" for i in range(12)], 0),
        ([f"{camera}_{i}.png" for camera in ("canon", "nikon") for i in range(21)], 0),
        ([f"IMG_{2000 + i}.png" for i in range(12)], 0),
        ([f"all/{i}.png" for i in range(12)], 0),
    ],
)
def test_names_that_suggest_one_object_are_told_unless_groups_csv_has_them(
    root: Path, names: list[str], count: int
) -> None:
    shutil.rmtree(root / "cat")
    for index, name in enumerate(names):
        save(root / "cat" / name, 200 + index)
    assert len(told(root).series) == count
    assert any("several pictures of one object" in s for s in sentences(told(root))) == (count > 0)
    rows = "".join(f"cat/{name},g{index // 2}\n" for index, name in enumerate(names))
    (root / "groups.csv").write_text(f"file,group\n{rows}")
    assert told(root).series == ()


def test_the_command_shows_it(root: Path) -> None:
    shutil.copy(root / "cat" / "IMG_1000.png", root / "cat" / "other.png")
    table = CliRunner().invoke(main, ["datasets", "--dataset", f"folder:{root}"])
    assert table.exit_code == 0 and "cat 13, dog 12" in table.output
    assert "note     identical images under several names: 1 set" in table.output
    assert "split by" not in table.output
    document = json.loads(
        CliRunner().invoke(main, ["datasets", "--json", "--dataset", f"folder:{root}"]).output
    )
    assert document["folder:pets"]["contents"]["images"] == {"cat": 13, "dog": 12}
    assert datasets.info("folder:pets").classes == ()
