"""RO-Crate of a report: its files with hashes, the suite, the paper and every verdict, for other programs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from bnclaims.report.files import (
    CRATE,
    JUNIT,
    PAGE,
    PAGE_PLACEHOLDER,
    PLACEHOLDER,
    PREDICTIONS,
    PROTOCOL,
    REPORT,
    TABLE,
    sha256,
)
from bnclaims.report.linked_data import SUITE, Entity, entities, link
from bnclaims.report.model import Report

# https://www.researchobject.org/ro-crate/specification/1.1: its context lacks schema.org's word for a hash.
PROFILE: Final = "https://w3id.org/ro/crate/1.1"
CONTEXT: Final[list[JsonValue]] = [
    f"{PROFILE}/context",
    {
        "sha256": "https://schema.org/sha256",
        "ratingExplanation": "https://schema.org/ratingExplanation",
    },
]
_DIGEST: Final = re.compile("[0-9a-f]{64}")
# What each file is, and its type.
_FILES: Final = {
    REPORT: ("Every number and verdict of the audit", "application/json"),
    TABLE: ("Counts of every trained network and readout", "text/csv"),
    PREDICTIONS: ("Predictions of every trained network", "application/zip"),
    PROTOCOL: ("Protocol by which the claims were judged", "application/toml"),
    PAGE: ("The audit as a page", "text/html"),
    JUNIT: ("The run as a build server reads it", "application/xml"),
}


def crate_of(report: Report, files: Mapping[str, tuple[str, int]]) -> bytes:
    """The bytes of the crate; ``files`` gives the sha256 and the size of every other file by name."""
    described, *others = entities(report)
    graph: list[JsonValue] = [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "conformsTo": link(PROFILE),
            "about": link("./"),
        },
        {**described, "hasPart": [link(name) for name in files]},
        *(_file(name, *identity) for name, identity in files.items()),
        {
            "@id": "#audit",
            "@type": "CreateAction",
            "name": f"Audit by protocol {report.protocol.name}",
            "instrument": link(SUITE),
            "endTime": report.generated,
            "object": link(PROTOCOL),
            "result": [link(name) for name in files if name != PROTOCOL],
        },
        *others,
    ]
    return (json.dumps({"@context": CONTEXT, "@graph": graph}, indent=1) + "\n").encode()


def _file(name: str, digest: str, size: int) -> Entity:
    description, kind = _FILES[name]
    return {
        "@id": name,
        "@type": "File",
        "name": description,
        "encodingFormat": kind,
        "sha256": digest,
        "contentSize": str(size),
    }


def crate_sha256(crate: bytes, files: Mapping[str, str]) -> str:
    """Hash of a crate that does not depend on the hashes of ``report.json`` and of the page in it.

    ``files`` are the hashes that the crate states, by name.
    """
    for name, placeholder in ((REPORT, PLACEHOLDER), (PAGE, PAGE_PLACEHOLDER)):
        # Nothing shorter: a single letter in the place of a hash would stand everywhere.
        if _DIGEST.fullmatch(stated := files.get(name, "")):
            crate = crate.replace(stated.encode(), placeholder.encode())
    return sha256(crate)
