"""Linked data of a report: audit, paper and verdicts in the words of schema.org, for page and crate alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, TypeAlias
from urllib.parse import quote

from pydantic import JsonValue

from bnclaims.report.model import Report, StatedClaim
from bnclaims.report.model_parts import StatedDataset, StatedPaper
from bnclaims.report.remedies import own_questions

Entity: TypeAlias = dict[str, JsonValue]

SUITE: Final = "#suite"
PAPER: Final = "#paper"
MIT: Final = "https://spdx.org/licenses/MIT"


def entities(report: Report) -> list[Entity]:
    """All that a report is about, flat: the report itself comes first, and its id is ``./``."""
    reviews = [entity for claim in report.claims for entity in _reviewed(report, claim)]
    return [
        _report(report),
        {
            "@id": SUITE,
            "@type": "SoftwareApplication",
            "name": report.suite.name,
            "softwareVersion": report.suite.version,
            "license": link(MIT),
            "softwareRequirements": [
                f"{name} {version}" for name, version in report.environment.items()
            ],
            **({"identifier": f"commit {report.run.commit}"} if report.run.commit else {}),
        },
        {
            "@id": MIT,
            "@type": "CreativeWork",
            "name": "MIT License",
            "identifier": "MIT",
            "description": "Of what the suite wrote; images of datasets have licences of their own.",
        },
        *([] if own_questions(report) else _paper(report.paper)),
        *(_dataset(data) for data in report.data),
        *reviews,
    ]


def link(identifier: str) -> dict[str, JsonValue]:
    """A reference to an entity."""
    return {"@id": identifier}


def rating_of(claim: StatedClaim) -> str:
    """The verdict of a claim, or why it has none."""
    if claim.judged and claim.findings:
        return str(claim.verdict)
    return "not judged" if claim.tested else "not tested"


def review_id(claim: str) -> str:
    """The id of the review of a claim."""
    return f"#review-{quote(claim, safe='', errors='replace')}"


def in_page(report: Report) -> str:
    """The entities as one JSON text that may stand in a page: it holds no tag."""
    graph = {"@context": "https://schema.org", "@graph": entities(report)}
    return json.dumps(graph, separators=(",", ":")).replace("<", "\\u003c")


def _report(report: Report) -> Entity:
    protocol = report.protocol
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Claim audit: {report.on}, protocol {protocol.name}",
        "description": (
            f"{len(report.claims)} {_subject(report)}, judged on {report.on} by "
            f"protocol {protocol.name} (sha256 {protocol.sha256}). Each review is of one claim as that "
            "protocol reads it."
        ),
        "datePublished": report.generated,
        # Whose images they are can also say under what licence their predictions are passed on.
        **({} if report.selection.dataset.startswith("folder:") else {"license": link(MIT)}),
        "creator": link(SUITE),
        # Own questions test no paper.
        **({} if own_questions(report) else {"about": link(PAPER)}),
        "isBasedOn": [link(_dataset_id(data)) for data in report.data],
        "mentions": [link(review_id(claim.id)) for claim in report.claims],
    }


def _subject(report: Report) -> str:
    if own_questions(report):
        return "questions about what helps a rare class"
    return f"claims about {report.paper.subject}"


def _paper(paper: StatedPaper) -> Iterator[Entity]:
    authors: list[Entity] = [
        {"@id": f"#author-{number}", "@type": "Person", "name": name}
        for number, name in enumerate(paper.authors, start=1)
    ]
    places = (
        f"https://arxiv.org/abs/{quote(paper.arxiv)}" if paper.arxiv else None,
        f"https://doi.org/{quote(paper.doi)}" if paper.doi else None,
        paper.url,
    )
    yield {
        "@id": PAPER,
        "@type": "ScholarlyArticle",
        "name": paper.title,
        "author": [link(str(author["@id"])) for author in authors],
        **({"datePublished": str(paper.year)} if paper.year else {}),
        "sameAs": [place for place in places if place],
    }
    yield from authors


def _dataset_id(data: StatedDataset) -> str:
    return f"#dataset-{quote(data.name, safe='', errors='replace')}"


def _dataset(data: StatedDataset) -> Entity:
    return {
        "@id": _dataset_id(data),
        "@type": "Dataset",
        "name": data.title,
        "description": f"{data.source}. {data.citation}",
        "license": data.licence,
    }


def _reviewed(report: Report, claim: StatedClaim) -> Iterator[Entity]:
    review = review_id(claim.id)
    yield {
        "@id": review,
        # What was simulated is no finding on a paper's claim.
        "@type": "ClaimReview" if report.run.synthetic_world is None else "Review",
        "identifier": claim.id,
        "claimReviewed": claim.sentence,
        "itemReviewed": link(f"{review}-claim"),
        "reviewRating": link(f"{review}-rating"),
        "author": link(SUITE),
        "datePublished": report.generated,
        "reviewBody": claim.reading,
    }
    yield {
        "@id": f"{review}-claim",
        "@type": "Claim",
        "name": claim.title,
        # A question of the suite's own stands in no paper.
        **({} if claim.own else {"appearance": link(PAPER)}),
    }
    # Verdicts are words on no scale.
    yield {
        "@id": f"{review}-rating",
        "@type": "Rating",
        "ratingValue": rating_of(claim),
        "ratingExplanation": claim.reason,
    }
