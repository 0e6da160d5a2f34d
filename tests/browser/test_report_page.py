"""The report page in a real browser, opened from a file as a reader would."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.browser import barriers, overflow, requested, resize
from fixtures.committed import AUDITS, REPORTS
from fixtures.sample_report import page_of, sample_document, sample_trials

selenium = pytest.importorskip("selenium", reason="the browser tests need selenium")
from selenium import webdriver  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support import expected_conditions as expected  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402
from selenium.webdriver.support.wait import WebDriverWait  # noqa: E402

SCREEN = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("report") / "index.html"
    page = page_of(sample_document(), sample_trials())
    file.write_text(page, "utf-8")
    return file.as_uri()


@pytest.fixture
def page(chromium: webdriver.Chrome, address: str) -> webdriver.Chrome:
    resize(chromium, 1280)
    chromium.get_log("performance")
    chromium.get_log("browser")
    chromium.get(address)
    return chromium


def shown(driver: webdriver.Chrome) -> list[str]:
    heads = driver.find_elements(By.CSS_SELECTOR, "#overview > tbody > tr > th")
    return [head.text for head in heads if head.is_displayed()]


def test_the_page_loads_itself_only_and_without_complaint(
    page: webdriver.Chrome, address: str
) -> None:
    assert requested(page) == [address]
    assert page.get_log("browser") == []


def test_the_policy_stops_scripts_and_images_that_are_not_the_page_s(
    page: webdriver.Chrome,
) -> None:
    page.execute_script(
        "const s = document.createElement('script'); s.textContent = 'window.intruded = true';"
        "document.body.append(s);"
        "const i = new Image(); i.src = 'http://127.0.0.1:9/x.png'; document.body.append(i);"
    )
    assert page.execute_script("return window.intruded") is None
    refusals = [entry["message"] for entry in page.get_log("browser")]
    assert sum("Content Security Policy" in message for message in refusals) >= 2


def test_a_click_sorts_by_a_number_and_a_second_click_turns_the_order(
    page: webdriver.Chrome,
) -> None:
    head = page.find_element(By.XPATH, "//*[@id='overview']/thead//th[contains(., 'p against')]")
    value = (
        "return [...document.querySelectorAll('#overview > tbody > tr')]"
        ".map(row => Number(row.cells[8].dataset.sort))"
    )
    before = page.execute_script(value)
    assert before != sorted(before)
    head.find_element(By.TAG_NAME, "button").click()
    assert page.execute_script(value) == sorted(before)
    assert head.get_attribute("aria-sort") == "ascending"
    head.find_element(By.TAG_NAME, "button").click()
    assert page.execute_script(value) == sorted(before, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"


def test_words_sort_by_the_alphabet(page: webdriver.Chrome) -> None:
    head = page.find_element(By.XPATH, "//*[@id='overview']/thead//th[contains(., 'Verdict')]")
    head.find_element(By.TAG_NAME, "button").click()
    badges = page.find_elements(By.CSS_SELECTOR, "#overview .badge")
    words = [badge.text for badge in badges]
    assert words == sorted(words)


def test_filters_combine_and_say_how_much_is_left(page: webdriver.Chrome) -> None:
    everything = shown(page)
    Select(page.find_element(By.ID, "filter-verdict")).select_by_visible_text("REFUTED")
    assert shown(page) == ["(v)", "(vi)", "uncertainty"]
    page.find_element(By.ID, "filter-text").send_keys("SIGMOID")
    assert shown(page) == ["(vi)"]
    assert page.find_element(By.ID, "shown").text == f"1 of {len(everything)} claims shown"


def test_the_claims_of_the_paper_can_be_shown_alone(page: webdriver.Chrome) -> None:
    groups = Select(page.find_element(By.ID, "filter-group"))
    groups.select_by_index(1)
    family = ["premise", "(i)", "(ii)", "(iii)", "(iv)", "(v)", "(vi)", "uncertainty"]
    assert shown(page) == family
    verdicts = Select(page.find_element(By.ID, "filter-verdict"))
    verdicts.select_by_visible_text("REFUTED")
    assert shown(page) == ["(v)", "(vi)", "uncertainty"]
    verdicts.select_by_visible_text("INVALID")
    assert shown(page) == []
    groups.select_by_index(0)
    assert shown(page) == ["alt threshold"]


def test_the_contents_stay_in_sight_and_lead_to_each_claim(page: webdriver.Chrome) -> None:
    page.execute_script("scrollTo(0, document.body.scrollHeight / 2)")
    links = page.find_elements(By.CSS_SELECTOR, "nav a.to")
    assert [link.text for link in links][:3] == ["premise", "(i)", "(ii)"]
    assert links[0].rect["y"] == pytest.approx(page.execute_script("return scrollY"), abs=40)
    links[5].click()
    title = "document.querySelector(':target h4')"
    assert page.execute_script(f"return {title}.textContent").startswith("Claim (v)")
    top = page.execute_script(f"return {title}.getBoundingClientRect().top")
    bottom = page.execute_script(
        "return document.querySelector('nav').getBoundingClientRect().bottom"
    )
    assert bottom <= top < 400, "the bar must not cover what it leads to"


def test_all_but_the_verdicts_is_folded_and_a_phone_folds_the_parts_of_a_claim_too(
    chromium: webdriver.Chrome, address: str
) -> None:
    shown = "return [...document.querySelectorAll('{}')].filter(e => e.checkVisibility()).length"
    articles, parts = shown.format(".claim dl.read"), shown.format(".part table")
    for width, of_parts in ((1280, True), (390, False)):
        resize(chromium, width)
        chromium.get(address)
        assert chromium.execute_script(articles) == 0
        chromium.find_element(By.CSS_SELECTOR, ".claim > .fold > summary").click()
        assert chromium.execute_script(articles) == 1
        assert bool(chromium.execute_script(parts)) == of_parts


def test_a_link_unfolds_what_it_leads_to(page: webdriver.Chrome) -> None:
    for link, inside in (("Why, and other settings", ".advice"), ("(iii)", "#claim-3 .read")):
        page.find_element(By.LINK_TEXT, link).click()
        unfolded = (By.CSS_SELECTOR, inside)
        WebDriverWait(page, 5).until(expected.visibility_of_element_located(unfolded))
    page.refresh()
    assert page.find_element(By.CSS_SELECTOR, "#claim-3 .read").is_displayed()


@pytest.mark.parametrize("name", AUDITS)
def test_what_decides_fits_three_screens(chromium: webdriver.Chrome, name: str) -> None:
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", SCREEN)
    chromium.get((REPORTS / name / "index.html").as_uri())
    ends = "return document.querySelector('#overview').getBoundingClientRect().bottom + scrollY"
    assert chromium.execute_script(ends) <= 3 * SCREEN["height"]
    whole = "return document.documentElement.scrollHeight"
    assert chromium.execute_script(whole) <= 6 * SCREEN["height"]


@pytest.mark.parametrize("name", AUDITS)
def test_a_page_takes_less_than_a_megabyte(name: str) -> None:
    assert (REPORTS / name / "index.html").stat().st_size < 1_000_000


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_keeps_a_reader_out(page: webdriver.Chrome, width: int) -> None:
    resize(page, width)
    page.refresh()
    assert barriers(page) == []


def test_a_tab_first_reaches_the_link_that_skips_to_the_verdicts(page: webdriver.Chrome) -> None:
    page.switch_to.active_element.send_keys("\ue004")
    focused = page.switch_to.active_element
    assert focused.get_attribute("class") == "skip"
    assert focused.rect["x"] >= 0


@pytest.mark.parametrize("width", [320, 390, 768, 1000, 1080, 1280])
def test_the_page_never_scrolls_sideways(page: webdriver.Chrome, width: int) -> None:
    resize(page, width)
    assert overflow(page) == 0
    assert page.execute_script("return document.documentElement.clientWidth") >= width - 20


@pytest.fixture(scope="module")
def endless_names(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page whose names have no space."""
    document = sample_document()
    endless = "endless" * 40
    for claim in document["claims"]:
        claim |= {"title": endless, "sentence": endless, "reading": endless, "reason": endless}
        for number, cell in enumerate(claim["cells"]):
            cell |= {"name": f"{endless}{number}", "why": endless, "setting": endless}
            for part in [cell["finding"] or {}, *(cell["finding"] or {}).get("parts", [])]:
                part["label"] = endless
    document["environment"][endless] = endless
    document["selection"]["dataset"] = f"folder:{endless}"
    document["files"][endless] = endless
    file = tmp_path_factory.mktemp("endless") / "index.html"
    page = page_of(document, sample_trials())
    file.write_text(page, "utf-8")
    return file.as_uri()


