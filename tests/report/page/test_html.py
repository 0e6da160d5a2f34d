"""The report page: what it says, how it is drawn, and that nothing untrusted becomes markup."""

from __future__ import annotations

import copy
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bnclaims.audit.claim import discover
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.report.model import Report, StatedCell, StatedClaim
from bnclaims.report.page.citation import report_bibtex
from bnclaims.report.page.dose_plot import dose_plots
from bnclaims.report.page.forest_plot import Plot, claim_forest
from bnclaims.report.page.html import group_of, headings_of
from bnclaims.report.page.lead import answer, headline, synthetic, what_ran
from bnclaims.report.page.margin_plot import margin_plot
from bnclaims.report.page.overview import strips
from bnclaims.report.page.provenance import command_of
from bnclaims.report.page.reliability_plot import reliability_plot
from bnclaims.report.page.seed_plot import paired_seeds
from bnclaims.report.page.seed_values import Seeds, counts_of
from bnclaims.report.page.settings_table import settings_table
from bnclaims.report.page.templates import FOLDERS
from fixtures.sample_report import (
    HOSTILE,
    LEVEL,
    SHA,
    cell,
    claim,
    finding,
    page_of,
    plain_setting,
    point,
    sample_document,
    sample_trials,
    setting,
    trials_of,
)

# Tests spoil plain data; what is tested takes the model.
as_report, as_claim = Report.model_validate, StatedClaim.model_validate
SHOWS = {c.id: c.shows for c in discover(Path(__file__).parents[3] / "claims")}


