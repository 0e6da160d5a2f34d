"""Published datasets in the layouts of their releases, from a data root and from a server."""

from __future__ import annotations

import csv
import dataclasses
import gzip
import hashlib
import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bnclaims import datasets
from bnclaims.datasets import (
    Dataset,
    DatasetInfo,
    ImageSet,
    Sources,
    cifar10,
    fashion_mnist,
    ham10000,
    mnist,
    registry,
)
from bnclaims.datasets.files import idx as _idx
from bnclaims.datasets.files.releases import released
from bnclaims.errors import BnclaimsError
from fixtures.trials import task_of
from fixtures.web import Site, serving

Reader = Callable[..., ImageSet]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BNCLAIMS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as served:
        yield served


def jpeg(seed: int) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, format="JPEG")
    return file.getvalue()


def write(root: Path, files: Mapping[str, bytes]) -> Sources:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return Sources(data_root=root)


def served(
    dataset: Dataset, read: Reader, site: Site, files: Mapping[str, bytes], kind: str
) -> Dataset:
    """The dataset as if its official files were these, and its servers were the site."""
    site.files.update(files)
    complete, *others = dataset.info.releases
    downloads = tuple(
        dataclasses.replace(
            file,
            urls=(site.url(file.name),),
            size=len(files[file.name]),
            checksum=f"{kind}:{hashlib.new(kind, files[file.name]).hexdigest()}",
        )
        for file in complete.downloads
    )
    releases = (dataclasses.replace(complete, downloads=downloads), *others)
    return released(dataclasses.replace(dataset.info, releases=releases), read)


def refusal(info: DatasetInfo | str, sources: Sources, *, image_size: int = 8) -> str:
    name = info if isinstance(info, str) else info.name
    with pytest.raises(BnclaimsError) as caught:
        datasets.load(name, image_size=image_size, sources=sources)
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text
    return text


# --- the files of each release --------------------------------------------------------------------


def idx(images: int, *, seed: int) -> tuple[bytes, bytes]:
    pixels = np.random.default_rng(seed).integers(0, 256, (images, 28, 28), dtype=np.uint8)
    labels = bytes(index % 10 for index in range(images))
    return (
        gzip.compress(struct.pack(">IIII", 2051, images, 28, 28) + pixels.tobytes()),
        gzip.compress(struct.pack(">II", 2049, images) + labels),
    )


def idx_files(folder: str) -> dict[str, bytes]:
    train, test = idx(30, seed=1), idx(20, seed=2)
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    return {
        f"{folder}/{name}-ubyte.gz": data for name, data in zip(names, (*train, *test), strict=True)
    }


def batch(number: int, *, records: int = 20) -> bytes:
    noise = np.random.default_rng(number).integers(0, 256, (records, 3073), dtype=np.uint8)
    noise[:, 0] = np.arange(records) % 10
    return noise.tobytes()


def cifar_archive(members: Mapping[str, bytes]) -> dict[str, bytes]:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return {"cifar10/cifar-10-binary.tar.gz": file.getvalue()}


CIFAR = {name: batch(number) for number, name in enumerate(cifar10.BATCHES)} | {
    "batches.meta.txt": b"airplane\n",
    "readme.html": b"<p>",
}