@pytest.mark.parametrize("width", [390, 1280])
def test_names_without_a_space_do_not_widen_the_page(
    chromium: webdriver.Chrome, endless_names: str, width: int
) -> None:
    resize(chromium, width)
    chromium.get(endless_names)
    assert overflow(chromium) == 0


def test_figures_stay_inside_their_column_on_a_phone(page: webdriver.Chrome) -> None:
    resize(page, 390)
    figures: list[Any] = page.find_elements(By.CSS_SELECTOR, "figure > svg")
    assert figures
    assert all(figure.rect["x"] >= 0 for figure in figures)
    assert all(figure.rect["x"] + figure.rect["width"] <= 390 for figure in figures)


def test_text_in_figures_follows_a_dark_theme(page: webdriver.Chrome) -> None:
    colour = "return getComputedStyle(document.querySelector('figure svg text')).fill"
    colours = []
    for theme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": theme}]
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        colours.append(page.execute_script(colour))
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert colours == ["rgb(28, 32, 36)", "rgb(229, 231, 233)"]


def test_printing_unfolds_the_cells_and_folds_them_again(page: webdriver.Chrome) -> None:
    page.execute_script("document.querySelector('details.part').open = false")
    folds = "details"
    opened = f"return [...document.querySelectorAll('{folds}')].filter(d => d.open).length"
    total = page.execute_script(f"return document.querySelectorAll('{folds}').length")
    before = page.execute_script(opened)
    assert 0 < before < total
    page.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert page.execute_script(opened) == total
    page.execute_script("dispatchEvent(new Event('afterprint'))")
    assert page.execute_script(opened) == before


