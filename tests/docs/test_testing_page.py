"""The map of the tests: its tables are those of a run, and every folder of tests is in them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
RUN = """<testsuites><testsuite time="61.4" timestamp="2026-11-28T08:00:00">
<testcase classname="tests.stats.test_peak" name="a" time="1.5"/>
<testcase classname="tests.stats.test_peak" name="b" time="2"/>
<testcase classname="tests.plugin.terminal.test_sentences" name="c" time="100"/>
<testcase classname="" name="tests.plugin.test_ray" time="0"/>
</testsuite></testsuites>"""


def test_tables_add_up_what_a_run_says_of_its_tests() -> None:
    spec = importlib.util.spec_from_file_location("testing_page", ROOT / "docs" / "testing.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lines = module.filled(PAGE, RUN).splitlines()
    assert (
        "2026-11-28, two workers: 3 tests, 61 seconds, 104 of them added up over workers." in lines
    )
    place = lines.index("| `tests/plugin` | 1 | 100 | 97% |")
    assert lines[place + 1] == "| `tests/stats` | 2 | 4 | 3% |"
    assert "| `tests/stats/test_peak.py` | 3.5 |" in lines


def test_every_folder_of_tests_is_on_the_map() -> None:
    for folder in (ROOT / "tests").iterdir():
        if [*folder.rglob("test_*.py")]:
            assert f"| `tests/{folder.name}` |" in PAGE