def table(rows: list[tuple[str, str, str]]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([("lesion_id", "image_id", "dx"), *rows])
    return file.getvalue().encode()


HAM_ROWS = [
    (f"HAM_{number // 2}", f"ISIC_{number:07d}", ("nv", "mel")[number // 4 % 2])
    for number in range(16)
]


def zipped(members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def ham_files(rows: list[tuple[str, str, str]] = HAM_ROWS) -> dict[str, bytes]:
    images = {f"{name}.jpg": jpeg(index) for index, (_, name, _) in enumerate(HAM_ROWS)}
    half = [dict(list(images.items())[:8]), dict(list(images.items())[8:])]
    return {
        "ham10000/HAM10000_metadata.csv": table(rows),
        "ham10000/HAM10000_images_part_1.zip": zipped(half[0] | {".DS_Store": b"x"}),
        "ham10000/HAM10000_images_part_2.zip": zipped(half[1]),
    }


RELEASES = {
    "mnist": (mnist.DATASET, _idx.read_release, idx_files("mnist"), "sha256", 50),
    "fashion-mnist": (
        fashion_mnist.DATASET,
        _idx.read_release,
        idx_files("fashion_mnist"),
        "sha256",
        50,
    ),
    "cifar10": (cifar10.DATASET, cifar10._read, cifar_archive(CIFAR), "sha256", 120),
    "ham10000": (ham10000.DATASET, ham10000._read, ham_files(), "md5", 16),
}


@pytest.mark.parametrize("name", RELEASES)
def test_a_release_is_the_same_from_a_data_root_and_from_its_server(
    name: str, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, read, files, kind, count = RELEASES[name]
    offered = served(dataset, read, site, files, kind)
    monkeypatch.setattr(registry, "DATASETS", {name: offered})
    mine = write(tmp_path / "root", files)
    there = datasets.fingerprint(name, sources=mine)
    assert datasets.fingerprint(name, sources=Sources()) == there
    assert site.asked == []
    assert not datasets.whereabouts(offered.info, Sources()).here
    downloaded = datasets.load(name, image_size=8, sources=Sources())
    assert len(site.asked) == len(files)
    assert len(downloaded.images) == count
    registry._load.cache_clear()
    monkeypatch.setattr("bnclaims.datasets.files.image_cache.DECODER", 0)
    placed = datasets.load(name, image_size=8, sources=mine)
    assert len(site.asked) == len(files)
    assert np.array_equal(placed.pixels, downloaded.pixels)
    assert placed.images == downloaded.images and placed.groups == downloaded.groups
    assert datasets.whereabouts(offered.info, Sources()).words.startswith("complete, downloaded")
    assert datasets.whereabouts(offered.info, mine).words.startswith("complete, in")


@pytest.mark.parametrize("name", RELEASES)
def test_offline_a_release_must_be_there(name: str) -> None:
    text = refusal(name, Sources(offline=True))
    assert text.startswith("--offline: ") and datasets.info(name).releases[0].files[0] in text


@pytest.mark.parametrize("name", RELEASES)
def test_a_data_root_that_lacks_a_file_of_a_release_is_refused(name: str, tmp_path: Path) -> None:
    files = RELEASES[name][2]
    if len(files) == 1:
        pytest.skip("one file")
    *kept, lost = files
    sources = write(tmp_path / "root", {file: files[file] for file in kept})
    assert f"holds no {lost}, which {name} needs" in refusal(name, sources)


def test_the_complete_release_and_a_part_of_it_have_fingerprints_of_their_own(
    tmp_path: Path,
) -> None:
    whole = idx_files("fashion_mnist")
    part = {
        f"fashion_mnist_t10k/{name}": whole[f"fashion_mnist/{name}"]
        for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
    }
    small = write(tmp_path / "small", part)
    both = write(tmp_path / "both", part | whole)
    counts = [
        len(datasets.load("fashion-mnist", image_size=28, sources=sources).images)
        for sources in (small, both)
    ]
    assert counts == [20, 50]
    prints = {
        datasets.fingerprint("fashion-mnist", sources=sources)
        for sources in (small, both, Sources())
    }
    assert len(prints) == 3


# --- CIFAR-10 -------------------------------------------------------------------------------------


def test_cifar_images_have_their_channels_and_labels(tmp_path: Path) -> None:
    red = bytes([3]) + bytes([255]) * 1024 + bytes(2048)
    sources = write(tmp_path, cifar_archive({**CIFAR, "test_batch.bin": red}))
    images = datasets.load("cifar10", image_size=32, sources=sources)
    assert len(images.images) == 101
    assert images.pixels[100, 5, 7].tolist() == [255, 0, 0]
    assert images.classes[images.class_of[100]] == "cat"
    half = images.pixels[0].astype(float)
    again = np.frombuffer(batch(0)[1:3073], np.uint8).reshape(3, 32, 32)
    assert np.array_equal(half, np.moveaxis(again, 0, 2))


def test_copies_in_cifar_stay_together(tmp_path: Path) -> None:
    sources = write(tmp_path, cifar_archive({**CIFAR, "test_batch.bin": CIFAR["data_batch_1.bin"]}))
    groups = datasets.load("cifar10", image_size=8, sources=sources).groups
    assert groups[100:] == groups[:20] and len(set(groups)) == 100


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"data_batch_1": b"x", "test_batch": b"x"}, "use the binary version"),
        ({**CIFAR, "test_batch.bin": batch(5)[:-1]}, "is no file of records of 3073 bytes"),
        ({**CIFAR, "test_batch.bin": b""}, "is no file of records"),
        ({**CIFAR, "test_batch.bin": bytes([10]) + bytes(3072)}, "holds the label 10, above 9"),
        ({**CIFAR, "../../x": b"x"}, "leads out of the archive's folder"),
        ({**CIFAR, **{f"{n}.txt": b"" for n in range(40)}}, "more than 32 members"),
        ({**CIFAR, "bomb.bin": bytes(2**26 + 1)}, "more than the 67108864 allowed"),
    ],
    ids=["pickles", "cut", "empty", "label", "escape", "many", "bomb"],
)
def test_a_wrong_cifar_archive_is_refused(
    members: dict[str, bytes], words: str, tmp_path: Path
) -> None:
    sources = write(tmp_path, cifar_archive(members))
    text = refusal("cifar10", sources)
    assert words in text and "cifar-10-binary.tar.gz" in text


def test_a_cut_cifar_archive_is_refused(tmp_path: Path) -> None:
    ((name, data),) = cifar_archive(CIFAR).items()
    for kept in (0, 9, len(data) // 2, len(data) - 20):
        sources = write(tmp_path / str(kept), {name: data[:kept]})
        assert "fetch the archive again" in refusal("cifar10", sources)


def test_images_that_would_not_fit_into_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bnclaims.datasets.dataset.MAX_BYTES", 120 * 3 * 64**2)
    sources = write(tmp_path, cifar_archive(CIFAR))
    assert datasets.load("cifar10", image_size=64, sources=sources).pixels.shape[1] == 64
    text = refusal("cifar10", sources, image_size=65)
    assert "image_size 65: the 120 images of cifar10 would take 1.52 MB; choose 64 pixels" in text


# --- HAM10000 -------------------------------------------------------------------------------------


def test_ham_is_split_by_lesion(tmp_path: Path) -> None:
    sources = write(tmp_path, ham_files())
    images = datasets.load("ham10000", image_size=8, sources=sources)
    assert images.images[0] == "nv/ISIC_0000000.jpg"
    assert images.groups == tuple(lesion for lesion, _, _ in HAM_ROWS)
    assert np.bincount(images.class_of, minlength=7).tolist() == [8, 8, 0, 0, 0, 0, 0]


def test_ham_in_another_folder_of_the_archive_is_found(tmp_path: Path) -> None:
    files = ham_files()
    images = {f"part 2/{row[1]}.jpg": jpeg(n) for n, row in enumerate(HAM_ROWS) if n >= 8}
    files["ham10000/HAM10000_images_part_2.zip"] = zipped(images)
    assert len(datasets.load("ham10000", image_size=8, sources=write(tmp_path, files)).images) == 16


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([*HAM_ROWS, ("HAM_9", "ISIC_9", "nv")], "lack ISIC_9.jpg and 0 more"),
        ([*HAM_ROWS, HAM_ROWS[0]], "lists 'ISIC_0000000' again"),
        ([("", "ISIC_9", "nv")], "line 2 is no image with its lesion"),
        ([("HAM_9", "ISIC_9", "scar")], "has the class 'scar'"),
        ([], "lists no images"),
    ],
)
def test_a_wrong_table_of_ham_is_refused(
    rows: list[tuple[str, str, str]], words: str, tmp_path: Path
) -> None:
    assert words in refusal("ham10000", write(tmp_path, ham_files(rows)))


