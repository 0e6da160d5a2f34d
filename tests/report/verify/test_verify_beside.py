"""What stands beside the verdicts of a report is recomputed where the report is checked."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bnclaims.audit.claim import Claim, discover
from bnclaims.audit.judge import audit
from bnclaims.report.verify.verify import verify
from bnclaims.report.write import contents
from bnclaims.run.inventory import selection_here
from bnclaims.training.synthetic import trainer
from fixtures.projects import with_every_claim

CLAIMS = [
    claim
    for claim in discover(Path(__file__).parents[3] / "claims")
    if claim.id in ("premise", "i", "alt-threshold")
]


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    protocol = with_every_claim(claim.id for claim in CLAIMS)
    made = audit(CLAIMS, protocol, selection_here("digits"), trainer("effect"))
    return contents(made, generated=datetime.datetime.fromtimestamp(0, datetime.UTC))


def problems(files: dict[str, bytes], folder: Path, claims: list[Claim] = CLAIMS) -> list[str]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [problem for problem in verify(folder, claims).problems if "sha256" not in problem]


def _specific(document: Any) -> None:
    effect = document["claims"][0]["cells"][0]["beside"]["effects"][0]
    effect["specific"]["word"] = "specific"


def _share(document: Any) -> None:
    document["claims"][0]["summary"]["threshold"]["estimate"] = 0.1


def _retained(document: Any) -> None:
    document["claims"][1]["cells"][0]["beside"]["effects"][0]["retained"]["below_half"] = True


def _answer(document: Any) -> None:
    document["claims"][2]["cells"][0]["answer"] = "worse"


def _dead(document: Any) -> None:
    document["claims"][0]["cells"][0]["beside"]["networks"][0]["dead"] += 1


def _chance(document: Any) -> None:
    document["only_chance"] = True


def _advice(document: Any) -> None:
    document["recommendation"][0]["training"] = "use it"


def test_a_report_as_written_has_no_problem(files: dict[str, bytes], tmp_path: Path) -> None:
    assert problems(files, tmp_path) == []


@pytest.mark.parametrize("change", [_specific, _share, _retained, _answer, _dead, _chance, _advice])
def test_a_changed_word_beside_a_verdict_is_found(
    change: Callable[[Any], None], files: dict[str, bytes], tmp_path: Path
) -> None:
    document = json.loads(files["report.json"])
    change(document)
    found = problems(files | {"report.json": json.dumps(document).encode()}, tmp_path)
    assert len(found) == 1 and found[0].startswith("report.json: ")