class Outline(HTMLParser):
    """The elements of a page, in order, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def cells_of(cells: list[dict[str, Any]]) -> list[StatedCell]:
    return [StatedCell.model_validate(one) for one in cells]


def seeds_of(claim: dict[str, Any], rows: list[dict[str, str]]) -> Plot | None:
    return paired_seeds("x", as_claim(claim), Seeds(counts_of(trials_of(rows)), SHOWS))


@pytest.fixture(scope="module")
def page() -> str:
    return page_of(sample_document(), sample_trials())


def test_the_same_report_gives_the_same_bytes(page: str) -> None:
    assert page_of(sample_document(), sample_trials()) == page


def test_the_page_names_the_report_it_was_made_from(page: str) -> None:
    assert f'<meta name="report-sha256" content="{SHA}">' in page


def test_the_hash_of_the_report_can_be_put_in_afterwards(page: str) -> None:
    later = page_of(sample_document(), sample_trials(), report_sha256="PLACEHOLDER")
    assert later.replace("PLACEHOLDER", SHA) == page


def test_claims_that_share_a_title_are_headed_by_their_sentences() -> None:
    claims = [
        as_claim(claim(id, title, sentence, [cell("c", "SUPPORTED", finding("f", 0.3))]))
        for id, title, sentence in (
            ("a", "Uncertainty.", "Worse before scaling."),
            ("b", "Uncertainty.", "Worse after scaling."),
            ("i", "Claim (i): z.", "Z."),
        )
    ]
    assert headings_of(claims) == ["Worse before scaling.", "Worse after scaling.", "Claim (i): z."]


def test_the_answer_counts_the_family_and_names_it(page: str) -> None:
    said = answer(as_report(sample_document()))
    assert said.startswith(
        "Of the eight claims, as operationalised here and run on digits, four are supported, premise, "
        "(i), (ii) and (iv); three are refuted, (v), (vi) and uncertainty; one is inconclusive, (iii)."
    )
    assert "premise on which they rest is supported" in said
    assert "0.82 [0.78, 0.86]" in said
    assert said in page


def test_an_audit_of_some_claims_does_not_speak_of_all_of_them() -> None:
    document = sample_document()
    document["claims"] = [c for c in document["claims"] if c["id"] in ("i", "v")]
    assert answer(as_report(document)).startswith(
        "Two of the eight claims were judged, as operationalised here and run on digits: one is "
        "supported, (i); one is refuted, (v)."
    )
    assert headline(as_report(document)).startswith("Two of eight claims about the final")
    document["claims"] = document["claims"][:1]
    assert answer(as_report(document)).startswith(
        "One of the eight claims was judged, as operationalised here"
    )
    assert "premise" not in answer(as_report(document))


def test_every_claim_has_its_sentence_word_and_figure(page: str) -> None:
    for one in sample_document()["claims"]:
        section = re.search(
            rf"<article(?:(?!</article>).)*{re.escape(one['title'])}.*?</article>", page, re.DOTALL
        )
        assert section is not None
        assert one["sentence"] in section[0]
        assert f"</svg>{one['verdict']}</span>" in section[0]
        assert "<figure>" in section[0]


def test_a_conjunction_shows_each_of_its_parts_in_the_overview() -> None:
    removal = next(c for c in sample_document()["claims"] if c["id"] == "i")
    assert [(strip.text, strip.others) for strip in strips(as_claim(removal))] == [
        ("F1 0.66 [0.59, 0.73]", ("J 0.60 [0.53, 0.67]",)),
        ("F1 0.88 [0.84, 0.92]", ("J 0.82 [0.78, 0.86]",)),
        ("−0.0020 [−0.0060, 0.0020]", ()),
    ]


def test_a_replication_shows_the_range_over_the_cells_that_ran() -> None:
    elsewhere = next(c for c in sample_document()["claims"] if c["id"] == "iv")
    (strip,) = strips(as_claim(elsewhere))
    assert strip.text == "0.18 to 0.81"
    assert len(strip.bars) == 4


def test_the_axis_of_a_curve_is_the_ratio_or_the_batch_size() -> None:
    by_id = {c["id"]: c for c in sample_document()["claims"]}
    ((ratio,), (batch,)) = (dose_plots("x", as_claim(by_id[name])) for name in ("ii", "iii"))
    assert ratio.columns[0] == "imbalance ratio"
    assert [row[0] for row in ratio.rows][:2] == ["300:1", "100:1"]
    assert batch.columns[0] == "Cell, batch size"
    assert [row[0] for row in batch.rows][:5] == [
        f"fixed epochs, {n}" for n in (16, 32, 64, 128, 256)
    ]


@pytest.mark.parametrize(
    ("key", "doses", "labels"),
    [
        ("epochs", (5, 10, 40), ["5", "10", "40"]),
        ("learning_rate", (0.0003, 0.001, 0.003), ["0.0003", "0.001", "0.003"]),
    ],
)
def test_a_lasting_gain_is_drawn_over_epochs_or_learning_rates(
    key: str, doses: tuple[float, ...], labels: list[str]
) -> None:
    settings = {f"{key}={dose}": setting(**{key: dose}) for dose in doses}
    found = finding("F1 gain", 0.3, points=[point(dose, 0.3) for dose in doses])
    named = dict(zip(settings, doses, strict=True))
    lasting = claim(
        "x", "X.", "X.", [cell("c", "SUPPORTED", found, settings=settings, doses=named)]
    )
    (drawn,) = dose_plots("x", as_claim(lasting))
    assert drawn.columns[0] == key.replace("_", " ")
    assert [row[0] for row in drawn.rows] == labels


def test_batch_sizes_at_fixed_epochs_and_at_fixed_steps_share_a_figure() -> None:
    (drawn,) = dose_plots(
        "x", as_claim(next(c for c in sample_document()["claims"] if c["id"] == "iii"))
    )
    assert "fixed epochs" in drawn.title and "fixed steps" in drawn.title
    assert len(drawn.rows) == 10
    assert all(f">{name}<" in drawn.svg for name in ("fixed epochs", "fixed steps"))


def test_the_interval_of_the_peak_is_shaded_and_said_from_ratio_to_ratio() -> None:
    peaked = next(c for c in sample_document()["claims"] if c["id"] == "ii")
    (drawn,) = dose_plots("x", as_claim(peaked))
    assert "the largest gain lies at 100:1 to 30:1" in drawn.description
    assert "var(--shade)" in drawn.svg
    peaked["cells"][0]["finding"]["peak"] = None
    (bare,) = dose_plots("x", as_claim(peaked))
    assert "largest gain" not in bare.description and "var(--shade)" not in bare.svg


def test_seed_lines_are_the_f1_of_the_integer_counts_without_diverged_seeds() -> None:
    trials = sample_trials()
    premise = sample_document()["claims"][0]
    drawn = seeds_of(premise, trials)
    assert drawn is not None
    assert [row[0] for row in drawn.rows] == [str(seed) for seed in range(16) if seed != 3]
    (row,) = (row for row in trials if (row["seed"], row["readout"]) == ("0", "removed"))
    hits = int(row["true1_pred1"])
    assert drawn.rows[0][3] == f"{2 * hits / (150 + hits + 4):.2f}"


def test_f1_is_the_mean_over_the_minority_classes() -> None:
    # Class 1: TP 6, FP 2, FN 4; class 2: never predicted, never right.
    counts = [[10, 0, 0], [4, 6, 0], [8, 2, 0]]
    three = setting(minority=(("8",), ("9",)))
    found = finding("f", 0.3)
    one = cell("c", "SUPPORTED", found, settings={"main": three}, seeds=1)
    rows = [
        {
            **{f"true{t}_pred{p}": str(counts[t][p]) for t in range(3) for p in range(3)},
            "key": Trial(setting=three, arm=arm, seed=0).key,
            **{"arm": arm, "seed": "0", "readout": "kept", "diverged": "false"},
        }
        for arm in (PLAIN, FINAL_BN)
    ]
    drawn = seeds_of(claim("x", "X.", "X.", [one]), rows)
    assert drawn is not None and drawn.rows == (("0", "0.33", "0.33"),)
    assert pytest.approx(0.333, abs=1e-3) == (12 / 18 + 0) / 2


def test_trials_of_another_setting_are_not_drawn() -> None:
    premise = sample_document()["claims"][0]
    premise["cells"][0]["settings"]["main"]["batch_size"] = 32
    assert seeds_of(premise, sample_trials()) is None


def test_each_setting_of_a_comparison_has_its_panel_of_seeds() -> None:
    document = sample_document()
    sigmoid = next(c for c in document["claims"] if c["id"] == "vi")
    trials = sample_trials()
    other = [
        row
        | {"key": Trial(setting=setting(head="sigmoid"), arm=row["arm"], seed=int(row["seed"])).key}
        for row in trials
    ]
    drawn = seeds_of(sigmoid, [*trials, *other])
    assert drawn is not None
    assert drawn.columns == ("Seed", "plain", "final BN")
    assert {row[0].partition(",")[0] for row in drawn.rows} == {"sigmoid", "softmax"}


def test_a_claim_about_another_quantity_has_no_lines_of_f1() -> None:
    uncertainty = next(c for c in sample_document()["claims"] if c["id"] == "uncertainty")
    assert seeds_of(uncertainty, sample_trials()) is None


def test_reliability_is_drawn_before_and_after_scaling_for_both_networks() -> None:
    uncertainty = next(c for c in sample_document()["claims"] if c["id"] == "uncertainty")
    drawn = reliability_plot("x", as_claim(uncertainty))
    assert drawn is not None
    assert {row[0] for row in drawn.rows} == {
        f"{arm}, {when}"
        for arm in ("plain", "final BN")
        for when in ("as trained", "temperature scaled")
    }
    assert drawn.rows[0][1:] == ("0.55", "0.25", "40")
    assert reliability_plot("x", as_claim(sample_document()["claims"][0])) is None


def test_the_word_at_every_margin_is_drawn_and_listed() -> None:
    premise = sample_document()["claims"][0]
    drawn = margin_plot("x", as_claim(premise), own=0.1, level=LEVEL)
    assert drawn is not None
    assert [row[0] for row in drawn.rows] == [f"{0.02 * k:.2f}" for k in range(1, 16)]
    assert [row[1] for row in drawn.rows] == ["SUPPORTED"] * 11 + ["INCONCLUSIVE"] * 4
    assert drawn.description == "0.02 to 0.22: SUPPORTED; 0.24 to 0.30: INCONCLUSIVE."
    assert "var(--supported-tint)" in drawn.svg and "var(--inconclusive-tint)" in drawn.svg


def test_a_word_that_flips_says_so_in_the_table_at_the_top(page: str) -> None:
    overview = page.index('id="overview"')
    table, rest = page[overview : page.index("Claim by claim</h2>")], page[overview:]
    tag = '<span class="tag">flips</span>'
    assert tag in table[: table.index("(i)</a>")]
    assert table.count(tag) == 1
    premise = re.search(r"Flips: (.*?)</dd>", rest)
    assert premise is not None
    assert "margin at least 0.24 → inconclusive; AUC → inconclusive" in premise[1]
    assert "without seed 2 → inconclusive" in premise[1]
    assert rest.count("Flips:") == 1
    assert rest.count("Holds under every choice tried") == len(sample_document()["claims"]) - 1


def test_the_table_says_how_far_an_interval_is_from_the_line() -> None:
    by_id = {c["id"]: strips(as_claim(c)) for c in sample_document()["claims"]}
    assert [strip.clear for strip in by_id["premise"]] == ["its nearer end lies 0.68 above 0.1"]
    assert by_id["iii"][0].clear == "the interval reaches over 0.1"
    # Refuted: what it must be shown to be below is the smallest effect, not 0.
    assert by_id["uncertainty"][0].clear == "its nearer end lies 0.21 below 0.05"
    assert [strip.clear for strip in by_id["v"]] == [
        "its nearer end lies 0.39 above 0.1",
        "its nearer end lies 0.55 above 0.1",
    ]


def test_questions_of_this_audit_stand_apart_from_those_of_the_paper() -> None:
    groups = {c["id"]: group_of(as_claim(c)) for c in sample_document()["claims"]}
    assert groups["premise"] == groups["vi"] != groups["alt-threshold"]


def test_figures_are_well_formed_and_say_what_they_show(page: str) -> None:
    figures = re.findall(r"<figure>\s*(<svg.*?</svg>)", page, re.DOTALL)
    assert len(figures) >= len(sample_document()["claims"]) + 5
    for figure in figures:
        root = ElementTree.fromstring(figure)
        names = str(root.get("aria-labelledby")).split()
        said = {element.get("id"): element.text for element in root.iter()}
        assert all(said[name] for name in names)


def test_figures_take_their_colours_from_the_page(page: str) -> None:
    figures = "".join(re.findall(r"<figure>\s*(<svg.*?</svg>)", page, re.DOTALL))
    styles = dict(re.findall(r"^\.(f\d+) { (.*) }$", page, re.MULTILINE))
    assert {*re.findall(r'class="(.*?)"', figures)} == styles.keys()
    assert any("var(--accent)" in style for style in styles.values())
    assert not re.search(r"(fill|stroke): ?#", figures + "".join(styles.values()))
    assert "style=" not in figures


def test_no_id_is_used_twice_and_every_reference_has_its_target(page: str) -> None:
    outline = Outline(page)
    ids = [a["id"] for _, a in outline.elements if "id" in a]
    assert len(ids) == len(set(ids))
    targets = re.findall(r'(?:href="|url\()#([^")]+)', page)
    labels = [a["aria-labelledby"] or "" for _, a in outline.elements if "aria-labelledby" in a]
    assert {*targets, *" ".join(labels).split()} <= set(ids)


def test_headings_skip_no_level_and_there_is_one_title(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Outline(page).elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_nothing_is_loaded_from_outside(page: str) -> None:
    outline = Outline(page)
    assert not any(outline.all(tag) for tag in ("link", "img", "iframe", "object", "embed", "base"))
    assert not any("src" in attributes for _, attributes in outline.elements)
    assert not re.search(r"@import|url\((?!#)", page)
    policy = next(m["content"] for m in outline.all("meta") if m.get("http-equiv"))
    assert policy is not None and "default-src 'none'" in policy and "unsafe-eval" not in policy


def test_hostile_names_stay_text() -> None:
    document = sample_document()

    def spoil(value: Any) -> Any:
        match value:
            case dict():
                return {k: spoil(v) for k, v in value.items()}
            case list():
                return [spoil(v) for v in value]
            case str() if value not in KEEP:
                return f"{value}{HOSTILE}"
        return value

    KEEP = {
        "judged",
        "not_run",
        "SUPPORTED",
        "REFUTED",
        "INCONCLUSIVE",
        "INVALID",
        "premise",
        "i",
        "ii",
        "iii",
        "iv",
        "v",
        "vi",
    }
    spoiled = spoil(document)
    spoiled["environment"][HOSTILE] = HOSTILE
    spoiled["claims"][0]["cells"][0]["finding"]["notes"] = [HOSTILE]
    page = page_of(spoiled, sample_trials())
    page.encode()
    outline = Outline(page)
    # The page's own, and data that nothing runs.
    assert [script.get("type") for script in outline.all("script")] == ["application/ld+json", None]
    assert "alert(" in page and "<script>alert" not in page
    assert len([title for title in outline.all("title") if "id" not in title]) == 1


def test_a_report_in_which_nothing_was_judged_still_has_a_page() -> None:
    document = copy.deepcopy(sample_document())
    for one in document["claims"]:
        one["cells"] = [
            cell(c["name"], "INCONCLUSIVE", None, settings={}, seeds=0, p=(1.0, 1.0), looks=[])
            for c in one["cells"]
        ]
        one |= {"verdict": "INCONCLUSIVE", "sensitivity": None}
    page = page_of(document, [])
    assert "None of the eight claims was judged in this audit, run on digits." in page
    assert "<h1>Eight claims about the final batch normalization layer, none of them judged" in page
    assert "Nothing was judged." in page
    assert "<figure" not in page[page.index('id="claims"') :]


def test_synthetic_images_are_announced_at_the_top(page: str) -> None:
    header = page[: page.index("</header>")]
    assert "Synthetic images" in header and "Rendered leaves" in header
    document = sample_document()
    document["data"] = document["data"][:1]
    assert "Synthetic images" not in page_of(document, sample_trials())


def test_a_simulated_audit_says_that_nothing_was_trained(page: str) -> None:
    assert "Nothing was trained" not in page
    document = sample_document()
    document["run"]["synthetic_world"] = "effect"
    assert "simulated, not trained, on digits" in answer(as_report(document))
    simulated = page_of(document, sample_trials())
    assert "Nothing was trained" in simulated[: simulated.index("</header>")]


def test_networks_of_an_unchecked_executor_are_told_at_the_top(page: str) -> None:
    assert "Not shown to be the reference" not in page
    document = sample_document()
    document["run"]["unchecked"] = "executor graph in fp32: not checked <b>"
    unchecked = page_of(document, sample_trials())
    header = unchecked[: unchecked.index("</header>")]
    assert "Not shown to be the reference" in header and "not checked &lt;b&gt;" in header


def test_every_number_of_the_protocol_stands_with_its_reason(page: str) -> None:
    for rules in sample_document()["protocol"]["reasons"].values():
        for rule in rules.values():
            assert rule["reason"] in page
    assert "seeds: 16, 32, 64; weights: 0.5, 0.25, 0.25" in page


def test_braces_cannot_end_a_bibtex_field() -> None:
    document = sample_document()
    document["selection"]["dataset"] = "folder:}, note={x"
    page = page_of(document, sample_trials())
    assert (
        "{Claim audit of the final batch normalization layer: folder:, note=x, protocol quick}"
        in page
    )
    assert "@misc{bnclaims-quick-folder-note-x-" in page


def test_a_citation_has_version_commit_protocol_and_predictions_and_no_hash_of_the_page() -> None:
    document = sample_document()
    document["run"]["commit"] = "c0ffee" * 6 + "c0ff"
    document["files"]["predictions.npz"] = "98" * 32
    entry = report_bibtex(as_report(document))
    for part in (
        "c0ffee" * 6,
        document["suite"]["version"],
        document["protocol"]["sha256"],
        "98" * 32,
    ):
        assert part in entry
    assert entry.count("{") == entry.count("}")
    del document["files"]["predictions.npz"]
    document["run"]["commit"] = None
    assert "commit" not in report_bibtex(as_report(document))


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(first: str, second: str) -> float:
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_text_is_legible_in_both_themes() -> None:
    style = (FOLDERS[0] / "_style.css.j2").read_text("utf-8")
    themes = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert len(themes) == 3
    for theme in themes:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", theme))
        colours = {"paper": "#ffffff", **colours}
        texts = ["ink", "muted", "accent", "faint"]
        pairs = [(text, "paper") for text in texts]
        words = ("supported", "refuted", "inconclusive", "invalid")
        pairs += [(word, f"{word}-tint") for word in words if f"{word}-tint" in colours]
        for text, ground in pairs:
            assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        assert _contrast(colours["soft"], colours["paper"]) >= 2.5


def test_importing_the_page_does_not_import_matplotlib() -> None:
    code = (
        "import sys, bnclaims.report.page.html; "
        "sys.exit(bool({'matplotlib', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_page_of_another_paper_speaks_of_that_paper_alone() -> None:
    document = sample_document()
    document["paper"] = {
        "title": "On weights {and} measures",
        "subject": "weighted losses",
        "authors": ["A. Ünal", "B. Two"],
        "year": 2030,
        "url": "https://example.org/x?a=1&b=2",
    }
    document["protocol"]["family"] = ["i"]
    document["claims"] = [c for c in document["claims"] if c["id"] == "i"]
    document["claims"][0]["source"] = "On weights and measures"
    page = page_of(document, sample_trials())
    assert "One claim about weighted losses, put to the test" in page
    assert "The claim, as operationalised here and run on digits, is supported: " in page
    assert '<a href="https://example.org/x?a=1&amp;b=2">' in page
    assert "@misc{ünal2030weights," in page and "A. Ünal and B. Two" in page
    for word in ("batch normalization", "2109.09016", "Kocaman"):
        assert word not in page
    assert " six" not in page[page.index("<header>") : page.index("</header>")]


def test_the_paper_of_this_suite_is_cited_as_it_was_published(page: str) -> None:
    entry = page[page.index("@inproceedings{kocaman2021unreasonable,") :]
    for line in (
        "booktitle = {Advances in Visual Computing (ISVC 2021)}",
        "eprint    = {2109.09016}",
        "author    = {V. Kocaman and O. M. Shir and T. Bäck}",
    ):
        assert line in entry


def test_what_was_not_tested_says_so_instead_of_looking_undecided() -> None:
    document = sample_document()
    for one in document["claims"]:
        if one["id"] in ("iii", "alt-threshold"):
            names = [c["name"] for c in one["cells"]]
            one["cells"] = [
                cell(name, "INCONCLUSIVE", None, settings={}, seeds=0, p=(1.0, 1.0), looks=[])
                for name in names
            ]
            one |= {
                "sensitivity": None,
                "reason": "not run: left out by the budget",
                "verdict": "X",
            }
            one |= {"verdict": "INCONCLUSIVE", "p_support": 1.0, "p_refute": 1.0}
    document["protocol"]["budget"] = {
        "minutes": 20.0,
        "workers": 2,
        "dataset": "digits",
        "device": "cpu",
        "seeds": 16,
        "forecast": 18.0,
        "longest": 30.0,
        "basis": "Assumed.",
        "of": "12" * 32,
        "cells": [],
        "not_tested": ["iii", "alt-threshold"],
    }
    assert headline(as_report(document)).startswith("Seven of eight claims")
    page = page_of(document, sample_trials())
    table = page[page.index('id="overview"') : page.index('id="advice"')]
    rows = {
        re.sub("<.*?>", "", row).split()[0]: row
        for row in re.findall("<tr role.*?</tr>", table, re.S)
    }
    for name in ("(iii)", "alt"):
        assert "not tested" in rows[name] and "left out by the budget" in rows[name]
        assert "0.0083" not in rows[name], "how far p is from its line says nothing here"
    # The six have a section each; a question of the audit's own a line.
    sections = re.findall(r'<article class="claim" id="claim-(\d+)"', page)
    ids = [document["claims"][int(place)]["id"] for place in sections]
    assert "iii" in ids and "alt-threshold" not in ids
    assert "Not tested in this audit" in page
    tally = page[page.index('class="tally"') : page.index('href="#glance">Every')]
    assert re.search(r'not tested</span> <span class="small">\(iii\)<', tally)


def test_what_ran_is_told_by_classes_and_counts() -> None:
    by_id = {c["id"]: c for c in sample_document()["claims"]}
    (row,) = settings_table(cells_of(by_id["premise"]["cells"]))
    assert row == (
        "simple_cnn",
        "digits: 1000 of 0, 1 (as one class); 10 of 8",
        "4, 2",
        "5 of each",
        "8 × 8",
        "simple_cnn, softmax",
        "adam 0.001, batch 64, 10 epochs, fp32",
    )
    assert [row[0] for row in settings_table(cells_of(by_id["v"]["cells"]))] == [
        "one majority",
        "two majorities",
    ]
    # A cell that was not run trained nothing.
    assert len(settings_table(cells_of(by_id["iv"]["cells"]))) == 4


def test_a_setting_tells_its_regime_and_its_steps_where_it_has_them() -> None:
    chosen = plain_setting(setting(epochs=None, steps=160)) | {"regime": "frozen"}
    (row,) = settings_table(
        cells_of([cell("c", "SUPPORTED", finding("", 0.3)) | {"settings": {"m": chosen}}])
    )
    assert row[-2:] == ("simple_cnn, softmax, frozen", "adam 0.001, batch 64, 160 steps, fp32")


def test_networks_images_and_seeds_are_counted_at_the_top(page: str) -> None:
    said = what_ran(as_report(sample_document()))
    assert said == (
        "512 trained networks (simple_cnn), from scratch, on Optical recognition of handwritten digits "
        "and Rendered leaves of 8 pixels a side, over 16 to 32 paired seeds a cell; 1 diverged. All of it "
        "is written anew."
    )
    assert said in page[: page.index("</header>")]


def test_synthetic_images_are_laid_to_the_claims_that_use_them() -> None:
    document = sample_document()
    assert synthetic(as_report(document)) == "Rendered leaves, in cells of (iv)"
    document["claims"] = [
        c | {"cells": [x for x in c["cells"] if "leaves" in x["name"]]}
        for c in document["claims"]
        if c["id"] == "iv"
    ]
    assert synthetic(as_report(document)) == "Rendered leaves, in every cell"


def test_seeds_on_which_everything_is_called_the_minority_are_told() -> None:
    premise = sample_document()["claims"][0]
    trials = sample_trials()
    drawn = seeds_of(premise, trials)
    assert drawn is not None and "all images one class" not in drawn.caption
    minority = {"true0_pred0": "0", "true0_pred1": "150", "true1_pred0": "0", "true1_pred1": "150"}
    for row in trials:
        if (row["arm"], row["readout"]) == (FINAL_BN, "kept") and row["seed"] in ("1", "5"):
            row |= minority
        if (row["arm"], row["readout"]) == (FINAL_BN, "kept") and row["seed"] == "3":
            row |= minority | {"true0_pred0": "1", "true0_pred1": "149"}
        if row["readout"] == "removed" and row["seed"] == "7":
            row |= minority
    drawn = seeds_of(premise, trials)
    assert drawn is not None
    assert "On 1 of 15 seeds BN removed calls" in drawn.caption
    assert "On 2 of 15 seeds final BN calls all images one class" in drawn.caption
    assert "1 seeds with a diverged trial are missing" in drawn.caption


def test_the_command_that_trains_a_report_again_names_what_was_chosen() -> None:
    document = sample_document()
    assert (
        command_of(as_report(document)) == "pytest claims --protocol protocol.toml --dataset digits"
    )
    document["selection"] |= {
        "dataset": "folder:my images",
        "majority": ["healthy"],
        "minority": ["scab", "rust"],
        "device": "cuda",
    }
    assert shlex.split(command_of(as_report(document)))[4:] == [
        *("--dataset", "folder:PATH", "--majority", "healthy"),
        *("--minority", "scab", "--minority", "rust", "--gpu"),
    ]
    document["run"]["synthetic_world"] = "effect"
    assert "--world effect" in command_of(as_report(document)), "or it would train"
    del document["recommendation"]
    assert command_of(as_report(document)).startswith("pytest my_claims ")


def test_a_forest_draws_what_was_estimated_and_names_the_rest() -> None:
    drawn = claim_forest(
        "x", as_claim(next(c for c in sample_document()["claims"] if c["id"] == "iv"))
    )
    assert [row[0] for row in drawn.rows] == [
        *("mlp", "leaves, simple_cnn", "leaves, mlp", "digits, ratio task at 100:1")
    ]
    assert drawn.caption.endswith("Without an estimate: apple, resnet34.")


def test_a_long_name_in_a_forest_is_wrapped_and_never_cut() -> None:
    long = " ".join(["balanced accuracy of a tuned threshold"] * 3)
    long_cell = cell(long, "SUPPORTED", finding("f", 0.3))
    drawn = claim_forest("x", as_claim(claim("i", "t", "T.", [long_cell])))
    shown = re.sub(r"<desc.*?</desc>", "", drawn.svg, flags=re.DOTALL)
    assert "…" not in shown and shown.count("threshold") == 3
