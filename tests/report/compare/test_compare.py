"""Two reports held against each other: what counts as a change, and how large it is said to be."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from bnclaims.commands.cli import main
from bnclaims.report.compare.as_json import json_of
from bnclaims.report.compare.as_markdown import markdown_of
from bnclaims.report.compare.compare import ClaimPair, Comparison, compare, read_compared
from bnclaims.report.compare.verdict_changes import Verdicts, changes
from bnclaims.report.compare.wording import change_of, effect_of
from fixtures.committed import REPORTS, left_out

DIGITS, MNIST = REPORTS / "quick-digits", REPORTS / "quick-mnist-5k"
HOSTILE = "</title><script>alert(1)</script>&'\"\x1b]0;owned\x07\n{{ 7 * 7 }}[red]"
WORDS = st.sampled_from(["SUPPORTED", "REFUTED", "INCONCLUSIVE", "INVALID", None])

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., Path]:
    """A copy of the audit of the digits with another report.json."""

    def make(edit: Edit = lambda document: None, *, name: str = "edited") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for file in ("report.json", "trials.csv", "protocol.toml"):
            shutil.copy(DIGITS / file, folder / file)
        document = json.loads((DIGITS / "report.json").read_text("utf-8"))
        edit(document)
        (folder / "report.json").write_text(json.dumps(document), "utf-8")
        return folder

    return make


def held(one: Path, other: Path) -> Comparison:
    return compare(read_compared(one), read_compared(other))


def claim(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(entry for entry in document["claims"] if entry["id"] == name)
    return found


def pair(comparison: Comparison, name: str) -> ClaimPair:
    return next(entry for entry in comparison.claims if entry.id == name)


def lines(comparison: Comparison) -> list[str]:
    return [change.text for change in comparison.changes]


def invoke(*words: object, columns: int = 200) -> Result:
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(main, ["compare", *map(str, words)])


# --- effects --------------------------------------------------------------------------------------


def test_a_report_does_not_differ_from_itself() -> None:
    same = held(DIGITS, DIGITS)
    assert (same.changes, same.protocol, same.environment) == ((), (), ())
    assert same.same_protocol and not same.verdicts_differ
    measured = [cell for entry in same.claims for cell in entry.cells if cell.before.estimate]
    assert len(measured) > 15
    for cell in measured:
        assert (cell.change.estimate, cell.change.interval) == (0.0, None)
        assert cell.change.evidence == "same"
        assert change_of(cell.change) == "0.00, same networks"


def test_an_effect_on_other_data_changes_by_the_difference_with_an_interval_from_both() -> None:
    for name in ("premise", "vi", "uncertainty"):
        cell = pair(held(DIGITS, MNIST), name).headline
        one, other, change = cell.before, cell.after, cell.change
        assert change.evidence == "separate" and change.note == ""
        assert change.estimate == pytest.approx(other.estimate - one.estimate)
        down = math.hypot(other.estimate - other.interval[0], one.interval[1] - one.estimate)
        up = math.hypot(other.interval[1] - other.estimate, one.estimate - one.interval[0])
        assert change.interval == pytest.approx((change.estimate - down, change.estimate + up))


def test_the_other_way_round_every_change_has_the_other_sign() -> None:
    there, back = held(DIGITS, MNIST), held(MNIST, DIGITS)
    for one in there.claims:
        for cell, mirrored in zip(one.cells, pair(back, one.id).cells, strict=True):
            assert cell.name == mirrored.name
            assert cell.change.evidence == mirrored.change.evidence
            if cell.change.estimate is not None:
                assert mirrored.change.estimate == -cell.change.estimate
            if cell.change.interval is not None:
                low, high = cell.change.interval
                assert mirrored.change.interval == pytest.approx((-high, -low))


def test_a_cell_that_two_audits_share_rests_on_the_same_networks(tmp_path: Path) -> None:
    other = Path(shutil.copytree(MNIST, tmp_path / "other"))
    document = json.loads((other / "report.json").read_text("utf-8"))
    # The premise of the one is a cell of claim (iv) in the other, under another name.
    (shared,) = claim(document, "premise")["cells"]
    cells = claim(document, "iv")["cells"]
    name = "mnist-5k, simple_cnn"
    left = [cell for cell in cells if cell["name"] != name]
    claim(document, "iv")["cells"] = [*left, shared | {"name": name}]
    (other / "report.json").write_text(json.dumps(document), "utf-8")
    cells = {cell.name: cell for cell in pair(held(DIGITS, other), "iv").cells}
    assert cells[name].change.evidence == "same"
    assert cells["mlp"].change.evidence == "separate"


def rewrite_table(folder: Path, column: str, change: Callable[[str], str], *, arm: str) -> None:
    header, *rows = (folder / "trials.csv").read_text("utf-8").splitlines()
    place, which = header.split(",").index(column), header.split(",").index("arm")
    table = [header]
    for row in rows:
        values = row.split(",")
        if values[which] == arm:
            values[place] = change(values[place])
        table.append(",".join(values))
    (folder / "trials.csv").write_text("\n".join(table) + "\n", "utf-8")


def test_the_same_trials_with_other_counts_were_trained_again_and_have_an_interval(
    edited: Callable[..., Path],
) -> None:
    again = edited()
    rewrite_table(again, "true1_pred1", lambda count: str(int(count) + 1), arm="final_bn")
    change = pair(held(DIGITS, again), "premise").headline.change
    assert (change.evidence, change.note) == ("shared", "some trials in common")
    assert change.interval[0] < 0 < change.interval[1]


def test_trials_that_took_longer_are_the_same_networks(edited: Callable[..., Path]) -> None:
    slow = edited()
    rewrite_table(slow, "train_seconds", lambda seconds: "99", arm="final_bn")
    assert pair(held(DIGITS, slow), "premise").headline.change.evidence == "same"


def test_the_same_networks_judged_in_another_way_differ_without_chance(
    edited: Callable[..., Path],
) -> None:
    def shift(document: dict[str, Any]) -> None:
        cell = claim(document, "premise")["cells"][0]
        cell["estimate"] -= 0.05
        document["suite"]["version"] = "9"

    change = pair(held(DIGITS, edited(shift)), "premise").headline.change
    assert (change.evidence, change.interval) == ("same", None)
    assert change.estimate == pytest.approx(-0.05)


def test_an_end_without_a_bound_has_none_in_the_change(edited: Callable[..., Path]) -> None:
    def unbound(document: dict[str, Any]) -> None:
        claim(document, "premise")["cells"][0]["interval"][0] = None

    cell = pair(held(MNIST, edited(unbound)), "premise").headline
    assert cell.change.interval[0] is None and cell.change.interval[1] is not None
    assert "[−∞, " in change_of(cell.change)


def test_quantities_of_another_kind_are_not_subtracted(edited: Callable[..., Path]) -> None:
    def other(document: dict[str, Any]) -> None:
        claim(document, "vi")["cells"][0]["finding"]["kind"] = "effect"

    change = pair(held(MNIST, edited(other)), "vi").headline.change
    assert (change.estimate, change.note) == (None, "another kind of quantity")


def test_intervals_of_different_confidence_are_not_combined(edited: Callable[..., Path]) -> None:
    def wider(document: dict[str, Any]) -> None:
        document["protocol"]["reasons"]["statistics"]["confidence"]["value"] = 0.9

    comparison = held(MNIST, edited(wider))
    assert comparison.confidence is None
    change = pair(comparison, "premise").headline.change
    assert change.estimate is not None and change.interval is None
    assert change.note == "intervals of different confidence"


# --- words ----------------------------------------------------------------------------------------


def test_every_changed_word_is_one_line(edited: Callable[..., Path]) -> None:
    def change(document: dict[str, Any]) -> None:
        for entry in (claim(document, "vi"), claim(document, "vi")["cells"][0]):
            entry["verdict"] = "INVALID"
        claim(document, "v")["verdict"] = "INCONCLUSIVE"
        claim(document, "v")["cells"][0]["verdict"] = "INCONCLUSIVE"
        claim(document, "iii")["cells"][1]["name"] = "renamed"
        claim(document, "iv")["cells"][1]["verdict"] = "INVALID"
        document["claims"] = [e for e in document["claims"] if e["id"] != "alt-ranking"]

    comparison = held(DIGITS, edited(change))
    assert comparison.verdicts_differ
    assert lines(comparison) == [
        "claim (iii), cell fixed steps: was INCONCLUSIVE, is not there",
        "claim (iii), cell renamed: was not there, is INCONCLUSIVE",
        "claim (iv), cell mnist-5k, simple_cnn: was SUPPORTED, is INVALID",
        "claim (v): was REFUTED, is INCONCLUSIVE",
        "claim (vi): was REFUTED, is INVALID",
        "claim alt ranking: was SUPPORTED, is not there",
    ]


def test_a_changed_recommendation_is_told_wherever_a_comparison_is(
    edited: Callable[..., Path],
) -> None:
    def advising(**advice: str) -> Edit:
        def edit(document: dict[str, Any]) -> None:
            first = document["recommendation"][0]
            document["recommendation"] = [
                {**first, "name": name, "advice": said} for name, said in advice.items()
            ]

        return edit

    cell = {"iv: leaves, mlp": "use it"}
    one = edited(advising(premise="use it", mlp="not known", **cell), name="one")
    other = edited(advising(premise="not known", leaves="<b>", mlp="not known"), name="other")
    said = [
        "recommendation, premise: was use it, is not known",
        "recommendation, claim (iv), cell leaves, mlp: was use it, is no advice",
        "recommendation, leaves: was no advice, is <b>",
    ]
    comparison = held(one, other)
    assert [change.text for change in comparison.advice] == said
    assert [entry["text"] for entry in json.loads(json_of(comparison))["recommendation"]] == said
    assert all(line in invoke(one, other).output for line in said)
    assert all(f"- `{line}`" in markdown_of(comparison) for line in said)
    assert held(one, one).advice == ()
    # A report of a version that gave none has not changed its mind.
    assert held(one, edited(lambda d: d.pop("recommendation", None), name="old")).advice == ()


def budget(document: dict[str, Any]) -> None:
    """Leaves out all of claim (ii) and a cell of two others; the verdicts are those of such a run."""
    for name, cells in (("ii", (0, 1)), ("iii", (1,)), ("iv", (1,))):
        for place in cells:
            left_out(claim(document, name)["cells"][place])
    for name in ("i", "ii"):
        claim(document, name)["verdict"] = "INCONCLUSIVE"


def test_what_a_run_left_out_for_its_budget_is_no_changed_verdict(
    edited: Callable[..., Path],
) -> None:
    short = edited(budget)
    comparison = held(DIGITS, short)
    of = {(change.claim, change.cell): change for change in comparison.changes}
    # Its report says INCONCLUSIVE, for want of any evidence.
    assert of["ii", None].text == "claim (ii): was INCONCLUSIVE, is not judged"
    assert {of[place].kind for place in (("ii", None), ("iv", "mnist-5k, simple_cnn"))} == {
        "unjudged"
    }
    # A claim of which one cell was run has a word.
    assert of["i", None].text == "claim (i): was SUPPORTED, is INCONCLUSIVE"
    entry = {pair["id"]: pair for pair in json.loads(json_of(comparison))["claims"]}
    assert (entry["ii"]["after"]["judged"], entry["iv"]["after"]["judged"]) == (False, True)
    row = next(
        line
        for line in invoke(DIGITS, short, columns=100).output.splitlines()
        if line.startswith("(ii) ")
    )
    assert row.split()[1:5] == ["INCONCLUSIVE", "not", "judged", "–"]


def test_what_a_run_never_judged_is_listed_and_is_no_changed_verdict(
    edited: Callable[..., Path],
) -> None:
    def interrupt(document: dict[str, Any]) -> None:
        entry = claim(document, "v")
        for part in (entry, entry["cells"][0]):
            part |= {"verdict": "INCONCLUSIVE", "reason": "not judged: trials are missing"}
        entry["cells"][0]["state"] = "trials_missing"

    comparison = held(DIGITS, edited(interrupt))
    assert lines(comparison) == ["claim (v): was REFUTED, is not judged"]
    assert not comparison.verdicts_differ


CLAIM_WORDS = st.dictionaries(st.sampled_from("abc"), WORDS)
CELL_WORDS = st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), WORDS)
SIDES = st.builds(
    lambda claims, cells: Verdicts(claims=claims, cells=cells), CLAIM_WORDS, CELL_WORDS
)


@given(SIDES, SIDES)
def test_changes_are_complete_and_turn_round_with_the_sides(one: Verdicts, other: Verdicts) -> None:
    assert changes(one, one) == []
    there, back = changes(one, other), changes(other, one)
    mirrored = {"added": "removed", "removed": "added"}
    turned = {(c.claim, c.cell, mirrored.get(c.kind, c.kind), c.after, c.before) for c in back}
    assert {(c.claim, c.cell, c.kind, c.before, c.after) for c in there} == turned
    named = {(c.claim, c.cell) for c in there}
    for name in one.claims.keys() | other.claims.keys():
        differ = one.claims.get(name, "none") != other.claims.get(name, "none")
        assert ((name, None) in named) == differ
    for change in there:
        assert change.text.count("\n") == 0 and "None" not in change.text


# --- protocol and environment ---------------------------------------------------------------------


def test_numbers_of_the_protocol_that_differ_are_named_and_wordings_told_apart(
    edited: Callable[..., Path],
) -> None:
    other = edited()
    text = (other / "protocol.toml").read_text("utf-8")
    changed = text.replace("[statistics.margin]\nvalue = 0.10", "[statistics.margin]\nvalue = 0.2")
    changed = changed.replace('reason = "Symmetric to', 'reason = "Now not symmetric to')
    changed = re.sub(r'(name = "triple"\n.*\n.*\nmax_seeds = )32\n', r"\g<1>8\n", changed)
    assert changed.count("0.2\n") > text.count("0.2\n") and "max_seeds = 8" in changed
    (other / "protocol.toml").write_text(changed, "utf-8")
    comparison = held(DIGITS, other)
    assert not comparison.same_protocol
    found = {entry.place: entry for entry in comparison.protocol}
    assert set(found) == {
        "statistics.margin.value",
        "statistics.margin.reason",
        "claims.v.cells.triple.max_seeds",
    }
    margin = found["statistics.margin.value"]
    assert (margin.before, margin.after, margin.wording) == ("0.1", "0.2", False)
    assert found["statistics.margin.reason"].wording
    seeds = found["claims.v.cells.triple.max_seeds"]
    assert (seeds.before, seeds.after) == ("32", "8")
    shown = invoke(DIGITS, other)
    assert "differ in 2 values and 1 wording" in shown.output
    assert re.search(r"statistics\.margin\.value +0\.1 +0\.2", shown.output)


def test_a_comment_makes_another_protocol_without_another_entry(
    edited: Callable[..., Path],
) -> None:
    other = edited()
    with (other / "protocol.toml").open("a", encoding="utf-8") as file:
        file.write("# a remark\n")
    comparison = held(DIGITS, other)
    assert not comparison.same_protocol and comparison.protocol == ()
    assert "differ in comments or layout only" in invoke(DIGITS, other).output


def test_other_software_and_another_device_are_named(edited: Callable[..., Path]) -> None:
    def move(document: dict[str, Any]) -> None:
        document["environment"]["torch"] = "2.99"
        document["environment"]["driver"] = "570"
        document["selection"]["device"] = "cuda"
        document["run"]["workers"] = 64

    found = held(DIGITS, edited(move)).environment
    assert [(entry.place, entry.after) for entry in found] == [
        ("device", "cuda"),
        ("torch", "2.99"),
        ("driver", "570"),
    ]
    assert found[2].before is None


# --- output ---------------------------------------------------------------------------------------


def test_json_holds_the_numbers_of_both_reports_and_their_changes() -> None:
    result = invoke(DIGITS, MNIST, "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["schema"] == 1 and document["verdicts_differ"] is True
    assert document["before"]["report"] == "quick-digits"
    assert [change["text"] for change in document["changes"]] == lines(held(DIGITS, MNIST))
    source = json.loads((MNIST / "report.json").read_text("utf-8"))
    assert [entry["id"] for entry in document["claims"]] == [e["id"] for e in source["claims"]]
    for entry in document["claims"]:
        for cell, stated in zip(entry["cells"], claim(source, entry["id"])["cells"], strict=True):
            assert (cell["after"]["estimate"], cell["after"]["interval"]) == (
                stated["estimate"],
                stated["interval"],
            )


def test_every_entry_of_the_json_is_documented(edited: Callable[..., Path]) -> None:
    page = (REPORTS.parent / "docs" / "comparing.md").read_text("utf-8")
    table = page.partition("### As JSON")[2].partition("\n## ")[0]

    def other(document: dict[str, Any]) -> None:
        budget(document)
        document["environment"]["driver"] = "570"
        document["recommendation"][0]["advice"] = "use it"

    short = edited(other)
    with (short / "protocol.toml").open("a", encoding="utf-8") as file:
        file.write("[more]\nvalue = 1\n")
    document = json.loads(json_of(held(MNIST, short)))
    lists = ("changes", "recommendation", "protocol", "environment", "claims")
    assert all(document[name] for name in lists)

    def names(part: Any) -> set[str]:
        if isinstance(part, list):
            return set().union(*map(names, part))
        return set().union(part, *map(names, part.values())) if isinstance(part, dict) else set()

    assert names(document) - set(re.findall(r"`(\w+)`", table)) == set()
    assert document["schema"] == 1


def test_lines_are_the_changes_and_nothing_else() -> None:
    result = invoke(DIGITS, MNIST, "--lines")
    assert result.stdout.splitlines() == lines(held(DIGITS, MNIST))
    assert invoke(DIGITS, DIGITS, "--lines").stdout == ""


@pytest.mark.parametrize(
    ("second", "options", "code"),
    [
        (DIGITS, (), 0),
        (DIGITS, ("--fail-on-change",), 0),
        (MNIST, (), 0),
        (MNIST, ("--json",), 0),
        (MNIST, ("--fail-on-change",), 1),
        (MNIST, ("--fail-on-change", "--lines"), 1),
        (MNIST, ("--json", "--lines"), 2),
        (REPORTS / "nowhere", (), 2),
        (REPORTS, (), 2),
    ],
)
def test_exit_codes(second: Path, options: tuple[str, ...], code: int) -> None:
    result = invoke(DIGITS, second, *options)
    assert result.exit_code == code, result.output
    if code == 2:
        assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize(("columns", "wide"), [(160, True), (80, False)])
def test_a_narrow_terminal_has_no_room_for_the_effects_of_each_side(
    columns: int, wide: bool
) -> None:
    output = invoke(DIGITS, MNIST, columns=columns).output
    cell = pair(held(DIGITS, MNIST), "premise").headline
    assert (effect_of(cell.before) in output) == wide
    change = re.escape(change_of(cell.change))
    assert re.search(rf"premise +SUPPORTED +{cell.after.verdict} .*{change}", output)
    assert max(map(len, output.splitlines())) <= columns


@pytest.mark.parametrize("columns", [80, 120, 160])
def test_the_table_names_claims_as_the_list_does_and_breaks_no_word(
    edited: Callable[..., Path], columns: int
) -> None:
    def change(document: dict[str, Any]) -> None:
        for name in ("iii", "alt-weighted-loss", "uncertainty-balanced"):
            claim(document, name)["verdict"] = "INVALID"
        claim(document, "iv")["cells"][1]["name"] = long

    long = "fixed epochs, imbalanced ratios only"
    lines = invoke(DIGITS, edited(change), columns=columns).output.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("claim, cell"))
    # Rich takes what stands in brackets for markup, unless it is told not to.
    assert lines[start].endswith("change [interval]")
    table = lines[start + 2 : lines.index("", start)]
    width = lines[start].index("first")
    said = " ".join(" ".join(line[:width] for line in table).split())
    names = re.findall(r"^  claim ([^:,]+)", "\n".join(lines[:start]), re.MULTILINE)
    assert {"(iii)", "alt weighted loss", "uncertainty balanced"} <= set(names)
    assert all(name in said for name in names)
    assert long in said


def test_a_value_as_long_as_a_page_is_cut_where_people_read_and_whole_in_json(
    edited: Callable[..., Path],
) -> None:
    short = edited()
    # As a budget lists the cells that it left out.
    cells = [f"claim-{n}; cell a, b" for n in range(150)]
    with (short / "protocol.toml").open("a", encoding="utf-8") as file:
        file.write(f"[left_out]\nvalue = {json.dumps(cells)}\n")
    output = invoke(DIGITS, short, columns=100).output
    assert "(--json has it whole)" in " ".join(output.split())
    assert "claim-149; cell" not in output
    assert "claim-149; cell" in invoke(DIGITS, short, "--json").output


def hostile(document: dict[str, Any]) -> None:
    """Puts a text that would be markup, escape codes and templates wherever there is text."""
    for entry in document["claims"]:
        entry |= {"sentence": HOSTILE, "title": HOSTILE, "reason": HOSTILE}
        entry["cells"][0] |= {"name": HOSTILE, "setting": HOSTILE, "reason": HOSTILE}
        if entry["cells"][0]["finding"]:
            entry["cells"][0]["finding"]["label"] = HOSTILE
    document["claims"][0]["id"] = HOSTILE
    document["environment"] = {HOSTILE: HOSTILE}
    document["generated"] = HOSTILE
    document["suite"]["version"] = HOSTILE
    document["selection"] |= {"dataset": HOSTILE, "device": HOSTILE, "majority": [HOSTILE]}
    document["protocol"] |= {"name": HOSTILE, "title": HOSTILE}


def test_nothing_in_a_report_becomes_markup_or_steers_the_terminal(
    edited: Callable[..., Path],
) -> None:
    other = edited(hostile)
    with (other / "protocol.toml").open("a", encoding="utf-8") as file:
        file.write(f'["{"<b>" * 3}"]\nvalue = "<script>\\u001b[31m"\n')
    comparison = held(DIGITS, other)
    for page in (markdown_of(comparison), markdown_of(held(other, DIGITS))):
        # What stands between two backticks is shown as it is; no line has an odd number of them.
        outside = re.sub(r"`[^`\n]*`", "", page)
        assert "script" in page and "<" not in outside and "`" not in outside
        assert "{{" not in outside and "\x1b" not in page
        rows = [line for line in page.splitlines() if line.startswith("|")]
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4, 7}
    for options in ((), ("--json",), ("--lines",), ("--markdown",)):
        result = invoke(DIGITS, other, *options)
        assert result.exit_code == 0, result.output
        assert "\x1b" not in result.stdout and "\x07" not in result.stdout
    assert json.loads(json_of(comparison))["schema"] == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "not valid JSON"),
        (b"\xff", "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"schema": 4}', "reads reports of schema 3"),
        (b'{"schema": 2}', "of protocol generation 1"),
        (b'{"schema": 1, "generated": NaN}', "NaN is not a number"),
    ],
)
def test_what_is_no_report_is_refused_in_one_sentence(
    edited: Callable[..., Path], content: bytes, words: str
) -> None:
    other = edited()
    (other / "report.json").write_bytes(content)
    result = invoke(other, DIGITS)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1 and words in result.stderr


def set_path(*path: str | int, to: Any) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        *way, last = path
        place: Any = document
        for step in way:
            place = place[step]
        place[last] = to

    return edit


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (
            set_path("claims", 0, "verdict", to="PROVEN"),
            "claims.0.verdict: input should be 'SUPPORTED'",
        ),
        (set_path("claims", 0, "cells", 0, "estimate", to="0.5"), "claims.0.cells.0.estimate"),
        (set_path("claims", 0, "cells", 0, "estimate", to=10**400), "claims.0.cells.0.estimate"),
        (set_path("claims", 0, "cells", 0, "seeds", to=-1), "claims.0.cells.0.seeds"),
        (set_path("claims", 0, "cells", 0, "interval", to=[0.1]), "claims.0.cells.0.interval"),
        (set_path("claims", 0, "id", to="i"), "claims: value error, a name is there twice"),
    ],
)
def test_a_report_with_parts_that_are_none_is_refused_in_one_sentence(
    edited: Callable[..., Path], edit: Edit, words: str
) -> None:
    result = invoke(edited(edit), DIGITS)
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1 and words in result.stderr


def test_an_infinite_number_is_refused(edited: Callable[..., Path]) -> None:
    other = edited(set_path("claims", 0, "cells", 0, "estimate", to="here"))
    text = (other / "report.json").read_text("utf-8").replace('"here"', "1e999")
    (other / "report.json").write_text(text, "utf-8")
    assert "finite" in invoke(other, DIGITS).stderr


@pytest.mark.parametrize("file", ["trials.csv", "protocol.toml", "report.json"])
def test_a_link_or_a_missing_file_is_refused_by_name(
    edited: Callable[..., Path], file: str
) -> None:
    other = edited()
    (other / file).unlink()
    missing = invoke(DIGITS, other)
    os.symlink(DIGITS / file, other / file)
    for result in (missing, invoke(DIGITS, other)):
        assert result.exit_code == 2
        assert file in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["margin = ", "a" + ".a" * 2_000 + " = 1"])
def test_a_protocol_that_cannot_be_read_is_refused_in_one_sentence(
    edited: Callable[..., Path], text: str
) -> None:
    other = edited()
    (other / "protocol.toml").write_text(text, "utf-8")
    result = invoke(other, other)
    assert result.exit_code == 2
    assert "protocol.toml" in result.stderr and result.stderr.count("\n") == 1


def test_markdown_has_a_row_for_every_claim_and_cell_with_its_change() -> None:
    result = invoke(DIGITS, MNIST, "--markdown")
    comparison = held(DIGITS, MNIST)
    assert result.exit_code == 0 and result.output == markdown_of(comparison)
    table = [line for line in result.output.splitlines() if line.startswith("| ")]
    cells = sum(cell is not claim.headline for claim in comparison.claims for cell in claim.cells)
    start = next(n for n, line in enumerate(table) if line.startswith("| claim, cell"))
    rows = table[start + 2 : start + 2 + len(comparison.claims) + cells]
    assert sum(row.startswith("| `") for row in rows) == len(comparison.claims)
    assert sum(row.startswith("| &emsp;`") for row in rows) == cells
    premise = pair(comparison, "premise").headline
    assert change_of(premise.change) in next(row for row in rows if "`premise`" in row)


def test_one_form_is_printed_at_a_time() -> None:
    for forms in (("--json", "--lines"), ("--lines", "--markdown")):
        refused = invoke(DIGITS, MNIST, *forms)
        assert refused.exit_code == 2 and refused.stderr.startswith("error: --json, --lines and")