def test_the_table_of_ham_in_its_other_form_is_refused_with_the_right_one(tmp_path: Path) -> None:
    files = ham_files()
    name = "ham10000/HAM10000_metadata.csv"
    files[name] = files[name].replace(b",", b"\t")
    assert "4338392?format=original" in refusal("ham10000", write(tmp_path, files))


def test_a_zip_whose_member_is_larger_than_it_says_is_refused(tmp_path: Path) -> None:
    files = ham_files()
    name = "ham10000/HAM10000_images_part_2.zip"
    bomb = bytearray(zipped({f"{HAM_ROWS[9][1]}.jpg": bytes(2**24)}))
    for signature, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = bomb.index(signature) + place
        bomb[start : start + 4] = struct.pack("<I", 1000)
    text = refusal("ham10000", write(tmp_path / "lies", files | {name: bytes(bomb)}))
    assert "ISIC_0000009.jpg" in text
    large = zipped({f"{HAM_ROWS[9][1]}.jpg": bytes(2**26 + 1)})
    text = refusal("ham10000", write(tmp_path / "large", files | {name: large}))
    assert "more than the 67108864 allowed" in text


def test_a_cut_or_repeated_archive_of_ham_is_refused(tmp_path: Path) -> None:
    files = ham_files()
    first, second = (f"ham10000/HAM10000_images_part_{number}.zip" for number in (1, 2))
    cut = files | {second: files[second][:-40]}
    assert "damaged or truncated" in refusal("ham10000", write(tmp_path / "cut", cut))
    twice = files | {second: files[first]}
    assert "a second time" in refusal("ham10000", write(tmp_path / "twice", twice))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(["cifar10", "ham10000", "mnist"]))
