"""The page of findings says what the committed reports say, number by number."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from bnclaims.errors import BnclaimsError
from fixtures.committed import FINDINGS, SCRATCH

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("findings", ROOT / "docs/findings.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_has_the_tables_and_numbers_of_the_committed_reports(script: ModuleType) -> None:
    text = script.PAGE.read_text(encoding="utf-8")
    assert script.filled(text) == text


def test_every_audit_of_findings_is_named(script: ModuleType) -> None:
    text = script.PAGE.read_text(encoding="utf-8")
    for name in FINDINGS:
        assert f"(`reports/{name}`)" in text, name


def test_no_number_of_a_sentence_is_typed(script: ModuleType) -> None:
    """A share or a score outside tables and marks could be anybody's."""
    text = script.PAGE.read_text(encoding="utf-8")
    prose = re.sub(r"<!-- = .+?<!-- / -->", "", text, flags=re.DOTALL)
    lines = [line for line in prose.splitlines() if not line.startswith("|")]
    assert re.findall(r"(?<![\w.])-?\.\d\d\b", "\n".join(lines)) == [".10"] * "\n".join(
        lines
    ).count(".10")


def test_a_number_is_the_mean_or_the_estimate_of_what_its_mark_names(script: ModuleType) -> None:
    name, cell = SCRATCH[0], "simple_cnn"
    frame = script.read(name).evidence("premise", cell)["j"].xs(("final_bn", "kept"), level=(2, 3))
    mark = f"{name} | {cell} | final_bn | kept | j"
    assert script.value(mark) == script.short(float(frame.mean()))
    (premise,) = [claim for claim in script.read(name).report.claims if claim.id == "premise"]
    finding = premise.cells[0].finding
    estimate = next(one.estimate for one in finding.scores if one.metric == "j")
    gain = script.value(f"{name} | premise | {cell} | j")
    assert gain.startswith(f"{script.short(estimate)} [")
    text = f"It gains <!-- = {name} | premise | {cell} | j -->9<!-- / -->."
    assert script._NUMBER.sub(lambda m: f"{m[1]}{script.value(m[2])}{m[3]}", text) == text.replace(
        ">9<", f">{gain}<"
    )


def test_a_mark_that_asks_for_nothing_is_refused(script: ModuleType) -> None:
    for what in (
        f"{SCRATCH[0]} | premise | no such cell | j",
        "premise",
        f"{SCRATCH[0]} | a | b | c | d",
    ):
        with pytest.raises((SystemExit, ValueError, KeyError, BnclaimsError)):
            script.value(what)


def test_the_picture_of_why_is_drawn_from_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    spec = importlib.util.spec_from_file_location("why_picture", ROOT / "docs/why_picture.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    drawn = module.picture()
    assert drawn.count("<svg") == 1 and len(drawn) > 10_000
    assert drawn == module.picture()
    assert module.PICTURE.is_file()
