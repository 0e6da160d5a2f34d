"""Additions to a store: the records of reports, archives and other stores, checked one by one."""

from __future__ import annotations

import dataclasses
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bnclaims.errors import BnclaimsError, is_dir, is_file
from bnclaims.protocol.load import parse_protocol
from bnclaims.protocol.names import ARMS
from bnclaims.report.files import LIMITS, PREDICTIONS, PROTOCOL, REPORT, sha256
from bnclaims.report.predictions import decode_predictions
from bnclaims.report.reading.report import read_report_json
from bnclaims.report.reading.untrusted_files import read_file
from bnclaims.store.codec import MAX_FILE_BYTES, decode, differences, encode
from bnclaims.store.nights import MOST_LABEL, MOST_NIGHTS, Nights, check_label
from bnclaims.store.record import Record, check_usable
from bnclaims.store.store import Store

_NIGHT: Final = re.compile(r"(?:.*/)?nights/([0-9a-f]{16})/[0-9]{5}")
_TRIAL: Final = re.compile(r"(?:.*/)?trials/[0-9a-f]{2}/([0-9a-f]{64})\.trial")
# What an archive may hold in all, so that a small one cannot keep a machine busy for ever.
_MOST_MEMBERS: Final = 1_000_000

# The key of an offered record, and its bytes; a reason why it is none; or None where it is not whole.
Offer = tuple[str, bytes | str | None]


@dataclasses.dataclass(kw_only=True)
class Additions:
    """What became of the records of some sources.

    ``added`` and ``there`` count records that are new and that the store had, the same but for times
    and environment; ``incomplete`` those of older reports, which kept only the scores that they judged
    and have to be trained again. ``contradicting`` has key and differing parts of those that are not
    the same, ``refused`` key and reason of those that are none; both were kept out. ``nights`` counts
    the nights under protocols that accumulate evidence which the store did not know.
    """

    added: int = 0
    there: int = 0
    incomplete: int = 0
    nights: int = 0
    contradicting: list[tuple[str, tuple[str, ...]]] = dataclasses.field(default_factory=list)
    refused: list[tuple[str, str]] = dataclasses.field(default_factory=list)


def add_to_store(store: Store, sources: list[Path]) -> Additions:
    """Adds the records of sources to a store, in order; replaces none.

    A source is the folder of a report or of another store, or a tar archive of one. `BnclaimsError`
    for one that is none of these, before any record is added. Nights that added seeds to it are noted,
    so that the next one is not taken for the first.
    """
    found = Additions()
    for offers in [_offers(source) for source in sources]:
        for key, data in offers:
            if data is None:
                found.incomplete += 1
            elif isinstance(data, str):
                found.refused.append((key, data))
            else:
                _add(store, key, data, found)
    for source in sources:
        found.nights += _add_nights(store, source)
    return found


def _add(store: Store, key: str, data: bytes, found: Additions) -> None:
    try:
        record = decode(key, data)
        if record is None:
            raise ValueError("it was made by another trainer version")
        check_usable(record)
    except (ValueError, BnclaimsError) as error:
        found.refused.append((key, str(error)))
        return
    kept = store.read(key)
    if kept is None:
        store.accept(key, data)
        found.added += 1
    elif parts := _contradictions(kept, record):
        found.contradicting.append((key, parts))
    else:
        found.there += 1


def _contradictions(kept: Record, offered: Record) -> tuple[str, ...]:
    """The parts in which two records differ; losses that an older report did not keep are no part."""
    parts = differences(kept, offered)
    if not (kept.losses and offered.losses):
        parts = tuple(part for part in parts if part != "losses")
    return parts


def _add_nights(store: Store, source: Path) -> int:
    if is_file(source / REPORT):
        return _add_nights_of_report(store, source)
    added = 0
    for body, label in _nights_of(source):
        nights = Nights(store.root, body)
        if label not in nights.labels():
            nights.open(check_label(label), most=MOST_NIGHTS)
            added += 1
    return added


