"""The site: every page is in its navigation, and it builds without a warning."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
PAGES = sorted(path.name for path in (ROOT / "docs").glob("*.md"))


NAVIGATION = re.findall(r": ([\w-]+\.md)$", CONFIG, re.MULTILINE)


def test_the_navigation_has_every_page_once() -> None:
    assert len(set(NAVIGATION)) == len(NAVIGATION)
    assert set(PAGES) <= set(NAVIGATION)


def test_the_navigation_leads_to_pages_that_are_there() -> None:
    assert set(NAVIGATION) <= set(PAGES)


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("zensical", reason="the site generator is the optional extra docs")
    for name in ("docs", "mkdocs.yml"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        else:
            shutil.copy2(source, tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    site = tmp_path / ".bnclaims" / "site"
    for page in PAGES:
        made = site / ("index.html" if page == "index.md" else f"{page[:-3]}/index.html")
        text = made.read_text(encoding="utf-8")
        assert not re.findall(
            r'<(?:script|link|img)[^>]+(?:src|href)="https?://(?!localhost)', text
        )
