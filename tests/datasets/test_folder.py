"""The user's own images: what is read, and what is said when something is wrong with them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bnclaims import datasets
from bnclaims.datasets import Sources
from bnclaims.datasets.files import image_files
from bnclaims.errors import BnclaimsError


def save(path: Path, seed: int, *, mode: str = "RGB", size: tuple[int, int] = (10, 12)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise).convert(mode).save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for index, name in enumerate(["cat/1.png", "cat/2.jpg", "dog/1.bmp", "dog/two.WEBP"]):
        save(tmp_path / "pets" / name, index)
    (tmp_path / "pets" / "dog" / "notes.txt").write_text("not an image")
    (tmp_path / "pets" / ".hidden").mkdir()
    return tmp_path / "pets"


def load(root: Path | None) -> datasets.ImageSet:
    return datasets.load("folder:pets", image_size=8, sources=Sources(folder=root))


def fingerprint(root: Path) -> str:
    return datasets.fingerprint("folder:pets", sources=Sources(folder=root))


def refusal(root: Path | None) -> str:
    with pytest.raises(BnclaimsError) as caught:
        load(root)
    return str(caught.value)


def test_sub_folders_are_classes_and_images_stand_alone(root: Path) -> None:
    images = load(root)
    assert images.name == "folder:pets"
    assert images.classes == ("cat", "dog")
    assert images.images == ("cat/1.png", "cat/2.jpg", "dog/1.bmp", "dog/two.WEBP")
    assert images.groups == images.images
    assert not images.grouped
    assert images.pixels.shape == (4, 8, 8, 3)


def test_images_in_deeper_folders_belong_to_the_class(root: Path) -> None:
    save(root / "cat" / "2021" / "may.png", 9)
    assert "cat/2021/may.png" in load(root).images


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1"])
def test_every_mode_becomes_rgb(root: Path, mode: str) -> None:
    save(root / "cat" / "3.png", 9, mode=mode)
    assert load(root).pixels.shape == (5, 8, 8, 3)


def test_a_cmyk_photo_becomes_rgb(root: Path) -> None:
    save(root / "cat" / "3.jpg", 9, mode="CMYK")
    assert load(root).pixels.shape == (5, 8, 8, 3)


def test_shrinking_averages_over_area(root: Path) -> None:
    checks = np.indices((64, 64)).sum(axis=0) % 2 * 255
    Image.fromarray(checks.astype(np.uint8)).save(root / "cat" / "3.png")
    pixels = load(root).pixels[2].astype(int)
    assert abs(pixels - 128).max() <= 1


def test_the_orientation_tag_of_a_photo_is_applied(root: Path) -> None:
    dark_left = np.zeros((16, 16, 3), dtype=np.uint8)
    dark_left[:, 8:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(dark_left).save(root / "cat" / "3.jpg", exif=exif)
    pixels = load(root).pixels[2]
    assert pixels[0].max() < 50
    assert pixels[-1].min() > 200


def test_groups_csv_puts_images_together_across_classes(root: Path) -> None:
    (root / "groups.csv").write_text("file,group\ncat/1.png,anna\ndog/1.bmp,anna\n")
    images = load(root)
    assert images.groups == ("anna", "cat/2.jpg", "anna", "dog/two.WEBP")
    assert images.grouped


def test_copies_of_an_image_share_a_group(root: Path) -> None:
    shutil.copy(root / "cat" / "1.png", root / "dog" / "9.png")
    groups = dict(zip(load(root).images, load(root).groups, strict=True))
    assert groups["cat/1.png"] == groups["dog/9.png"]


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("name,group\n", "has no columns file and group"),
        ("", "has no columns file and group"),
        ("file,group\ncat/1.png\n", "line 2 is no pair of file and group"),
        ("file,group\ncat/1.png,\n", "line 2 is no pair of file and group"),
        ("file,group\ncat/1.png,a,b\n", "line 2 is no pair of file and group"),
        ("file,group\ncat/7.png,a\n", "line 2 names 'cat/7.png'"),
        ("file,group\n../pets/cat/1.png,a\n", "line 2 names '../pets/cat/1.png'"),
        ("file,group\ncat/1.png,a\ncat/1.png,b\n", "line 3 puts 'cat/1.png' into a second group"),
        ('file,group\n"cat/1.png"x,a\n', "cannot be read as a table"),
    ],
)
def test_a_malformed_groups_csv_is_refused(root: Path, table: str, text: str) -> None:
    (root / "groups.csv").write_text(table)
    assert text in refusal(root)
    assert str(root / "groups.csv") in refusal(root)


def test_a_groups_csv_that_is_no_text_is_refused(root: Path) -> None:
    (root / "groups.csv").write_bytes(b"file,group\n\xff,\xfe\n")
    assert "save it as UTF-8 text" in refusal(root)


def test_a_groups_csv_saved_by_a_spreadsheet_is_read(root: Path) -> None:
    (root / "groups.csv").write_bytes("\ufefffile,group\r\ncat/1.png,anna\r\n".encode())
    assert load(root).groups[0] == "anna"


@pytest.mark.parametrize("name", ["cat/2.jpg", "cat/1.png", "dog/1.bmp", "dog/two.WEBP"])
def test_a_truncated_image_is_named(root: Path, name: str) -> None:
    path = root / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert f"{path}: cannot be decoded as an image" in refusal(root)


def test_a_file_that_is_no_image_is_named(root: Path) -> None:
    (root / "cat" / "3.png").write_text("hello")
    text = refusal(root)
    assert f"{root / 'cat' / '3.png'}: cannot be decoded" in text
    assert "not a JPEG, PNG, BMP or WebP file" in text


def test_an_image_of_sixteen_bits_is_refused(root: Path) -> None:
    Image.fromarray(np.full((9, 9), 40_000, dtype=np.uint16)).save(root / "cat" / "3.png")
    assert "more than 8 bits per channel" in refusal(root)


def test_an_image_above_the_limit_of_pixels_is_refused(root: Path) -> None:
    Image.new("1", (10_000, 5_001)).save(root / "cat" / "3.png")
    assert "3.png: the image is larger than 50 megapixels" in refusal(root)


def test_an_image_that_pillow_takes_for_a_bomb_is_refused_in_the_same_words(root: Path) -> None:
    Image.new("1", (20_000, 20_000)).save(root / "cat" / "3.png")
    assert "3.png: the image is larger than 50 megapixels" in refusal(root)


def test_a_file_above_the_limit_of_bytes_is_refused_unread(root: Path) -> None:
    with (root / "cat" / "3.png").open("wb") as file:
        file.truncate(image_files.MAX_FILE_BYTES + 1)
    assert "3.png: is larger than 67108864 bytes" in refusal(root)


def test_an_image_format_that_is_not_read_is_not_left_out_in_silence(root: Path) -> None:
    Image.new("RGB", (9, 9)).save(root / "cat" / "3.tif")
    assert "3.tif: .tif images are not read" in refusal(root)


def test_a_folder_without_sub_folders_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "1.png", 0)
    assert f"folder:{tmp_path}: has no sub-folders" in refusal(tmp_path)


def test_a_class_without_images_is_refused(root: Path) -> None:
    (root / "fish").mkdir()
    assert f"{root / 'fish'}: holds no images" in refusal(root)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "is no folder; name one that exists" in refusal(tmp_path / "nowhere")
    assert "name the folder of images" in refusal(None)


def test_the_fingerprint_does_not_depend_on_the_place(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root, tmp_path / "other")
    assert fingerprint(tmp_path / "other") == fingerprint(root)


def test_the_fingerprint_changes_with_a_byte_a_name_and_a_group(root: Path) -> None:
    prints = [fingerprint(root)]
    path = root / "cat" / "1.png"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    prints.append(fingerprint(root))
    path.rename(root / "dog" / "0.png")
    prints.append(fingerprint(root))
    (root / "groups.csv").write_text("file,group\ncat/2.jpg,a\n")
    prints.append(fingerprint(root))
    (root / "groups.csv").write_text("file,group\ncat/2.jpg,b\n")
    prints.append(fingerprint(root))
    assert len(set(prints)) == len(prints)


def test_the_fingerprint_ignores_files_that_are_no_images(root: Path) -> None:
    before = fingerprint(root)
    (root / "dog" / "notes.txt").write_text("other words")
    assert fingerprint(root) == before
