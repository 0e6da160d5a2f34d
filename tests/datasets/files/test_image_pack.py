"""Data packs: what is read from them, and what is said when one is missing or damaged."""

from __future__ import annotations

import csv
import gzip
import io
import os
import struct
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bnclaims import datasets
from bnclaims.datasets import DATASETS, Sources
from bnclaims.errors import BnclaimsError
from fixtures.trials import task_of

PACKS = Path(os.environ.get("BNCLAIMS_DATA_ROOT", Path(__file__).parents[4] / "shared" / "data"))
APPLE = "plantvillage-apple"
COLUMNS = ("file", "class", "leaf_id")


def jpeg(seed: int, *, side: int = 16) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, format="JPEG")
    return file.getvalue()


def apple_rows() -> list[tuple[str, str, str]]:
    return [
        (f"Apple___{kind}/{number}.jpg", f"Apple___{kind}", f"{kind}:{number // 2}")
        for kind in ("healthy", "Apple_scab")
        for number in range(4)
    ]


class Pack:
    """An apple pack in a temporary data root, to be written whole or damaged."""

    def __init__(self, root: Path) -> None:
        self.sources = Sources(data_root=root)
        self.folder = root / "plantvillage_apple"
        self.folder.mkdir()
        self.archive = self.folder / "plantvillage_apple_128.tar"
        self.manifest = self.folder / "manifest.csv"
        self.members = {row[0]: jpeg(index) for index, row in enumerate(apple_rows())}
        self.write_manifest(apple_rows())
        self.write_archive()

    def write_manifest(
        self,
        rows: list[tuple[str, ...]] | list[tuple[str, str, str]],
        header: tuple[str, ...] = COLUMNS,
    ) -> None:
        with self.manifest.open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])

    def write_archive(
        self, change: Callable[[tarfile.TarInfo], None] = lambda member: None
    ) -> None:
        with tarfile.open(self.archive, "w:") as tar:
            for name, data in self.members.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                change(member)
                tar.addfile(member, io.BytesIO(data))

    def load(self) -> datasets.ImageSet:
        return datasets.load(APPLE, image_size=8, sources=self.sources)

    def fingerprint(self) -> str:
        return datasets.fingerprint(APPLE, sources=self.sources)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(tmp_path)


def refusal(pack: Pack) -> str:
    with pytest.raises(BnclaimsError) as caught:
        pack.load()
    return str(caught.value)


def test_a_pack_is_read_with_its_classes_and_leaves(pack: Pack) -> None:
    images = pack.load()
    assert images.pixels.shape == (8, 8, 8, 3)
    assert images.images[0] == "Apple___Apple_scab/0.jpg"
    assert [images.classes[index] for index in images.class_of] == ["Apple_scab"] * 4 + [
        "healthy"
    ] * 4
    assert images.groups[:4] == ("Apple_scab:0", "Apple_scab:0", "Apple_scab:1", "Apple_scab:1")
    assert images.grouped
    assert not images.synthetic


def test_copies_under_two_leaf_ids_share_a_group(pack: Pack) -> None:
    pack.members["Apple___healthy/3.jpg"] = pack.members["Apple___healthy/0.jpg"]
    pack.write_archive()
    assert len(set(pack.load().groups[4:])) == 1


def test_without_a_data_root_the_error_names_the_option_and_the_files() -> None:
    with pytest.raises(BnclaimsError, match=r"needs --data-root DIR.*plantvillage_apple_128\.tar"):
        datasets.load(APPLE, image_size=8, sources=Sources())


def test_a_missing_pack_is_named_with_its_place_and_its_source(tmp_path: Path) -> None:
    with pytest.raises(BnclaimsError) as caught:
        datasets.fingerprint(APPLE, sources=Sources(data_root=tmp_path))
    assert str(tmp_path) in str(caught.value)
    assert "plantvillage_apple/plantvillage_apple_128.tar" in str(caught.value)
    assert "github.com" in str(caught.value)