def _nights_of(source: Path) -> Iterator[tuple[str, str]]:
    """Body of evidence and label of every night of a store or an archive of one, in order."""
    if is_dir(source):
        for path in sorted(source.glob("nights/*/*")):
            if _NIGHT.fullmatch(path.as_posix()) and path.is_file() and not path.is_symlink():
                yield path.parent.name, path.read_text("utf-8")
        return
    with tarfile.open(source) as archive:
        found = [(_NIGHT.fullmatch(member.name), member) for member in archive if member.isreg()]
        for name, member in sorted(
            ((name, member) for name, member in found if name), key=lambda one: one[1].name
        ):
            if content := archive.extractfile(member):
                yield name[1], content.read(MOST_LABEL).decode("utf-8", "replace")


def _add_nights_of_report(store: Store, folder: Path) -> int:
    """Notes as many nights as a report was judged through; their labels are not in it."""
    report = read_report_json(folder)
    text = read_file(folder / PROTOCOL, limit=LIMITS[PROTOCOL]).decode("utf-8")
    protocol = parse_protocol(text, source=str(folder / PROTOCOL))
    if protocol.rules.accumulation is None:
        return 0
    selection = report.selection.selection()
    nights = Nights.of(store.root, protocol, selection, report.run.synthetic_world)
    before = len(nights.labels())
    for number in range(before + 1, selection.nights + 1):
        nights.open(f"report-{protocol.sha256[:8]}-{number}", most=MOST_NIGHTS)
    return max(0, selection.nights - before)


def _offers(source: Path) -> Iterator[Offer]:
    if is_dir(source) and is_file(source / REPORT):
        return _of_report(source)
    if is_dir(source) and is_file(source / "store.json"):
        return _of_store(source)
    if is_file(source) and tarfile.is_tarfile(source):
        return _of_archive(source)
    raise BnclaimsError(
        f"{source}: no report, no store and no tar archive of one; give a folder with {REPORT} or "
        "store.json, or an archive (parts of one are joined by cat first)."
    )


def _of_store(folder: Path) -> Iterator[Offer]:
    other = Store(folder)
    for key in sorted(other.keys()):
        path = other.path(key)
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            yield key, "it is no regular file, or larger than any record"
        else:
            yield key, path.read_bytes()


def _of_archive(file: Path) -> Iterator[Offer]:
    # Nothing is unpacked to the disk: names lead nowhere, links are not followed.
    try:
        with tarfile.open(file) as archive:
            for number, member in enumerate(archive):
                name = _TRIAL.fullmatch(member.name)
                if number >= _MOST_MEMBERS:
                    raise BnclaimsError(f"{file}: holds more than {_MOST_MEMBERS} files; split it.")
                if name is None or not member.isreg():
                    continue
                content = archive.extractfile(member)
                if member.size > MAX_FILE_BYTES or content is None:
                    yield name[1], "it is larger than any record"
                else:
                    yield name[1], content.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BnclaimsError(
            f"{file}: cannot be read to its end ({error}); fetch it again. What was read is stored."
        ) from error


def _of_report(folder: Path) -> Iterator[Offer]:
    report = read_report_json(folder)
    data = read_file(folder / PREDICTIONS, limit=LIMITS[PREDICTIONS])
    if report.files.get(PREDICTIONS) != sha256(data):
        raise BnclaimsError(
            f"{folder}: {PREDICTIONS} is not the one that {REPORT} names; fetch the report again."
        )
    for key, record in sorted(decode_predictions(data).items()):
        if record.environment:
            yield key, encode(record)
        elif record.diverged or ARMS[record.trial.arm].changes != "layers":
            # All that such a record had, but for losses and machine.
            origin = {"record": f"from report {report.generated}"}
            yield key, encode(dataclasses.replace(record, environment=origin))
        else:
            yield key, None
