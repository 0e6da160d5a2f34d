"""The RO-Crate of a report and the same data in its page, read by libraries of other people."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from rocrate.rocrate import ROCrate

from bnclaims.report.crate import crate_sha256
from bnclaims.report.files import CRATE, sha256
from bnclaims.report.linked_data import entities, in_page, rating_of, review_id
from bnclaims.report.model import Report, parse_report
from bnclaims.report.schemas import SCHEMA
from fixtures.committed import AUDITS, REMEDIES, REPORTS
from fixtures.sample_report import HOSTILE, sample_document

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"


def stated(folder: Path) -> Report:
    return parse_report((folder / "report.json").read_bytes())[1]


@pytest.mark.parametrize("name", AUDITS)
def test_the_crate_of_a_committed_report_names_its_files_software_and_paper(name: str) -> None:
    folder, report = REPORTS / name, stated(REPORTS / name)
    crate = ROCrate(folder)
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != CRATE}
    described = {entity.id: entity for entity in crate.data_entities}
    assert described.keys() == files.keys()
    for file, data in files.items():
        assert described[file]["sha256"] == sha256(data)
        assert described[file]["contentSize"] == str(len(data))
    suite, paper = crate.root_dataset["creator"], crate.root_dataset.get("about")
    assert (suite["name"], suite["softwareVersion"]) == ("bnclaims", report.suite.version)
    if name in REMEDIES:
        assert paper is None
    else:
        assert paper["sameAs"][0] == "https://arxiv.org/abs/2109.09016"
        assert [author["name"] for author in paper["author"]] == [*report.paper.authors]
    assert crate.root_dataset["datePublished"] == report.generated


@pytest.mark.parametrize("name", AUDITS)
def test_every_claim_is_reviewed_with_its_verdict_in_crate_and_page(name: str) -> None:
    folder, report = REPORTS / name, stated(REPORTS / name)
    expected = [(claim.id, claim.sentence, rating_of(claim)) for claim in report.claims]
    reviews = ROCrate(folder).root_dataset["mentions"]
    assert {review.type for review in reviews} == {"ClaimReview"}
    assert expected == [
        (review["identifier"], review["claimReviewed"], review["reviewRating"]["ratingValue"])
        for review in reviews
    ]
    graph = {entity["@id"]: entity for entity in in_the_page(folder)}
    own = [entity for entity in graph.values() if entity["@type"] == "ClaimReview"]
    assert expected == [
        (e["identifier"], e["claimReviewed"], graph[e["reviewRating"]["@id"]]["ratingValue"])
        for e in own
    ]


@pytest.mark.parametrize("name", AUDITS)
def test_only_sentences_of_the_paper_are_said_to_stand_in_it(name: str) -> None:
    report = stated(REPORTS / name)
    theirs = {
        f"{review_id(claim.id)}-claim" for claim in report.claims if claim.source != "this audit"
    }
    for graph in (in_the_page(REPORTS / name), entities(report)):
        assert {e["@id"] for e in graph if e["@type"] == "Claim" and "appearance" in e} == theirs


def in_the_page(folder: Path) -> list[dict[str, Any]]:
    page = (folder / "index.html").read_text(encoding="utf-8")
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    graph: list[dict[str, Any]] = json.loads(text)["@graph"]
    return graph


def test_every_reference_of_a_crate_leads_somewhere() -> None:
    graph = json.loads((GOLDEN / f"schema-{SCHEMA}" / CRATE).read_bytes())["@graph"]
    known = {entity["@id"] for entity in graph}
    assert len(known) == len(graph)
    named = re.findall(r'\{"@id": "([^"]+)"\}', json.dumps(graph))
    assert {name for name in named if name not in known} == {"https://w3id.org/ro/crate/1.1"}


def test_a_simulated_verdict_is_no_review_of_a_paper_s_claim() -> None:
    reviews = ROCrate(GOLDEN / f"schema-{SCHEMA}").root_dataset["mentions"]
    assert {review.type for review in reviews} == {"Review"}


def test_what_a_user_called_things_stays_text_in_the_page() -> None:
    document = sample_document()
    document["claims"][0]["sentence"] = HOSTILE
    text = in_page(Report.model_validate(document))
    assert "<" not in text
    assert HOSTILE in [entity.get("claimReviewed") for entity in json.loads(text)["@graph"]]


def test_what_was_not_judged_has_no_verdict() -> None:
    report = stated(REPORTS / "transfer-elpv")
    ratings = {claim.id: rating_of(claim) for claim in report.claims}
    assert (ratings["v"], ratings["iv"], ratings["vi"]) == (
        "not tested",
        "not judged",
        "INCONCLUSIVE",
    )


def test_the_hash_of_a_crate_is_that_of_all_but_the_two_that_name_it() -> None:
    one, other = "a" * 64, "b" * 64
    crates = [f'"{digest}" "{digest}" x'.encode() for digest in (one, other)]
    first, second = (
        crate_sha256(crate, {"report.json": digest, "index.html": "a"})
        for crate, digest in zip(crates, (one, other), strict=True)
    )
    assert first == second
    assert crate_sha256(crates[0], {"trials.csv": one}) == sha256(crates[0])
