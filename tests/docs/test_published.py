"""What the repository tells archives and other programs: the same title, version and reports everywhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from fixtures.committed import AUDITS, REPORTS

yaml = pytest.importorskip(
    "yaml", reason="reads CITATION.cff and codecheck.yml: pip install pyyaml"
)

ROOT = Path(__file__).parents[2]


def read(name: str) -> dict[str, Any]:
    text = (ROOT / name).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text) if name.endswith("json") else yaml.safe_load(text)
    return found


def test_citation_archive_and_package_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    cited, archived, checked = map(read, ("CITATION.cff", ".zenodo.json", "codecheck.yml"))
    assert cited["title"] == archived["title"] == checked["paper"]["title"]
    assert project["version"] == cited["version"] == archived["version"]
    assert project["license"] == cited["license"] == archived["license"]
    assert project["keywords"] == archived["keywords"]
    authors = [author["name"] for author in project["authors"]]
    for others in (cited["authors"], archived["creators"], checked["paper"]["authors"]):
        assert [other["name"] for other in others] == authors
    papers = [entry["identifier"] for entry in archived["related_identifiers"]]
    for reference in cited["references"]:
        assert reference["url"].replace("https://arxiv.org/abs/", "arXiv:") in papers


def test_a_codecheck_is_prepared_for_every_committed_report_and_claims_nothing() -> None:
    checked = read("codecheck.yml")
    manifest = {Path(entry["file"]).parent.name: entry for entry in checked["manifest"]}
    assert sorted(manifest) == [*AUDITS]
    told = (REPORTS / "README.md").read_text(encoding="utf-8")
    # The same words, without code marks and links.
    told = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", told).replace("`", "")
    for name, entry in manifest.items():
        assert (ROOT / entry["file"]).is_file()
        assert f"| {name} | {entry['comment']} |" in told
    assert not checked.keys() & {"certificate", "codechecker", "check_time", "report"}


def test_thirty_lines_with_two_libraries_list_every_verdict_of_every_report() -> None:
    script = ROOT / "examples" / "list_verdicts.py"
    text = script.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 30
    imported = set(re.findall(r"^(?:from|import) ([a-z0-9]+)", text, re.MULTILINE))
    assert imported - set(sys.stdlib_module_names) == {"rocrate", "jsonschema"}
    done = subprocess.run(
        [sys.executable, str(script), "reports", "docs/report.schema.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    listed: dict[str, dict[str, str]] = {}
    for line in done.stdout.splitlines():
        name, claim, rating = line.split("\t")
        listed.setdefault(name, {})[claim] = rating
    # What a user's runs have left beside the committed reports is none of this test's business.
    assert {*listed} >= {*AUDITS}
    for name in AUDITS:
        ratings = listed[name]
        claims = json.loads((REPORTS / name / "report.json").read_bytes())["claims"]
        assert [*ratings] == [claim["id"] for claim in claims]
        verdicts = {claim["id"]: claim["verdict"] for claim in claims}
        unjudged = {"not judged", "not tested"}
        assert all(ratings[c] in (verdicts[c], *unjudged) for c in verdicts)
        assert len(unjudged & {*ratings.values()}) < len({*ratings.values()})
