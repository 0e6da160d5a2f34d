"""The user's own images: what is read, and what is said when something is wrong with them."""

from __future__ import annotations

import shutil
import struct
import unicodedata
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bnclaims import datasets
from bnclaims.datasets import Sources
from bnclaims.datasets.files import image_files
from bnclaims.datasets.files.digest import file_digest, fingerprint_of
from bnclaims.datasets.folder import listing
from bnclaims.datasets.splits import task_labels
from bnclaims.errors import BnclaimsError
from fixtures.trials import task_of


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


def load(root: Path | None, *classes: str) -> datasets.ImageSet:
    sources = Sources(folder=root, classes=classes)
    return datasets.load("folder:pets", image_size=8, sources=sources)


def fingerprint(root: Path, *classes: str) -> str:
    return datasets.fingerprint("folder:pets", sources=Sources(folder=root, classes=classes))


def refusal(root: Path | None, *classes: str) -> str:
    with pytest.raises(BnclaimsError) as caught:
        load(root, *classes)
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
    assert "not a JPEG, PNG, BMP, WebP or PPM file" in text


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
    assert "3.tif: TIFF images are not read; convert to JPEG, PNG" in refusal(root)


def test_a_folder_without_sub_folders_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "1.png", 0)
    assert f"folder:{tmp_path}: has no sub-folders" in refusal(tmp_path)


def test_a_class_without_images_is_refused(root: Path) -> None:
    (root / "fish").mkdir()
    assert f"{root / 'fish'}: holds no images" in refusal(root, "cat", "fish")


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


# --- situations from other projects ---------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [".ipynb_checkpoints", "2021/.thumbs", "__MACOSX", "@eaDir", "__pycache__", ".Trash-1000"],
)
def test_copies_in_hidden_folders_and_those_that_programs_make_are_no_data(
    root: Path, place: str
) -> None:
    before, prints = load(root).images, fingerprint(root)
    save(root / "cat" / place / "1.jpg", 9)
    assert (load(root).images, fingerprint(root)) == (before, prints)


@pytest.mark.parametrize(
    ("name", "format_"),
    [("3.jfif", "JPEG"), ("3.jpe", "JPEG"), ("3.ppm", "PPM"), ("3", "PNG"), ("3.data", "WEBP")],
)
def test_what_can_be_read_is_read_whatever_its_name(root: Path, name: str, format_: str) -> None:
    save(root / "spare.png", 9)
    with Image.open(root / "spare.png") as image:
        image.save(root / "cat" / name, format=format_)
    images = load(root, "cat", "dog")
    assert f"cat/{name}" in images.images and len(images.images) == 5


@pytest.mark.parametrize(
    ("name", "beginning", "kind"),
    [
        ("3.heif", b"\0\0\0\x18ftypheic", "HEIF"),
        ("3.jpg", b"\0\0\0\x18ftypmif1", "HEIF"),
        ("3.avif", b"\0\0\0\x1cftypavif", "AVIF"),
        ("3", b"GIF89a", "GIF"),
        ("scan", bytes(128) + b"DICM", "DICOM"),
        ("3.jp2", b"\0\0\0\x0cjP  \r\n", "JPEG 2000"),
    ],
)
def test_an_image_that_cannot_be_read_is_named_with_what_it_is(
    root: Path, name: str, beginning: bytes, kind: str
) -> None:
    (root / "cat" / name).write_bytes(beginning + bytes(200))
    assert f"{root / 'cat' / name}: {kind} images are not read; convert to JPEG" in refusal(root)
    (root / "cat" / "zebra").write_bytes(beginning + bytes(200))
    assert f"{root / 'cat' / name} and 1 more: {kind} images are not read" in refusal(root)


@pytest.mark.parametrize("name", ["3.heic", "3.jfif", "3.png"])
def test_an_empty_file_with_the_name_of_an_image_is_not_left_out_in_silence(
    root: Path, name: str
) -> None:
    (root / "cat" / name).touch()
    assert f"{name}: cannot be decoded as an image" in refusal(root)


