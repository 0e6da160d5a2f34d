"""Differences between the crate of a report and the report beside which it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bnclaims.errors import BnclaimsError
from bnclaims.report.crate import crate_sha256
from bnclaims.report.files import CRATE, REPORT, sha256
from bnclaims.report.formatting import shown
from bnclaims.report.linked_data import Entity, rating_of, review_id
from bnclaims.report.model import Report
from bnclaims.report.reading.untrusted_files import parse_json
from bnclaims.report.verify.row_differences import bare


def crate_differences(crate: bytes, report: Report, files: Mapping[str, bytes]) -> Iterator[str]:
    """A sentence for everything in which a crate differs from its report and from other ``files``.

    `BnclaimsError` where it is no crate.
    """
    graph = _graph(crate)
    stated = {name: str(of["sha256"]) for name, of in graph.items() if "sha256" in of}
    for name, data in files.items():
        if stated.get(name) != (found := sha256(data)):
            yield (
                f"{CRATE}: states sha256 {bare(stated.get(name, 'none'))} of {name}, which has {found}"
            )
    for claim in report.claims:
        rating = graph.get(f"{review_id(claim.id)}-rating", {}).get("ratingValue")
        if rating != rating_of(claim):
            yield (
                f"{CRATE}: claim {bare(claim.id)}: rated {shown(rating)}, {REPORT} states "
                f"{shown(rating_of(claim))}"
            )
    own, expected = crate_sha256(crate, stated), report.files.get(CRATE, "none")
    if own != expected:
        yield f"{CRATE}: has sha256 {own}, {REPORT} states {bare(expected)}"


def _graph(crate: bytes) -> dict[str, Entity]:
    try:
        document = parse_json(crate)
        return {str(entity["@id"]): dict(entity) for entity in document["@graph"]}
    except (ValueError, LookupError, TypeError) as error:
        raise BnclaimsError(
            f"{CRATE}: no RO-Crate metadata ({type(error).__name__}: {error}); fetch the report again."
        ) from error
