"""The walk through one's own images: what it quotes is what its commands print and what reports say."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bnclaims.protocol import own_ratio

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "own-images.md").read_text(encoding="utf-8")


def run(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_look_at_the_folder_is_what_the_command_prints(tmp_path: Path) -> None:
    if importlib.util.find_spec("elpv_dataset") is None:
        pytest.skip("needs pip install 'bnclaims[elpv]'")
    quoted = re.search(r"<!-- look -->\n```text\n(.*?)\n```", PAGE, re.DOTALL)
    assert quoted is not None
    run(tmp_path, str(ROOT / "examples" / "own_images" / "solar_cells.py"), "cells")
    assert (
        run(tmp_path, "-m", "bnclaims", "datasets", "--dataset", "folder:cells").rstrip()
        == quoted[1]
    )


def test_its_answers_are_those_of_the_committed_reports() -> None:
    spec = importlib.util.spec_from_file_location("own_images", ROOT / "docs" / "own_images.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.filled(PAGE) == PAGE


def test_numbers_in_its_sentences_are_those_of_the_code() -> None:
    needed = round(own_ratio.LEAST_TEST / own_ratio.TEST_SHARE)
    assert (
        f"needs {needed} images that a split can use: {own_ratio.LEAST_TEST} for the test" in PAGE
    )
    assert own_ratio.TEST_SHARE == 2 / 5 and round(1 / own_ratio.VALIDATION_SHARE) == 7