@pytest.mark.parametrize("words", ["BMI and age", "P1 is the first patient", "", "JPEG"])
def test_other_files_are_no_images(root: Path, words: str) -> None:
    before = fingerprint(root)
    (root / "cat" / "notes").write_text(words)
    assert fingerprint(root) == before and len(load(root).images) == 4


def test_a_film_is_no_image(root: Path) -> None:
    (root / "cat" / "play.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(200))
    assert len(load(root).images) == 4


def test_a_link_that_leads_nowhere_is_named(root: Path, tmp_path: Path) -> None:
    (root / "cat" / "3.png").symlink_to(tmp_path / "unmounted" / "3.png")
    assert f"{root / 'cat' / '3.png'}: is a link that leads nowhere" in refusal(root)


def test_links_to_files_and_folders_are_followed_and_not_round_in_circles(
    root: Path, tmp_path: Path
) -> None:
    save(tmp_path / "elsewhere" / "deep" / "3.png", 9)
    (root / "cat" / "more").symlink_to(tmp_path / "elsewhere")
    (root / "cat" / "4.png").symlink_to(tmp_path / "elsewhere" / "deep" / "3.png")
    images = load(root)
    assert {"cat/more/deep/3.png", "cat/4.png"} < set(images.images)
    (root / "cat" / "round").symlink_to(root)
    assert "is a link to a folder that holds it" in refusal(root)


@pytest.mark.parametrize(
    ("format_", "data"),
    [
        ("png", Image.fromarray(np.full((9, 9), 40_000, dtype=np.uint16))),
        ("png", "deep colours"),
        ("pgm", b"P5\n# grey\n4 4\n65535\n" + bytes(32)),
        ("ppm", b"P6 4 4 1023\n" + bytes(96)),
    ],
)
def test_every_image_with_more_than_eight_bits_is_refused(
    root: Path, format_: str, data: object
) -> None:
    path = root / "cat" / f"3.{format_}"
    if isinstance(data, Image.Image):
        data.save(path)
    else:
        path.write_bytes(data if isinstance(data, bytes) else deep_colours())
    assert "3." + format_ + ": has more than 8 bits per channel" in refusal(root)


def deep_colours() -> bytes:
    """A PNG of 4 x 4 pixels with 16 bits in each of three channels, whose values are below 256."""
    rows = b"".join(b"\0" + b"\0\x80" * 12 for _ in range(4))
    header = struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def test_a_ppm_of_eight_bits_is_read(root: Path) -> None:
    (root / "cat" / "3.ppm").write_bytes(b"P6\n# colours\n4 4\n255\n" + bytes(range(48)))
    assert load(root).pixels[2].max() == 47


@pytest.mark.filterwarnings("error")
def test_what_is_read_does_not_depend_on_filters_of_warnings(root: Path) -> None:
    save(root / "cat" / "3.png", 9, mode="P")
    with Image.open(root / "cat" / "3.png") as image:
        image.save(root / "cat" / "3.png", transparency=bytes([0, 128, 255]))
    Image.new("1", (9_500, 9_500)).save(root / "cat" / "4.png")
    assert "4.png: the image is larger than 50 megapixels" in refusal(root)
    (root / "cat" / "4.png").unlink()
    assert load(root).pixels.shape == (5, 8, 8, 3)


@pytest.mark.parametrize(("typed", "written"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_the_name_of_a_class_has_one_form_however_it_is_typed(
    root: Path, typed: str, written: str
) -> None:
    name = "Äpfel"
    save(root / unicodedata.normalize(written, name) / "1.png", 9)
    save(root / unicodedata.normalize(written, name) / "2.png", 10)
    (root / "groups.csv").write_text(
        f"file,group\n{unicodedata.normalize(typed, name)}/1.png,tree\n", encoding="utf-8"
    )
    asked = unicodedata.normalize(typed, name)
    images = load(root, "cat", asked)
    assert "tree" in images.groups
    task = task_of("folder:pets", majority=(("cat",),), minority=((asked,),))
    assert np.bincount(task_labels(task, images) + 1).tolist() == [0, 2, 2]


def test_two_folders_of_one_name_in_two_forms_are_refused(root: Path) -> None:
    for form in ("NFC", "NFD"):
        save(root / unicodedata.normalize(form, "Äpfel") / "1.png", 9)
    assert "two folders have this name" in refusal(root)


def test_only_the_named_classes_are_looked_at(root: Path) -> None:
    alone = load(root, "cat", "dog").images, fingerprint(root, "cat", "dog")
    assert alone == (load(root).images, fingerprint(root))
    (root / "docs").mkdir()
    (root / "fish").mkdir()
    (root / "fish" / "1.png").write_bytes(b"no image")
    (root / "bird").mkdir()
    (root / "bird" / "1.png").symlink_to(root / "nowhere")
    (root / "groups.csv").write_text("file,group\n")
    with_table = fingerprint(root, "cat", "dog")
    (root / "groups.csv").write_text("file,group\nfish/1.png,a\n")
    assert load(root, "cat", "dog").images == alone[0]
    (root / "groups.csv").unlink()
    assert fingerprint(root, "dog", "cat") == alone[1] != with_table
    assert "class 'cats': " in refusal(root, "cats") and "did you mean 'cat'?" in refusal(
        root, "cats"
    )


@pytest.mark.parametrize("row", ["fish/7.png,a", "../pets/cat/1.png,a"])
def test_a_row_of_groups_csv_that_names_no_file_is_refused_for_every_class(
    root: Path, row: str
) -> None:
    (root / "groups.csv").write_text(f"file,group\n{row}\n")
    assert "is no image of the folder" in refusal(root, "cat", "dog")


def test_spaces_around_cells_do_not_count(root: Path) -> None:
    table = root / "groups.csv"
    table.write_text("file,group\ncat/1.png,a\ndog/1.bmp,a\n")
    groups, prints = load(root).groups, fingerprint(root)
    table.write_text(" file, group \ncat/1.png,a\n dog/1.bmp , a\n")
    assert load(root).groups == groups
    # Earlier versions made two groups of this table, whose trials are others.
    untrimmed = fingerprint_of(
        ["grouping 1"]
        + [
            part
            for name, path in listing(Sources(folder=root)).used.items()
            for part in (name, file_digest(path))
        ]
        + [file_digest(table)]
    )
    assert fingerprint(root) not in (prints, untrimmed)


@pytest.mark.parametrize("name", ["Groups.csv", "GROUPS.CSV", "groups.csv"])
def test_the_file_of_groups_is_read_and_named_in_whatever_case(root: Path, name: str) -> None:
    (root / name).write_text("file,group\ncat/1.png,anna\ndog/1.bmp,anna\n")
    assert load(root).groups[0] == load(root).groups[2] == "anna"
    info = datasets.info("folder:pets", sources=Sources(folder=root))
    assert info.grouped_by == f"group of {name}"


def test_without_a_file_of_groups_nothing_says_that_there_is_one(root: Path) -> None:
    assert datasets.info("folder:pets", sources=Sources(folder=root)).grouped_by is None
    assert datasets.info("folder:pets").grouped_by is None


def test_a_file_of_groups_that_is_not_there_or_twice_is_refused(root: Path) -> None:
    (root / "groups.csv").symlink_to(root / "nowhere.csv")
    assert "groups.csv: is a link that leads nowhere" in refusal(root)
    (root / "groups.csv").unlink()
    for name in ("groups.csv", "Groups.csv"):
        (root / name).write_text("file,group\n")
    assert "is a second file of groups" in refusal(root)
