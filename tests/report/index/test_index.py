"""The index over the audits and their badges: current, complete, readable by everyone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from bnclaims.audit.claim import discover
from bnclaims.commands.cli import main
from bnclaims.report.files import LIMITS, REPLY
from bnclaims.report.formatting import name_of
from bnclaims.report.index.badge import badge, text_width
from bnclaims.report.index.card import card, drawn, outdated_cards
from bnclaims.report.index.index import cards_of, index_files, outdated
from bnclaims.report.reading.report import read_report_json
from bnclaims.report.verify.verify import verify
from fixtures.committed import AUDITS, REPORTS, index_copied, left_out

ROOT = Path(__file__).parents[3]
SVG = "{http://www.w3.org/2000/svg}"
# Of each kind one and of quick two: an index of all of them takes a second, and there are many here.
SOME = ("nightly", "quick-digits", "quick-mnist-5k", "remedies-cells", "transfer-elpv")
HOSTILE = "</svg></title><script>alert(1)</script>&'\"\x00\x1b[31m"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with some audits' report.json, which is all that an index reads."""
    folder = index_copied(tmp_path, SOME)
    for drawings in ("badges", "cards"):
        shutil.rmtree(folder / drawings)
    (folder / "index.html").unlink()
    return folder


def invoke(*words: object) -> Result:
    return CliRunner().invoke(main, ["index", *map(str, words)])