def test_the_keyboard_alone_sorts_filters_and_unfolds(page: webdriver.Chrome) -> None:
    def press(*keys: str) -> Any:
        focused = page.switch_to.active_element
        focused.send_keys(*keys)
        return page.switch_to.active_element

    def reach(selector: str) -> Any:
        """The element with the focus once Tab has led to one that fits."""
        for _ in range(200):
            focused = press(Keys.TAB)
            if page.execute_script("return arguments[0].matches(arguments[1])", focused, selector):
                return focused
        raise AssertionError(f"no Tab leads to {selector}")

    reach("#filter-text")
    press("sigmoid")
    assert shown(page) == ["(vi)"]
    press(Keys.BACKSPACE * 7)
    head = reach("#overview th:nth-child(5) button")
    press(Keys.ENTER)
    assert head.find_element(By.XPATH, "..").get_attribute("aria-sort") == "ascending"
    reach(".claim > .fold > summary")
    press(Keys.ENTER)
    summary = reach("figure summary")
    press(Keys.ENTER)
    assert summary.find_element(By.XPATH, "..").get_attribute("open") is not None
    # What scrolls by itself must be reachable, or its right end is not.
    assert reach("figure details[open] .scroll") is not None


CONTRAST = """
const parse = text => text.match(/[\\d.]+/g).map(Number);
const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = element => {
  for (let e = element; e; e = e.parentElement) {
    const colour = parse(getComputedStyle(e).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
document.querySelectorAll('details').forEach(d => { d.open = true; });
const faint = [];
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const node = texts.currentNode, element = node.parentElement;
  if (!node.data.trim() || !element.getClientRects().length) continue;
  if (['SCRIPT', 'STYLE', 'TITLE', 'DESC'].includes(element.tagName.toUpperCase())) continue;
  const style = getComputedStyle(element);
  const colour = element.closest('svg') ? style.fill : style.color;
  const [one, other] = [luminance(parse(colour)), luminance(ground(element))].sort((a, b) => b - a);
  const ratio = (one + 0.05) / (other + 0.05);
  if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${element.tagName} ${node.data.trim().slice(0, 30)}`);
}
return faint;
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(page: webdriver.Chrome, theme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": theme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        assert page.execute_script(CONTRAST) == []
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_every_drawing_has_a_name_and_every_figure_its_numbers(page: webdriver.Chrome) -> None:
    unnamed = page.execute_script(
        "return [...document.querySelectorAll('svg:not([aria-hidden])')].filter(s => "
        "!s.getAttribute('aria-label') && !(s.getAttribute('aria-labelledby') || '').split(' ')"
        ".every(id => document.getElementById(id)?.textContent.trim())).length"
    )
    assert unnamed == 0
    figures = page.find_elements(By.TAG_NAME, "figure")
    assert figures
    bare = [f for f in figures if not f.find_elements(By.CSS_SELECTOR, "details table tbody tr")]
    assert bare == []


def test_words_under_other_choices_stand_beside_the_figure_or_below_it(
    page: webdriver.Chrome,
) -> None:
    side_by_side = (
        "const [a, b] = document.querySelector('.choices').children;"
        "return a.getBoundingClientRect().right <= b.getBoundingClientRect().left"
    )
    assert page.execute_script(side_by_side) is True
    resize(page, 390)
    assert page.execute_script(side_by_side) is False


def test_print_loses_nothing_even_without_a_script(
    chromium: webdriver.Chrome, address: str
) -> None:
    lost = (
        "return [...document.querySelectorAll('main :is(td, dd, p, text)')].filter(e => "
        "e.textContent.trim() && !e.closest('#filters') && !e.checkVisibility()).length"
    )
    chromium.get(address)
    assert chromium.execute_script(lost) > 100
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        chromium.get(address)
        chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        assert chromium.execute_script(lost) == 0
    finally:
        chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_printed_page_fits_its_sheets(page: webdriver.Chrome) -> None:
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        # The width of an A4 sheet between its margins, in CSS pixels.
        resize(page, 688)
        assert overflow(page) == 0
        assert not page.find_element(By.ID, "filters").is_displayed()
        assert page.execute_script("return getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
