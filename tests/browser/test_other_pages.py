"""The index in a real browser, opened from a file as a reader would."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bnclaims.report.index.index import index_files
from fixtures.browser import barriers, overflow, requested, resize
from fixtures.committed import REPORTS

selenium = pytest.importorskip("selenium", reason="the browser tests need selenium")
from selenium import webdriver  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402

PAGES = ("index", "endless")


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The index of the committed reports, and that of a report with names without an end."""
    folder = tmp_path_factory.mktemp("pages")
    long = Path(shutil.copytree(REPORTS / "quick-digits", folder / "long" / "endless"))
    document = json.loads((long / "report.json").read_text("utf-8"))
    endless = "endless" * 40
    for claim in document["claims"]:
        claim |= {"sentence": endless}
        for cell in claim["cells"]:
            cell |= {"name": f"{cell['name']}{endless}", "verdict": "INVALID"}
    document["environment"][endless] = endless
    document["selection"]["dataset"] = endless
    (long / "report.json").write_text(json.dumps(document), "utf-8")
    page = folder / "endless.html"
    page.write_text(index_files(long.parent)["index.html"], "utf-8")
    # The one of the committed reports is there; that it is current is tested beside the index.
    return {"index": (REPORTS / "index.html").as_uri(), "endless": page.as_uri()}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_itself_only_and_without_complaint(
    chromium: webdriver.Chrome, addresses: dict[str, str], name: str
) -> None:
    chromium.get("about:blank")
    chromium.get_log("performance")
    chromium.get_log("browser")
    chromium.get(addresses[name])
    assert requested(chromium) == [addresses[name]]
    assert chromium.get_log("browser") == []


@pytest.mark.parametrize("width", [320, 390, 768, 1080, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_never_scrolls_sideways(
    chromium: webdriver.Chrome, addresses: dict[str, str], name: str, width: int
) -> None:
    resize(chromium, width)
    chromium.get(addresses[name])
    assert overflow(chromium) == 0
    assert chromium.execute_script("return document.documentElement.clientWidth") >= width - 20


@pytest.mark.parametrize("name", ("index",))
def test_nothing_keeps_a_reader_out(
    chromium: webdriver.Chrome, addresses: dict[str, str], name: str
) -> None:
    resize(chromium, 390)
    chromium.get(addresses[name])
    assert barriers(chromium) == []


@pytest.mark.parametrize("name", PAGES)
def test_the_look_is_that_of_the_report_page_in_both_themes(
    chromium: webdriver.Chrome, addresses: dict[str, str], name: str
) -> None:
    chromium.get(addresses[name])
    papers = []
    for theme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": theme}]
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        papers.append(
            chromium.execute_script("return getComputedStyle(document.body).backgroundColor")
        )
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert papers == ["rgb(252, 252, 250)", "rgb(21, 24, 27)"]


def test_filters_combine_and_without_a_script_all_is_there(
    chromium: webdriver.Chrome, addresses: dict[str, str]
) -> None:
    resize(chromium, 1280)
    chromium.get(addresses["index"])
    count = (
        "return [...document.querySelectorAll('#matrix td[data-verdict]')].filter(cell => "
        "cell.checkVisibility() && !cell.classList.contains('dim')).map(cell => cell.dataset.verdict)"
    )
    every = chromium.execute_script(count)
    assert len(every) > 100

    def choose(name: str, value: str) -> list[str]:
        chosen = Select(chromium.find_element(By.ID, f"filter-{name}"))
        chosen.select_by_visible_text(value)
        found: list[str] = chromium.execute_script(count)
        assert chromium.find_element(By.ID, "shown").text == f"{len(found)} verdicts shown"
        return found

    refuted = choose("verdict", "REFUTED")
    assert {*refuted} == {"REFUTED"} and len(refuted) == every.count("REFUTED")
    small = choose("scale", "small networks")
    assert 0 < len(small) < len(refuted)
    assert 0 < len(choose("dataset", "digits")) < len(small)
    heads = chromium.find_elements(By.CSS_SELECTOR, "#matrix thead th")
    assert [head.text.split()[0] for head in heads if head.is_displayed()] == [
        "Claim",
        "digits",
        "digits",
    ]
    chromium.find_element(By.ID, "filter-text").send_keys("sigmoid")
    assert chromium.execute_script(count) == ["REFUTED"]
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    chromium.get(addresses["index"])
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert not chromium.find_element(By.ID, "filters").is_displayed()
    assert len(chromium.execute_script(count)) == len(every)
