"""Report written to a folder, whole or not at all."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bnclaims.audit.beside.audit import with_beside
from bnclaims.audit.results import Audit
from bnclaims.audit.sensitivity import with_sensitivity
from bnclaims.errors import BnclaimsError
from bnclaims.report.crate import crate_of
from bnclaims.report.document import report_of
from bnclaims.report.files import (
    CRATE,
    JUNIT,
    LIMITS,
    PAGE,
    PAGE_PLACEHOLDER,
    PLACEHOLDER,
    PREDICTIONS,
    PROTOCOL,
    REPLY,
    REPORT,
    TABLE,
    sha256,
)
from bnclaims.report.model import Report
from bnclaims.report.page import html
from bnclaims.report.predictions import encode_predictions
from bnclaims.report.reading.reply import read_reply
from bnclaims.report.trials_columns import descriptor
from bnclaims.report.trials_table import encode_table, trials_frame
from bnclaims.store.cleanup import ABANDONED_SECONDS

NO_SAMPLES: Final[Mapping[str, bytes]] = MappingProxyType({})


def check_target(folder: Path) -> None:
    """Makes sure that a report may take the place of ``folder`` and all that is in it.

    `BnclaimsError` when something stands there that is no report: it would be deleted.
    """
    try:
        others = set(os.listdir(folder))
    except FileNotFoundError:
        others = set()
    except NotADirectoryError as error:
        raise BnclaimsError(f"--report {folder}: is a file; name a folder.") from error
    except OSError as error:
        raise BnclaimsError(
            f"--report {folder}: cannot be listed ({error.strerror}); name another folder."
        ) from error
    if foreign := sorted(others - LIMITS.keys() - {REPLY}):
        raise BnclaimsError(
            f"--report {folder}: holds {foreign[0]!r}, which is no part of a report; name a new or "
            "empty folder or that of an earlier report."
        )


def write_report(
    audit: Audit,
    folder: Path,
    *,
    samples: Mapping[str, bytes] = NO_SAMPLES,
    junit: bytes | None = None,
) -> Path:
    """Writes the report of an audit and returns its folder.

    ``samples`` as in `html.render`, ``junit`` is what pytest says of the run. An earlier report in
    ``folder`` stays until the new one is complete, and its ``reply.md`` is kept. `BnclaimsError` when
    the folder holds anything else or the disk refuses.
    """
    check_target(folder)
    content = contents(
        audit,
        generated=datetime.datetime.now(datetime.UTC),
        samples=samples,
        junit=junit,
        reply=read_reply(folder),
    )
    target = folder.resolve()
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Before there is anything of ours, which a clock that jumps would make look abandoned.
        _sweep(target)
        fresh.mkdir()
        for name, data in content.items():
            (fresh / name).write_bytes(data)
        _swap(fresh, target)
    except OSError as error:
        raise BnclaimsError(
            f"--report {folder}: cannot be written ({error.strerror or error}); free space there "
            "or name another folder."
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def contents(
    audit: Audit,
    *,
    generated: datetime.datetime,
    samples: Mapping[str, bytes] = NO_SAMPLES,
    junit: bytes | None = None,
    reply: Sequence[str] = (),
) -> dict[str, bytes]:
    """The bytes of every file of a report, by name; ``samples`` and ``reply`` as in `html.render`."""
    audit = with_beside(with_sensitivity(audit))
    trials = trials_frame(audit.records, audit.used)
    content = {
        TABLE: encode_table(trials),
        PREDICTIONS: encode_predictions(audit.records),
        PROTOCOL: audit.protocol.text.encode(),
        **({} if junit is None else {JUNIT: junit}),
    }
    tables = {TABLE: descriptor(trials.columns)}
    files = hashes_of(content)
    report = report_of(audit, files=files, generated=generated, tables=tables)
    page = html.render(
        report,
        trials,
        report_sha256=PLACEHOLDER,
        samples=samples,
        reply=reply,
        shows={judged.claim.id: judged.claim.shows for judged in audit.claims},
    )
    return bound(report, content, page.encode())


def bound(report: Report, content: Mapping[str, bytes], page: bytes) -> dict[str, bytes]:
    """All files of a report, bound to each other by their hashes.

    ``content`` are the files that it rests on; ``page`` has `PLACEHOLDER` for the hash of
    ``report.json``. That names the hashes of all others; page and crate name its own.
    """
    files = {**hashes_of(content), PAGE: sha256(page)}
    # A hash is as long as any other, so that this one has the size of what will be written.
    draft = _encoded(report, {**files, CRATE: PLACEHOLDER})
    identities = {
        REPORT: (PLACEHOLDER, len(draft)),
        PAGE: (PAGE_PLACEHOLDER, len(page)),
        **{name: (files[name], len(data)) for name, data in content.items()},
    }
    crate = crate_of(report, identities)
    document = _encoded(report, {**files, CRATE: sha256(crate)})
    page = page.replace(PLACEHOLDER.encode(), sha256(document).encode())
    for placeholder, data in ((PLACEHOLDER, document), (PAGE_PLACEHOLDER, page)):
        crate = crate.replace(placeholder.encode(), sha256(data).encode())
    return {**content, REPORT: document, PAGE: page, CRATE: crate}


def hashes_of(content: Mapping[str, bytes]) -> dict[str, str]:
    """The sha256 of files by name."""
    return {name: sha256(data) for name, data in content.items()}


def _encoded(report: Report, files: Mapping[str, str]) -> bytes:
    whole = report.model_copy(update={"files": dict(files)})
    return (json.dumps(whole.plain(), indent=1, allow_nan=False) + "\n").encode()


def _sweep(target: Path) -> None:
    """Removes what writers that were killed left beside the report."""
    unfinished = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}\.(new|old)")
    for path in target.parent.iterdir():
        if (
            unfinished.fullmatch(path.name)
            and time.time() - path.stat().st_mtime > ABANDONED_SECONDS
        ):
            shutil.rmtree(path, ignore_errors=True)


def _swap(fresh: Path, target: Path) -> None:
    """Puts a complete folder in place of another, which is deleted once it is replaced."""
    with contextlib.suppress(FileNotFoundError):
        shutil.copy2(target / REPLY, fresh / REPLY)
    # A folder cannot be renamed onto one that is not empty: for an instant there is none.
    old = target.with_name(f".{target.name}.{secrets.token_hex(4)}.old")
    try:
        os.rename(target, old)
    except FileNotFoundError:
        os.rename(fresh, target)
        return
    try:
        os.rename(fresh, target)
    except BaseException:
        # Also Ctrl-C: the earlier report is all there is.
        os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
