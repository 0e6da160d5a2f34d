"""Index over a folder of reports: one page, a badge for every claim of every report, a card for each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from bnclaims.errors import BnclaimsError, is_dir
from bnclaims.report.files import PAGE, REPORT
from bnclaims.report.index.badge import badge, claim_name
from bnclaims.report.index.card import CARDS, Card, card
from bnclaims.report.index.matrix import matrix, pixels, scale
from bnclaims.report.model import Report, StatedClaim
from bnclaims.report.page.lead import VERDICTS
from bnclaims.report.page.templates import template
from bnclaims.report.reading.report import read_report_json

INDEX: Final = "index.html"
BADGES: Final = "badges"
# Where pytest writes by default: what lies there today is no publication.
NOT_INDEXED: Final = ("latest", BADGES, CARDS)
# Claim ids become names of files.
_FILE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
# A badge of this command, which may remove it again.
_MARK: Final = 'data-made-by="bnclaims index"'


def index_files(folder: Path) -> dict[str, str]:
    """The text of every file of the index, by its path from ``folder``.

    Equal reports give equal files: no date but theirs is in them. `BnclaimsError` when the folder has no
    report or one that is not readable.
    """
    reports = _reports(folder)
    files = {INDEX: _page(reports)}
    for name, report in reports.items():
        for claim in report.claims:
            files[_badge_path(name, claim)] = badge(report, claim)
    return files


def cards_of(folder: Path) -> dict[str, Card]:
    """The card of every report of a folder by its name."""
    return {name: card(report) for name, report in _reports(folder).items()}


def _reports(folder: Path) -> dict[str, Report]:
    """The reports by the names of their folders, sorted; those of nights after the finished ones."""
    if not is_dir(folder):
        raise BnclaimsError(f"{folder}: no such folder; give one that holds reports.")
    reports = {
        path.name: read_report_json(path)
        for path in sorted(folder.iterdir())
        if path.name not in NOT_INDEXED and not path.is_symlink() and (path / REPORT).is_file()
    }
    if not reports:
        raise BnclaimsError(f"{folder}: holds no report; give a folder with folders of reports.")
    for name, report in reports.items():
        for claim in report.claims:
            if not _FILE_NAME.fullmatch(claim.id):
                raise BnclaimsError(
                    f"{folder / name / REPORT}: the claim id {claim.id!r} cannot name a badge; use "
                    "small letters, digits and hyphens."
                )
    return dict(
        sorted(reports.items(), key=lambda one: "nights" in one[1].selection.model_fields_set)
    )


def _badge_path(report: str, claim: StatedClaim) -> str:
    return str(PurePosixPath(BADGES, report, f"{claim.id}.svg"))


def _page(reports: Mapping[str, Report]) -> str:
    name, report = next(iter(reports.items()))
    claim = next((c for c in report.claims if c.family), report.claims[0])
    page = template("index.html.j2").render(
        shown={
            "label": claim_name(claim),
            "badge": quote(_badge_path(name, claim)),
            "report": f"{quote(name)}/{PAGE}",
        },
        audits=[_audit(name, report) for name, report in reports.items()],
        groups=matrix(reports),
        meanings=VERDICTS,
    )
    return str(page)


def _audit(name: str, report: Report) -> dict[str, Any]:
    return {
        "name": name,
        "link": f"{quote(name)}/{PAGE}",
        "card": quote(f"{CARDS}/{name}"),
        "dataset": report.on,
        "protocol": report.protocol,
        "scale": scale(report),
        "pixels": pixels(report),
        "date": report.generated[:10],
        "world": report.run.synthetic_world,
    }


def outdated(folder: Path, files: Mapping[str, str]) -> list[str]:
    """The files of an index that are missing, not what they should be, or there no longer."""
    stale = [name for name, text in files.items() if _text(folder / name) != text.encode()]
    return [*stale, *_leftover(folder, files)]


def write_index(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Writes what is outdated, removes badges of claims that are gone, and returns both."""
    changed = outdated(folder, files)
    try:
        for name in changed:
            path = folder / name
            if name not in files:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f".{path.name}.new")
            fresh.write_bytes(files[name].encode())
            fresh.replace(path)
    except OSError as error:
        raise BnclaimsError(
            f"{folder}: the index cannot be written ({error.strerror}); free space there or make it "
            "writable."
        ) from error
    return changed


def _leftover(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Badges of this command for claims or reports that are no longer there."""
    found = (path.relative_to(folder).as_posix() for path in (folder / BADGES).glob("*/*.svg"))
    marked = (name for name in found if _MARK.encode() in (_text(folder / name) or b""))
    return sorted(set(marked) - files.keys())


def _text(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
