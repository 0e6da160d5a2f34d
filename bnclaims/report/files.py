"""Files of a report: their names, their largest sizes, their hashes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

REPORT: Final = "report.json"
TABLE: Final = "trials.csv"
PREDICTIONS: Final = "predictions.npz"
PROTOCOL: Final = "protocol.toml"
PAGE: Final = "index.html"
# What pytest says of the run.
JUNIT: Final = "junit.xml"
# All of it for other programs: RO-Crate metadata.
CRATE: Final = "ro-crate-metadata.json"
# What authors of the paper answer: shown on the page, and no part of what is checked.
REPLY: Final = "reply.md"

_MEGABYTE: Final = 2**20
LIMITS: Final[Mapping[str, int]] = {
    REPORT: 64 * _MEGABYTE,
    TABLE: 128 * _MEGABYTE,
    PREDICTIONS: 512 * _MEGABYTE,
    PROTOCOL: _MEGABYTE,
    PAGE: 128 * _MEGABYTE,
    JUNIT: 64 * _MEGABYTE,
    CRATE: 64 * _MEGABYTE,
}

# The page names the hash of report.json, which names the hash of the page: for the latter, this
# stands in the page where the former will be. So it is with the crate, which names the page, too.
PLACEHOLDER: Final = hashlib.sha256(b"report.json").hexdigest()
PAGE_PLACEHOLDER: Final = hashlib.sha256(b"index.html").hexdigest()
_META: Final = re.compile(rb'<meta name="report-sha256" content="([0-9a-f]{64})"')


def sha256(data: bytes) -> str:
    """Hexadecimal sha256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def named_in_page(page: bytes) -> str | None:
    """The hash of ``report.json`` that a page says it was made of."""
    found = _META.findall(page)
    return found[0].decode() if len(found) == 1 else None


def page_sha256(page: bytes) -> str:
    """Hash of a page that does not depend on the hash of ``report.json`` in it."""
    named = named_in_page(page)
    return sha256(page if named is None else page.replace(named.encode(), PLACEHOLDER.encode()))