def edit(report: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads((report / "report.json").read_text("utf-8"))
    change(document)
    (report / "report.json").write_text(json.dumps(document), "utf-8")


def snapshot(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


# --- the committed index --------------------------------------------------------------------------


def test_the_committed_reports_are_these() -> None:
    if shutil.which("git") is None:
        pytest.skip("needs git to know what is committed")
    listed = subprocess.run(
        ["git", "ls-files", "reports/*/report.json"], cwd=ROOT, capture_output=True, text=True
    ).stdout.splitlines()
    if not listed:
        pytest.skip("not a git checkout")
    assert sorted(Path(name).parent.name for name in listed) == [*AUDITS]


def test_the_committed_index_and_badges_are_those_of_the_committed_reports(tmp_path: Path) -> None:
    folder = index_copied(tmp_path)
    stale = outdated(folder, index_files(folder))
    assert stale == [], "run: bnclaims index reports"
    assert outdated_cards(folder, cards_of(folder)) == [], "run: bnclaims index reports"


@pytest.mark.parametrize("name", AUDITS)
def test_a_report_folder_holds_what_its_check_knows_and_nothing_else(name: str) -> None:
    files = {path.name for path in (REPORTS / name).iterdir()}
    assert files <= {*LIMITS, REPLY}


def test_a_report_is_verified_whatever_stands_beside_it(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(REPORTS / "nightly", tmp_path / "reports" / "nightly"))
    assert invoke(copy.parent).exit_code == 0
    assert verify(copy, discover(ROOT / "claims")).problems == ()


# --- writing and checking -------------------------------------------------------------------------


def test_an_index_is_written_whole_and_a_second_time_nothing_is(folder: Path) -> None:
    claims = sum(len(read_report_json(folder / name).claims) for name in SOME)
    first = invoke(folder)
    assert first.exit_code == 0
    written = snapshot(folder)
    assert len(index_files(folder)) == 1 + claims
    assert first.stdout.count("wrote ") == 1 + claims + 2 * len(SOME)
    assert written["index.html"].startswith(b"<!DOCTYPE html>")
    second = invoke(folder)
    assert second.exit_code == 0 and "wrote" not in second.stdout
    assert snapshot(folder) == written
    assert invoke(folder, "--check").exit_code == 0


def test_a_check_names_what_is_not_current_and_writes_nothing(folder: Path) -> None:
    invoke(folder)
    (folder / "badges" / "quick-digits" / "vi.svg").write_text("old", "utf-8")
    (folder / "badges" / "quick-mnist-5k" / "i.svg").unlink()
    (folder / "cards" / "nightly.png").unlink()
    shutil.copy(folder / "cards" / "nightly.svg", folder / "cards" / "gone.svg")
    edit(folder / "quick-mnist-5k", lambda document: document["claims"].pop())
    before = snapshot(folder)
    result = invoke(folder, "--check")
    assert result.exit_code == 1
    stale = [
        "index.html",
        *(f"badges/{name}.svg" for name in ("quick-digits/vi", "quick-mnist-5k/i")),
    ]
    stale += [
        "cards/nightly.png",
        "cards/gone.svg",
        "badges/quick-mnist-5k/uncertainty-ranking.svg",
    ]
    assert set(result.stdout.splitlines()) == {f"not current: {folder / name}" for name in stale}
    assert snapshot(folder) == before
    assert f"removed {folder / stale[-1]}" in invoke(folder).stdout
    assert not (folder / stale[-1]).exists()
    assert invoke(folder, "--check").exit_code == 0


def test_drawings_of_others_are_left_alone(folder: Path) -> None:
    foreign = folder / "badges" / "mine" / "logo.svg"
    foreign.parent.mkdir(parents=True)
    foreign.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', "utf-8")
    assert invoke(folder).exit_code == 0
    assert foreign.exists() and invoke(folder, "--check").exit_code == 0


def test_the_latest_run_and_links_are_no_audits_of_the_index(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "quick-digits", folder / "latest")
    shutil.copytree(folder / "quick-digits", tmp_path / "elsewhere")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    assert {name.split("/")[1] for name in index_files(folder) if "/" in name} == {*SOME}
    assert {*cards_of(folder)} == {*SOME}


def test_a_folder_without_reports_is_refused_in_one_sentence(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        result = invoke(folder)
        assert result.exit_code == 2 and result.stderr.count("\n") == 1
        assert str(folder) in result.stderr


@pytest.mark.parametrize("name", ["../../escaped", "A", "", "a/b", "a" * 81, "ä"])
def test_a_claim_whose_id_cannot_name_a_file_is_refused(folder: Path, name: str) -> None:
    edit(folder / "quick-digits", lambda document: document["claims"][0].update(id=name))
    result = invoke(folder)
    assert result.exit_code == 2, result.output
    assert "cannot name a badge" in result.stderr
    assert set(snapshot(folder)) == {f"{audit}/report.json" for audit in SOME}


# --- the page -------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The tags and links of a page, and of its matrix the rows of cells, as text and with their links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.within = False
        self.tags: list[str] = []
        self.links: list[str] = []
        self.rows: list[list[tuple[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append(("", ""))
            self.within = True
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")
            if self.within:
                self.rows[-1][-1] = (self.rows[-1][-1][0], self.links[-1])

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td"):
            self.within = False

    def handle_data(self, data: str) -> None:
        if self.within:
            text, link = self.rows[-1][-1]
            self.rows[-1][-1] = (text + data, link)

    @property
    def claims(self) -> dict[str, list[tuple[str, str]]]:
        """The cells of each claim by what its row begins with."""
        return {row[0][0]: row[1:] for row in self.rows[1:] if len(row) > 1}


def test_every_audit_has_a_column_with_its_protocol_its_date_and_its_scale(folder: Path) -> None:
    page = Page(index_files(folder)["index.html"])
    _, *heads = page.rows[0]
    # Nights that go on stand after what is finished.
    audits = [*sorted({*SOME} - {"nightly"}), "nightly"]
    assert len(heads) == len(audits) == len(SOME)
    for (head, link), name in zip(heads, audits, strict=True):
        report = read_report_json(folder / name)
        protocol = name.split("-")[0]
        size = "small networks" if protocol in ("quick", "nightly") else "networks of full size"
        for text in (report.on, f"protocol {protocol}", report.generated[:10], f"folder {name}"):
            assert text in head
        assert size in head
        assert link == f"{name}/index.html"


def test_every_claim_of_every_audit_has_a_cell_that_leads_to_it() -> None:
    page = Page((REPORTS / "index.html").read_text("utf-8"))
    audits = [*sorted({*AUDITS} - {"nightly"}), "nightly"]
    reports = {name: read_report_json(REPORTS / name) for name in audits}
    pages = {name: (REPORTS / name / "index.html").read_text("utf-8") for name in audits}
    found = 0
    for start, cells in page.claims.items():
        for (text, link), name in zip(cells, audits, strict=True):
            named = [
                c
                for c in reports[name].claims
                if re.match(rf"{re.escape(name_of(c.id))}[A-Z]", start)
            ]
            assert len(named) <= 1
            if not named:
                assert (text.strip(), link) == ("–", "")
                continue
            (claim,) = named
            found += 1
            run = any(not cell.reason.startswith("not run: ") for cell in claim.cells)
            verdict = claim.verdict if claim.judged else "NOT JUDGED" if run else "NOT TESTED"
            assert text.startswith(verdict)
            target = link.removeprefix(f"{name}/index.html#")
            before, there, after = pages[name].partition(f' id="{target}"')
            tag = before[before.rindex("<") + 1 :].split()[0]
            assert there and tag in ("article", "tr")
            assert claim.sentence.split("'")[0] in after.partition(f"</{tag}>")[0]
    assert found == sum(len(report.claims) for report in reports.values())


def test_every_link_of_the_index_leads_to_a_file(folder: Path) -> None:
    page = Page(index_files(folder)["index.html"])
    files = {link.partition("#")[0] for link in page.links if not link.startswith("#")}
    assert {f"cards/{name}.{kind}" for name in SOME for kind in ("svg", "png")} <= files
    assert all((REPORTS / file).is_file() for file in files)
    assert page.tags.count("script") == 1 and "img" not in page.tags


def test_inconclusive_is_the_word_of_a_claim_that_was_tested(folder: Path) -> None:
    def budget(document: dict[str, Any]) -> None:
        for claim in document["claims"]:
            if claim["id"] in ("ii", "iii", "alt-ranking"):
                # Such a report says INCONCLUSIVE, for want of evidence.
                claim["verdict"] = "INCONCLUSIVE"
                for cell in claim["cells"]:
                    left_out(cell)
            if claim["id"] == "i":
                claim["verdict"] = "INCONCLUSIVE"

    edit(folder / "quick-digits", budget)
    files = index_files(folder)
    place = sorted(SOME).index("quick-digits") - 1  # nightly comes last
    digits = {
        start[:4]: cells[place][0] for start, cells in Page(files["index.html"]).claims.items()
    }
    assert digits["(ii)"].startswith("NOT TESTED")
    assert digits["(iii"].startswith("NOT TESTED")
    assert digits["(i)T"].startswith("INCONCLUSIVE")
    badge = files["badges/quick-digits/ii.svg"]
    assert "NOT TESTED" in badge and "INCONCLUSIVE" not in badge
    assert "Inconclusive" not in badge
    assert "INCONCLUSIVE" in files["badges/quick-digits/i.svg"]


def test_the_premise_stands_with_the_six_and_the_audit_s_own_questions_apart() -> None:
    page = (REPORTS / "index.html").read_text("utf-8")
    family, *_, own = re.findall(r"<tbody.*?</tbody>", page, re.DOTALL)
    for name in ("premise", "(vi)", "why half", "uncertainty"):
        assert f"<b>{name}</b>" in family and f"<b>{name}</b>" not in own
    assert "<b>uncertainty ranking</b>" in own and "<b>uncertainty ranking</b>" not in family


def test_the_page_says_how_a_badge_is_embedded(folder: Path) -> None:
    files = index_files(folder)
    (badge, report) = re.findall(r"\[!\[.*?\]\((.*?)\)\]\((.*?)\)", files["index.html"])[0]
    assert badge in files
    assert (REPORTS / report).is_file()


def test_synthetic_images_and_simulated_runs_say_so(folder: Path) -> None:
    edit(folder / "quick-digits", lambda document: document["run"].update(synthetic_world="null"))
    shutil.copytree(folder / "quick-mnist-5k", folder / "drawn")

    def drawn(document: dict[str, Any]) -> None:
        document["selection"]["dataset"] = "leaves"
        for data in document["data"]:
            data |= {"name": "leaves", "synthetic": True} if data["name"] == "mnist-5k" else {}

    edit(folder / "drawn", drawn)
    files = index_files(folder)
    assert "leaves (synthetic)" in files["index.html"]
    assert "digits (simulated)" in files["index.html"]
    assert "synthetic world null: nothing was trained" in files["index.html"]
    assert "leaves (synthetic)" in files["badges/drawn/i.svg"]
    assert "digits (simulated)" in files["badges/quick-digits/i.svg"]
    assert "(s" not in files["badges/quick-mnist-5k/i.svg"].replace("(six", "")


# --- badges ---------------------------------------------------------------------------------------


def test_a_badge_shows_the_word_and_tells_it_to_those_who_cannot_see_it(folder: Path) -> None:
    root = ElementTree.fromstring(index_files(folder)["badges/quick-digits/vi.svg"])
    assert root.get("role") == "img"
    title, description = (root.find(f"{SVG}{name}") for name in ("title", "desc"))
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text == "claim (vi) · digits: REFUTED"
    assert "Refuted, as operationalised by the protocol quick on digits" in description.text
    assert "almost no impact" in description.text and "32 seeds" in description.text
    texts = [entry.text for entry in root.iter(f"{SVG}text")]
    assert texts == ["claim (vi) · digits", "REFUTED"]


def luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("verdict", ["SUPPORTED", "REFUTED", "INCONCLUSIVE", "INVALID"])
def test_white_text_is_readable_on_both_fields_and_fits_into_them(
    folder: Path, verdict: str
) -> None:
    edit(folder / "quick-digits", lambda document: document["claims"][0].update(verdict=verdict))
    report = read_report_json(folder / "quick-digits")
    root = ElementTree.fromstring(badge(report, report.claims[0]))
    fields = [entry for entry in root.iter(f"{SVG}rect") if entry.get("fill")]
    assert len(fields) == 2
    for field, text in zip(fields, root.iter(f"{SVG}text"), strict=True):
        assert 1.05 / (luminance(field.get("fill")) + 0.05) >= 7
        start = float(field.get("x", 0))
        assert start < float(text.get("x"))
        end = float(text.get("x")) + float(text.get("textLength"))
        assert end < start + float(field.get("width"))
    assert verdict in root.find(f"{SVG}title").text


def test_a_claim_that_was_not_judged_has_no_word_on_its_badge(folder: Path) -> None:
    def interrupt(document: dict[str, Any]) -> None:
        cell = document["claims"][0]["cells"][0]
        cell |= {"state": "deselected", "reason": "not judged: deselected"}

    edit(folder / "quick-digits", interrupt)
    text = index_files(folder)["badges/quick-digits/premise.svg"]
    assert "NOT JUDGED" in text and "SUPPORTED" not in text


def test_text_is_as_wide_as_its_letters() -> None:
    assert text_width("iiii") < text_width("nnnn") < text_width("mmmm")
    assert 2 * text_width("n" * 20) == pytest.approx(text_width("n" * 40), abs=2)


def test_nothing_in_a_report_becomes_markup(folder: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        for claim in document["claims"]:
            claim |= {"sentence": HOSTILE, "title": HOSTILE, "reason": HOSTILE}
        document["selection"]["dataset"] = HOSTILE
        document["protocol"]["name"] = HOSTILE
        document["generated"] = HOSTILE
        document["run"]["synthetic_world"] = HOSTILE

    edit(folder / "quick-digits", change)
    for name, text in index_files(folder).items():
        assert "\x00" not in text and "\x1b" not in text
        if name.endswith(".svg"):
            tags = {entry.tag.removeprefix(SVG) for entry in ElementTree.fromstring(text).iter()}
            assert tags == {"svg", "title", "desc", "clipPath", "rect", "g", "text"}
        else:
            assert Page(text).tags.count("script") == 1
            assert "alert(1)</script>" not in text


# --- cards ----------------------------------------------------------------------------------------


def test_a_card_says_what_was_found_on_what_by_which_protocol(folder: Path) -> None:
    report = read_report_json(folder / "quick-digits")
    said = card(report)
    lines = {name: (verdict, effect) for name, _, verdict, effect in said.lines}
    assert lines["(vi)"][0] == "REFUTED" and lines["(vi)"][1].startswith("F1 0.8")
    assert next(iter(lines)) == "premise" and len(lines) == 8
    assert "digits · protocol quick · small networks, 8 pixels" in said.about
    assert report.protocol.sha256[:16] in said.source
    svg = drawn(said, "svg")
    root = ElementTree.fromstring(svg)
    texts = [entry.text for entry in root.iter(f"{SVG}text")]
    assert {"(vi)", "REFUTED", said.lines[0][1]} <= {*texts}
    assert drawn(said, "svg") == svg
    png = drawn(said, "png")
    # Width and height of the image, as its header has them.
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (1600, 900)


def test_another_verdict_makes_another_card(folder: Path) -> None:
    assert invoke(folder).exit_code == 0
    edit(folder / "quick-digits", lambda document: document["claims"][0].update(verdict="REFUTED"))
    stale = outdated_cards(folder, cards_of(folder))
    assert stale == ["cards/quick-digits.svg", "cards/quick-digits.png"]
