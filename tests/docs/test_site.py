"""The site: every page is in its navigation, and it builds without a warning."""

from __future__ import annotations

import html.parser
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.parse
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


@pytest.mark.parametrize("page", PAGES)
def test_a_page_begins_by_saying_what_it_is_for(page: str) -> None:
    title, words = (ROOT / "docs" / page).read_text(encoding="utf-8").split("\n\n")[:2]
    assert re.fullmatch(r"# .+", title)
    # Neither a heading, nor a table, a list, code or a mark.
    assert re.match(r"[\w*`]", words) and not words.startswith("```"), words


def test_the_development_tools_bring_what_the_tests_of_the_site_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "bnclaims[docs]" in project["optional-dependencies"]["dev"]


class Names(html.parser.HTMLParser):
    """What a page links to and shows, and what can be linked to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.targets |= {value for key in ("href", "src") if (value := named.get(key))}
        self.anchors |= {value for key in ("id", "name") if (value := named.get(key))}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site, as the README says to build it."""
    pytest.importorskip("zensical", reason="the site generator is the optional extra docs")
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copy2(ROOT / "mkdocs.yml", folder)
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / ".bnclaims" / "site"


def test_the_site_has_every_page_and_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in PAGES:
        made = site / ("index.html" if page == "index.md" else f"{page[:-3]}/index.html")
        text = made.read_text(encoding="utf-8")
        assert not re.findall(
            r'<(?:script|link|img)[^>]+(?:src|href)="https?://(?!localhost)', text
        )


def test_everything_that_the_site_links_to_is_there(site: Path) -> None:
    pages = {
        path: Names(path.read_text(encoding="utf-8"))
        for path in site.rglob("*.html")
        # Its links are made for a site at the root of a server.
        if path.name != "404.html"
    }
    missing = []
    for page, names in pages.items():
        for target in names.targets:
            address = urllib.parse.urlsplit(target)
            if address.scheme or address.netloc:
                continue
            path = page
            if address.path:
                path = (page.parent / urllib.parse.unquote(address.path)).resolve()
                path = path / "index.html" if path.is_dir() else path
            anchor = urllib.parse.unquote(address.fragment)
            known = path.is_file() and (
                not anchor or path not in pages or anchor in pages[path].anchors
            )
            if not known:
                missing.append((page.relative_to(site).as_posix(), target))
    assert missing == []