def test_spoiled_archives_are_read_or_refused_and_nothing_else(
    data: st.DataObject, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = dict(RELEASES[name][2])
    victim = data.draw(st.sampled_from(sorted(files)))
    spoiled = bytearray(files[victim])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(spoiled) - 1))
        spoiled[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
    sources = write(tmp_path_factory.mktemp("spoiled"), files | {victim: bytes(spoiled)})
    try:
        assert datasets.load(name, image_size=8, sources=sources).pixels.shape[1:3] == (8, 8)
    except BnclaimsError as error:
        assert str(sources.data_root) in str(error)


# --- PlantVillage, as its authors keep it ---------------------------------------------------------


CLONE = "PlantVillage-Dataset"
TOMATO = "plantvillage-tomato"


def clone(photos: Mapping[str, str], leaves: object) -> dict[str, bytes]:
    """The files of a clone; ``photos`` maps names behind "Apple___" to names of the camera."""
    files = {
        f"{CLONE}/raw/color/{folder}/{index:04d}-id___{name}.JPG": jpeg(index)
        for index, (name, folder) in enumerate(photos.items())
    }
    return files | {f"{CLONE}/leaf-map.json": json.dumps(leaves).encode()}


APPLE = {
    "RS_HL 0001": "Apple___healthy",
    "RS_HL 0002": "Apple___healthy",
    "RS_HL 0003": "Apple___healthy",
    "RS_HL 0200": "Apple___healthy",
    "RS_HL 0201": "Apple___healthy",
    "RS_HL 0300 copy": "Apple___healthy",
    "Screen Shot": "Apple___healthy",
    "Other Shot": "Apple___healthy",
    "RS_HL 0700": "Apple___healthy",
    "FREC_Scab 0001": "Apple___Apple_scab",
    "JR_FrgE.S 2891": "Apple___Black_rot",
    "JR_FrgE.S 2892": "Apple___Black_rot",
    "JR_FrgE.S 2895": "Apple___Black_rot",
    "FREC_C.Rust 0001": "Apple___Cedar_apple_rust",
}
LEAVES = {
    # Another plant's photo has the same name.
    "rs_hl 0001": ["Soybean___healthy:::7.0", "Apple___healthy:::1.0"],
    "rs_hl 0002": ["Apple___healthy:::1.0"],
    "rs_hl 0003": ["Apple___healthy:::2.0"],
    "rs_hl 0200": ["Soybean___healthy:::8.0"],
    "rs_hl 0201": ["Soybean___healthy:::9.0"],
    "rs_hl 0300 copy": ["Apple___healthy:::3.0"],
    "frec_scab 0001": ["Apple___Apple_scab:::1.0"],
    "jr_frge.s 2891": ["Apple_Frogeye Spot:::13.0"],
    "jr_frge.s 2892": ["Apple_Frogeye Spot:::13.0"],
    "jr_frge.s 2895": ["Apple_Frogeye Spot:::14.0"],
    "frec_c.rust 0001": ["Apple___Cedar_apple_rust:::1.0"],
}


def groups_of(photos: Mapping[str, str], leaves: object, root: Path, name: str) -> dict[str, str]:
    images = datasets.load(name, image_size=8, sources=write(root, clone(photos, leaves)))
    assert images.grouped
    return {
        image.partition("___")[2].rpartition("___")[2].removesuffix(".JPG"): group
        for image, group in zip(images.images, images.groups, strict=True)
    }


def test_photos_of_one_leaf_of_the_map_stay_together(tmp_path: Path) -> None:
    groups = groups_of(APPLE, LEAVES, tmp_path, "plantvillage-apple")
    assert groups["RS_HL 0001"] == groups["RS_HL 0002"] != groups["RS_HL 0003"]
    assert groups["JR_FrgE.S 2891"] == groups["JR_FrgE.S 2892"] != groups["JR_FrgE.S 2895"]
    # What the map lacks goes with its neighbours in the series, never by another plant's leaves.
    assert groups["RS_HL 0200"] == groups["RS_HL 0201"]
    assert groups["Screen Shot"] == groups["Other Shot"]
    assert len(set(groups.values())) == 10


def test_a_photo_without_a_leaf_joins_the_leaves_around_it(tmp_path: Path) -> None:
    lost = {key: leaf for key, leaf in LEAVES.items() if key != "rs_hl 0002"}
    groups = groups_of(APPLE, lost, tmp_path, "plantvillage-apple")
    assert groups["RS_HL 0001"] == groups["RS_HL 0002"] == groups["RS_HL 0003"]


def test_names_that_say_the_leaf_count_beside_the_map(tmp_path: Path) -> None:
    photos = {
        "GH_HL Leaf 259": "Tomato___healthy",
        "GH_HL Leaf 259.1": "Tomato___healthy",
        "GH_HL Leaf 260": "Tomato___healthy",
        "UF.GRC_BS_Lab Leaf 9284": "Tomato___Bacterial_spot",
        "UF.GRC_BS_Lab Leaf 9285": "Tomato___Bacterial_spot",
        "GHLB_PS Leaf 23.1 Day 13": "Tomato___Late_blight",
        "GHLB_PS Leaf 23.7 Day 16": "Tomato___Late_blight",
        **{
            f"X 000{number}": f"Tomato___{name}"
            for number, name in enumerate(datasets.info(TOMATO).classes)
            if name not in ("healthy", "Bacterial_spot", "Late_blight")
        },
    }
    leaves = {
        "gh_hl leaf 259": ["Tomato___healthy:::1.0"],
        "gh_hl leaf 259.1": ["Tomato___healthy:::2.0"],
    }
    groups = groups_of(photos, leaves, tmp_path, TOMATO)
    assert groups["GH_HL Leaf 259"] == groups["GH_HL Leaf 259.1"] != groups["GH_HL Leaf 260"]
    assert groups["UF.GRC_BS_Lab Leaf 9284"] == groups["UF.GRC_BS_Lab Leaf 9285"]
    assert groups["GHLB_PS Leaf 23.1 Day 13"] == groups["GHLB_PS Leaf 23.7 Day 16"]


def test_a_clone_goes_before_a_pack_and_pepper_is_found_in_it(tmp_path: Path) -> None:
    photos = {"JR_HL 0001": "Pepper,_bell___healthy", "NREC 2": "Pepper,_bell___Bacterial_spot"}
    sources = write(tmp_path, clone(photos, {}) | {"plantvillage_pepper/manifest.csv": b""})
    images = datasets.load("plantvillage-pepper", image_size=8, sources=sources)
    assert images.classes == ("healthy", "Bacterial_spot")
    assert sorted(images.class_of.tolist()) == [0, 1]


def test_the_fingerprint_of_a_clone_follows_its_photos_and_its_map(tmp_path: Path) -> None:
    def fingerprint(files: Mapping[str, bytes], place: str) -> str:
        sources = write(tmp_path / place, files)
        return datasets.fingerprint("plantvillage-apple", sources=sources)

    files = clone(APPLE, LEAVES)
    photo = next(iter(files))
    seen = {
        fingerprint(files, "one"),
        fingerprint(files | {photo: jpeg(99)}, "two"),
        fingerprint(files | {f"{CLONE}/leaf-map.json": b"{}"}, "three"),
        fingerprint({**files, photo.replace("0000", "0009"): files[photo]}, "four"),
    }
    assert len(seen) == 4
    soybeans = {f"{CLONE}/raw/color/Soybean___healthy/a___x 1.JPG": jpeg(1)}
    assert fingerprint(files | soybeans, "five") in seen


@pytest.mark.parametrize(
    "files",
    [
        {"Plant_leave_diseases_dataset_without_augmentation/Apple___healthy/image (1).JPG": b""},
        {"Plant_leaf_diseases_dataset_without_augmentation.zip": b""},
        {
            f"{CLONE}/raw/color/Apple___healthy/image (1).JPG": b"",
            f"{CLONE}/leaf-map.json": b"{}",
        },
    ],
)
def test_the_renumbered_plantvillage_is_not_leaf_safe(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    text = refusal("plantvillage-apple", write(tmp_path, files))
    assert "have no leaf ids" in text and "github.com/spMohanty/PlantVillage-Dataset" in text


@pytest.mark.parametrize("leaves", [[], {"a": "b"}, {"a": [1]}, None])
def test_a_wrong_map_of_leaves_is_refused(leaves: object, tmp_path: Path) -> None:
    sources = write(tmp_path, clone(APPLE, leaves))
    assert "is no map of photos to lists of leaves" in refusal("plantvillage-apple", sources)


def test_an_incomplete_clone_is_refused(tmp_path: Path) -> None:
    files = clone(APPLE, LEAVES)
    del files[f"{CLONE}/leaf-map.json"]
    assert f"holds no {CLONE}/leaf-map.json" in refusal(
        "plantvillage-apple", write(tmp_path / "map", files)
    )
    some = {name: folder for name, folder in APPLE.items() if "rust" not in folder}
    sources = write(tmp_path / "class", clone(some, LEAVES))
    assert "has no photos of Apple___Cedar_apple_rust" in refusal("plantvillage-apple", sources)
    assert "clone github.com/spMohanty/PlantVillage-Dataset" in refusal(TOMATO, sources)


def test_no_leaf_of_a_clone_is_on_two_sides(tmp_path: Path) -> None:
    photos, leaves = {}, {}
    for folder in ("healthy", "Apple_scab", "Black_rot", "Cedar_apple_rust"):
        for number in range(40):
            photos[f"{folder[:2]} {number:04d}"] = f"Apple___{folder}"
            if number % 7:
                key = f"{folder[:2]} {number:04d}".lower()
                leaves[key] = [f"Apple___{folder}:::{number // 4}.0"]
    sources = write(tmp_path, clone(photos, leaves))
    name = "plantvillage-apple"
    task = task_of(
        name,
        fingerprint=datasets.fingerprint(name, sources=sources),
        image_size=8,
        majority=(("healthy",),),
        minority=(("Apple_scab", "Black_rot"),),
        majority_images=4,
        minority_images=2,
        validation_majority_images=1,
        validation_minority_images=1,
        test_images=3,
    )
    for seed in range(30):
        drawing = datasets.draw(task, seed, sources=sources)
        sides = [set(drawing.train.groups), *(set(s.groups) for s in drawing.splits.values())]
        assert sum(map(len, sides)) == len(set.union(*sides))