@pytest.mark.parametrize("kept", [0.0, 0.2, 0.4])
def test_a_truncated_archive_is_refused(pack: Pack, kept: float) -> None:
    whole = pack.archive.read_bytes()
    pack.archive.write_bytes(whole[: int(len(whole) * kept)])
    text = refusal(pack)
    assert str(pack.archive) in text
    assert "fetch" in text


def test_an_archive_cut_between_members_lacks_files_of_the_manifest(pack: Pack) -> None:
    del pack.members["Apple___healthy/3.jpg"]
    pack.write_archive()
    assert "lacks 'Apple___healthy/3.jpg'" in refusal(pack)


def test_a_file_that_is_no_archive_is_refused(pack: Pack) -> None:
    pack.archive.write_bytes(b"no archive" * 1000)
    assert "damaged or truncated at its start" in refusal(pack)


def test_a_truncated_member_is_named(pack: Pack) -> None:
    data = pack.members["Apple___healthy/2.jpg"]
    pack.members["Apple___healthy/2.jpg"] = data[: len(data) // 2]
    pack.write_archive()
    assert f"{pack.archive}: Apple___healthy/2.jpg: cannot be decoded" in refusal(pack)


@pytest.mark.parametrize("name", ["../outside.jpg", "/outside.jpg", "a/../../b.jpg", "..\\b.jpg"])
def test_a_member_that_leaves_its_folder_is_refused(pack: Pack, name: str) -> None:
    pack.members[name] = jpeg(99)
    pack.write_archive()
    assert "leads out of the archive's folder" in refusal(pack)


def test_a_link_in_an_archive_is_refused(pack: Pack) -> None:
    def link(member: tarfile.TarInfo) -> None:
        member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0

    pack.write_archive(link)
    assert "is no regular file" in refusal(pack)


def test_a_huge_member_is_refused_before_it_is_read(pack: Pack) -> None:
    whole = bytearray(pack.archive.read_bytes())
    member = tarfile.TarInfo(next(iter(pack.members)))
    member.size = 2**30
    whole[:512] = member.tobuf(format=tarfile.USTAR_FORMAT)
    pack.archive.write_bytes(whole)
    assert "more than the 67108864 allowed" in refusal(pack)


@pytest.mark.parametrize("kind", [b"0", b"L", b"x", b"K"])
@pytest.mark.parametrize("size", [b"\xff" * 12, b"\x80" + b"\xff" * 11, b"777777777777"])
def test_a_header_with_an_impossible_size_is_refused(pack: Pack, kind: bytes, size: bytes) -> None:
    content = bytearray(pack.archive.read_bytes())
    content[124:136], content[156:157] = size, kind
    total = sum(content[:148]) + 8 * 32 + sum(content[156:512])
    content[148:156] = b"%06o\x00 " % total
    pack.archive.write_bytes(content)
    assert str(pack.archive) in refusal(pack)


def test_a_member_beside_the_manifest_is_refused(pack: Pack) -> None:
    pack.members["Apple___healthy/9.jpg"] = jpeg(9)
    pack.write_archive()
    assert "'Apple___healthy/9.jpg' but the manifest does not list it" in refusal(pack)


def test_a_member_held_twice_is_refused(pack: Pack) -> None:
    with tarfile.open(pack.archive, "a:") as tar:
        data = jpeg(5)
        member = tarfile.TarInfo("Apple___healthy/3.jpg")
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    assert "'Apple___healthy/3.jpg' twice" in refusal(pack)


@pytest.mark.parametrize(
    ("rows", "header", "text"),
    [
        (apple_rows(), ("file", "kind", "leaf_id"), "has no column 'class'"),
        (apple_rows()[:1] * 2, COLUMNS, "lists 'Apple___healthy/0.jpg' twice"),
        ([("Apple___healthy/0.jpg", "Apple___healthy")], COLUMNS, "line 2 has more or fewer"),
        ([("x.jpg", "Apple___Mildew", "1")], COLUMNS, "the class 'Mildew'"),
        ([], COLUMNS, "lists no files"),
        ([('"', "", "")], COLUMNS, "class ''"),
    ],
)
def test_a_malformed_manifest_is_refused(
    pack: Pack, rows: list[tuple[str, ...]], header: tuple[str, ...], text: str
) -> None:
    pack.write_manifest(rows, header)
    assert text in refusal(pack)
    assert str(pack.manifest) in refusal(pack)


def test_a_manifest_that_is_no_text_is_refused(pack: Pack) -> None:
    pack.manifest.write_bytes(b"file,class,leaf_id\n\xff\xfe,x,y\n")
    assert "cannot be read as a table" in refusal(pack)


def test_the_fingerprint_does_not_depend_on_the_place(pack: Pack, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    pack.folder.rename(other / "plantvillage_apple")
    moved = datasets.fingerprint(APPLE, sources=Sources(data_root=other))
    (other / "plantvillage_apple").rename(pack.folder)
    assert moved == pack.fingerprint()


def test_the_fingerprint_changes_with_an_image_and_with_a_leaf(pack: Pack) -> None:
    before = pack.fingerprint()
    pack.members["Apple___healthy/3.jpg"] = jpeg(77)
    pack.write_archive()
    changed = pack.fingerprint()
    rows = apple_rows()
    rows[0] = (*rows[0][:2], "healthy:9")
    pack.write_manifest(rows)
    assert len({before, changed, pack.fingerprint()}) == 3


def test_a_pack_that_changes_on_disk_is_read_again(pack: Pack) -> None:
    before = pack.load()
    assert pack.load() is before
    pack.members["Apple___healthy/3.jpg"] = jpeg(77)
    pack.write_archive()
    assert not np.array_equal(pack.load().pixels, before.pixels)


FASHION = ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")


def fashion(root: Path, *, images: bytes, labels: bytes) -> Sources:
    folder = root / "fashion_mnist_t10k"
    folder.mkdir()
    for name, data in zip(FASHION, (images, labels), strict=True):
        (folder / name).write_bytes(gzip.compress(data))
    return Sources(data_root=root)


IMAGES = struct.pack(">IIII", 2051, 3, 28, 28) + bytes(range(256)) * 9 + bytes(48)
LABELS = struct.pack(">II", 2049, 3) + bytes([0, 9, 3])


def test_fashion_images_are_read_in_order(tmp_path: Path) -> None:
    sources = fashion(tmp_path, images=IMAGES, labels=LABELS)
    images = datasets.load("fashion-mnist", image_size=28, sources=sources)
    assert images.pixels.tobytes() == IMAGES[16:]
    assert [images.classes[index] for index in images.class_of] == [
        "t-shirt",
        "ankle boot",
        "dress",
    ]
    assert images.groups == images.images
    assert not images.grouped


@pytest.mark.parametrize(
    ("images", "labels", "text"),
    [
        (IMAGES[:-1], LABELS, "holds fewer than the 2352 bytes"),
        (IMAGES + b"\0", LABELS, "holds more than the 2352 bytes"),
        (IMAGES[:7], LABELS, "damaged or truncated (the header is cut off)"),
        (LABELS, LABELS, "damaged or truncated"),
        (
            struct.pack(">IIII", 2051, 3, 32, 28),
            LABELS,
            "is no idx file of items of shape (28, 28)",
        ),
        (struct.pack(">IIII", 2051, 2**31, 28, 28), LABELS, "is no idx file"),
        (IMAGES, struct.pack(">II", 2049, 2) + b"\0\1", "has 2 labels for 3 images"),
        (IMAGES, LABELS[:-1] + b"\x0a", "holds the label 10, above 9"),
    ],
)
def test_a_wrong_idx_file_is_refused(
    tmp_path: Path, images: bytes, labels: bytes, text: str
) -> None:
    sources = fashion(tmp_path, images=images, labels=labels)
    with pytest.raises(BnclaimsError) as caught:
        datasets.load("fashion-mnist", image_size=28, sources=sources)
    assert text in str(caught.value)
    assert "idx" in str(caught.value)


def test_a_file_that_unpacks_to_far_too_much_is_not_unpacked(tmp_path: Path) -> None:
    bomb = IMAGES + bytes(2**24)
    sources = fashion(tmp_path, images=bomb, labels=LABELS)
    tracemalloc.start()
    try:
        with pytest.raises(BnclaimsError, match="holds more than the 2352 bytes"):
            datasets.load("fashion-mnist", image_size=28, sources=sources)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_a_damaged_gzip_file_is_refused(tmp_path: Path) -> None:
    sources = fashion(tmp_path, images=IMAGES, labels=LABELS)
    path = tmp_path / "fashion_mnist_t10k" / FASHION[0]
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(BnclaimsError, match=f"{FASHION[0]}: damaged or truncated"):
        datasets.load("fashion-mnist", image_size=28, sources=sources)


def real(folder: str) -> Sources:
    if not (PACKS / folder).is_dir():
        pytest.skip(f"no {folder} under {PACKS}; set BNCLAIMS_DATA_ROOT")
    return Sources(data_root=PACKS)


# A pack's folder, and a task that takes much of its rarest classes too.
REAL = {
    "plantvillage-apple": ("plantvillage_apple", ("healthy",), (600, 10)),
    "plantvillage-pepper": ("plantvillage_pepper", ("healthy",), (600, 10)),
    "plantvillage-tomato": ("plantvillage_tomato", ("healthy",), (600, 10)),
    "ham10000": ("ham10000_small", ("nv", "bkl"), (1000, 200)),
}


@pytest.mark.parametrize("name", REAL)
def test_no_leaf_or_lesion_is_on_two_sides_of_a_real_split(name: str) -> None:
    folder, majority, (many, few) = REAL[name]
    sources = real(folder)
    images = datasets.load(name, image_size=32, sources=sources)
    here = datasets.whereabouts(DATASETS[name].info, sources).release
    assert here is not None
    counts = np.bincount(images.class_of).tolist()
    assert dict(zip(images.classes, counts, strict=True)) == here.counts
    assert len(set(images.groups)) == here.groups
    task = task_of(
        name,
        fingerprint=datasets.fingerprint(name, sources=sources),
        image_size=32,
        majority=(majority,),
        minority=(tuple(one for one in images.classes if one not in majority),),
        majority_images=many,
        minority_images=few,
        validation_majority_images=100,
        validation_minority_images=7,
        test_images=150,
    )
    datasets.check(task, sources=sources)
    for seed in range(6):
        drawing = datasets.draw(task, seed, sources=sources)
        train, test = set(drawing.train.groups), set(drawing.splits["test"].groups)
        validation = set(drawing.splits["validation"].groups)
        assert not (train & test or train & validation or validation & test)
        assert drawing.train_counts == (many, few)


@pytest.mark.parametrize("name", REAL)
def test_no_copy_of_a_real_training_image_is_tested_on(name: str) -> None:
    sources = real(REAL[name][0])
    images = datasets.load(name, image_size=32, sources=sources)
    groups: dict[bytes, set[str]] = {}
    for pixels, group in zip(images.pixels, images.groups, strict=True):
        groups.setdefault(pixels.tobytes(), set()).add(group)
    assert [found for found in groups.values() if len(found) > 1] == []


def test_the_real_fashion_images_are_all_there() -> None:
    images = datasets.load("fashion-mnist", image_size=28, sources=real("fashion_mnist_t10k"))
    assert np.bincount(images.class_of).tolist() == [1000] * 10
