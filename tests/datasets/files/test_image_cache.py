"""The cache of decoded images: only saves time, and never gives other images."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bnclaims import datasets
from bnclaims.datasets import Sources, registry
from bnclaims.errors import BnclaimsError
from fixtures.disks import mounted, remounted


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BNCLAIMS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0)
    for name in ("a/1.png", "a/2.png", "b/é 3.png"):
        (tmp_path / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = noise.integers(0, 255, (9, 9, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "own" / name)
    (tmp_path / "own" / "groups.csv").write_text("file,group\na/1.png,g\nb/é 3.png,g\n", "utf-8")
    return tmp_path / "own"


def load(root: Path, *, image_size: int = 8, name: str = "own") -> datasets.ImageSet:
    registry._load.cache_clear()
    return datasets.load(f"folder:{name}", image_size=image_size, sources=Sources(folder=root))


def same(one: datasets.ImageSet, other: datasets.ImageSet) -> bool:
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name))
        for field in dataclasses.fields(one)
    )


def decodings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the images that are decoded from now on."""
    seen: list[str] = []
    from bnclaims.datasets import folder

    real = folder.decode

    def noted(data: bytes, *, image_size: int, name: str) -> datasets.ImageSet:
        seen.append(name)
        return real(data, image_size=image_size, name=name)

    monkeypatch.setattr(folder, "decode", noted)
    return seen


def test_images_are_decoded_once(cache: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = decodings(monkeypatch)
    first = load(root)
    assert len(seen) == 3
    assert same(load(root), first)
    assert len(seen) == 3
    load(root, image_size=9)
    assert len(seen) == 6


def test_what_is_mapped_is_what_is_decoded_without_a_cache(
    cache: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(root)
    mapped = load(root)
    monkeypatch.setenv("BNCLAIMS_CACHE", str(root / "a" / "1.png"))
    plain = load(root)
    assert same(mapped, plain)
    assert mapped.groups == ("g", "a/2.png", "g")
    assert isinstance(mapped.pixels.base, np.memmap) or mapped.pixels.base is not None
    assert plain.pixels.base is None
    assert not mapped.pixels.flags.writeable and not plain.pixels.flags.writeable


def test_a_changed_image_and_another_decoder_are_decoded_again(
    cache: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(root)
    seen = decodings(monkeypatch)
    Image.new("RGB", (9, 9), "red").save(root / "a" / "1.png")
    assert load(root).pixels[0, 0, 0].tolist() == [255, 0, 0]
    assert len(seen) == 3
    monkeypatch.setattr("bnclaims.datasets.files.image_cache.DECODER", 0)
    load(root)
    assert len(seen) == 6
    monkeypatch.setattr(
        "bnclaims.datasets.files.image_cache.version", lambda name: "another Pillow"
    )
    load(root)
    assert len(seen) == 9


@pytest.mark.parametrize("file", ["pixels.npy", "images.json"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "flipped", "another"])
def test_a_damaged_cache_is_made_again(
    cache: Path, root: Path, monkeypatch: pytest.MonkeyPatch, file: str, damage: str
) -> None:
    sound = load(root)
    (path,) = (cache / "decoded").rglob(file)
    data = path.read_bytes()
    spoiled = {
        "empty": b"",
        "cut": data[:-7],
        "flipped": data[:-7] + bytes([data[-7] ^ 1]) + data[-6:],
        "another": b"x" * 64 + b"{}",
    }
    # Sound images stay mapped from a file that is replaced, not changed.
    path.unlink()
    if damage in spoiled:
        path.write_bytes(spoiled[damage])
    seen = decodings(monkeypatch)
    assert same(load(root), sound)
    assert len(seen) == 3
    assert same(load(root), sound)
    assert len(seen) == 3


def test_no_leftovers_stay(cache: Path, root: Path) -> None:
    (root / "a" / "3.png").write_bytes(b"no image")
    with pytest.raises(BnclaimsError, match="cannot be decoded"):
        load(root)
    assert not list((cache / "decoded").iterdir())
    (root / "a" / "3.png").unlink()
    load(root)
    files = sorted(path.name for path in cache.rglob("*") if path.is_file())
    assert files == ["images.json", "pixels.npy"]


def test_processes_at_once_decode_once(cache: Path, root: Path, tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from bnclaims import datasets\n"
        "from bnclaims.datasets import folder\n"
        "real = folder.decode\n"
        "def noted(data, **more):\n"
        "    time.sleep(0.05); print('decoded', flush=True); return real(data, **more)\n"
        "folder.decode = noted\n"
        "s = datasets.Sources(folder=Path(sys.argv[1]))\n"
        "print(datasets.load('folder:own', image_size=8, sources=s).pixels.sum())\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(root)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    outputs = [process.communicate(timeout=60)[0].split() for process in processes]
    assert sum(output.count("decoded") for output in outputs) == 3
    assert {output[-1] for output in outputs} == {str(load(root).pixels.sum())}


def test_the_name_of_a_folder_does_not_lead_out_of_the_cache(cache: Path, root: Path) -> None:
    for name in ("..", "../../x", "a b\n", "é" * 300):
        load(root, name=name)
    outside = {path.name for path in cache.parent.iterdir()} - {"cache", "own"}
    assert not outside
    assert {path.name for path in cache.iterdir()} == {"decoded"}
    assert len({path.name for path in (cache / "decoded").iterdir()}) == 4


@pytest.fixture
def disk(cache: Path) -> Iterator[Path]:
    mounted(cache, "100k")
    yield cache
    registry._load.cache_clear()
    # Arrays of this test may still be mapped from it.
    subprocess.run(["umount", "--lazy", str(cache)], check=True)


def test_a_full_or_read_only_cache_costs_nothing_but_time(
    disk: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (disk / "filler").write_bytes(bytes(90_000))
    sound = load(root, image_size=128)
    assert not list(disk.rglob("*.npy"))
    (disk / "filler").unlink()
    remounted(disk, "ro")
    assert same(load(root, image_size=128), sound)
    remounted(disk, "rw,size=1m")
    assert same(load(root, image_size=128), sound)
    assert len(list(disk.rglob("*.npy"))) == 1


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_decoded_images_are_for_the_user_alone(cache: Path, root: Path) -> None:
    load(root)
    (folder,) = (cache / "decoded").iterdir()
    assert folder.stat().st_mode & 0o077 == 0
