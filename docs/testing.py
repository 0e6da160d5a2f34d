"""Fills the tables of docs/testing.md from a run of the tests: ``python docs/testing.py TIMES.xml``."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from markdown_tables import row  # noqa: E402

PAGE: Final = ROOT / "docs" / "testing.md"
FILES: Final = 20


def filled(page: str, junit: str) -> str:
    """The page with the tables of a run that pytest described as JUnit XML, set-up and end included."""
    suite = next(ElementTree.fromstring(junit).iter("testsuite"))
    seconds: dict[str, Counter[str]] = {"folder": Counter(), "file": Counter()}
    tests: Counter[str] = Counter()
    for case in suite.iter("testcase"):
        if not case.attrib["classname"]:
            # A module that skips as a whole.
            continue
        file = case.attrib["classname"].replace(".", "/") + ".py"
        folder = "/".join(file.split("/")[:2])
        seconds["folder"][folder] += float(case.attrib["time"])
        seconds["file"][file] += float(case.attrib["time"])
        tests[folder] += 1
    total = sum(seconds["folder"].values())
    folders = [
        row(f"`{folder}`", f"{tests[folder]:,}", f"{time:.0f}", f"{time / total:.0%}")
        for folder, time in seconds["folder"].most_common()
    ]
    files = [row(f"`{file}`", f"{time:.1f}") for file, time in seconds["file"].most_common(FILES)]
    tables = {
        "whole": [
            f"{suite.attrib['timestamp'][:10]}, two workers: {tests.total():,} tests, "
            f"{float(suite.attrib['time']):.0f} seconds, {total:.0f} of them added up over workers."
        ],
        "folders": [
            row("folder", "tests", "seconds", "share"),
            "| --- | --: | --: | --: |",
            *folders,
        ],
        "files": [row("file", "seconds"), "| --- | --: |", *files],
    }
    for name, lines in tables.items():
        text = "\n".join(lines)
        page, times = re.subn(
            rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)",
            lambda found, text=text: f"{found[1]}\n{text}\n{found[2]}",  # type: ignore[misc]
            page,
            flags=re.DOTALL,
        )
        assert times == 1, name
    return page


if __name__ == "__main__":
    junit = Path(sys.argv[1]).read_text(encoding="utf-8")
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), junit), encoding="utf-8")
