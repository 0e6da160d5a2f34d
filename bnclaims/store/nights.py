"""The nights over which a store has gathered evidence, so that each adds its seeds once."""

from __future__ import annotations

import datetime
import hashlib
import re
from pathlib import Path
from typing import Final

from bnclaims.errors import BnclaimsError, storage_errors
from bnclaims.protocol.cells import Selection
from bnclaims.protocol.load import Protocol
from bnclaims.protocol.trial import TRAINER_VERSION, canonical_json
from bnclaims.store.atomic_files import write_whole

FOLDER: Final = "nights"
# What a protocol may ask for, and the length of a label.
MOST_NIGHTS: Final = 1000
MOST_LABEL: Final = 64
_LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def tonight() -> str:
    """The label of a night that is given none: today's date in UTC."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def check_label(label: str) -> str:
    """The label; `BnclaimsError` unless it can stand in a file and in a report."""
    if not _LABEL.fullmatch(label):
        raise BnclaimsError(
            f"--night {label!r}: not a label; use letters, digits, dots and dashes, e.g. {tonight()}."
        )
    return label


class Nights:
    """The labels of the nights of one body of evidence, in order, one small file each.

    Evidence is one body when protocol, data, device and trainer are the same; everything else is
    its own stratum and has nights of its own. A night owes its seeds whether its run ended or not,
    so that an interrupted one is made up for, and a label that is there already adds none.
    """

    def __init__(self, store: Path, body: str) -> None:
        """The nights of a body of evidence by its name, 16 hexadecimal digits."""
        self._store = store
        self._folder = store / FOLDER / body

    @classmethod
    def of(cls, store: Path, protocol: Protocol, selection: Selection, world: str | None) -> Nights:
        """The nights of what a run under a protocol gathers."""
        body = {
            "protocol": protocol.sha256,
            "dataset": [selection.dataset, selection.fingerprints[selection.dataset]],
            "classes": [list(selection.majority), list(selection.minority)],
            "device": selection.device,
            "trainer": TRAINER_VERSION,
            "world": world,
        }
        return cls(store, hashlib.sha256(canonical_json(body).encode()).hexdigest()[:16])

    def labels(self) -> list[str]:
        """Labels of the nights so far."""
        with storage_errors(self._store, "read its nights"):
            if not self._folder.is_dir():
                return []
            return [path.read_text() for path in sorted(self._folder.glob("[0-9]*"))]

    def number(self, label: str) -> int:
        """Which night that is, from 1; the next one for a new label."""
        labels = self.labels()
        return labels.index(label) + 1 if label in labels else len(labels) + 1

    def open(self, label: str, *, most: int) -> int:
        """Notes the night, unless it is known or ``most`` are, and says which one it is."""
        with storage_errors(self._store, f"note night {label}"):
            while label not in (labels := self.labels()) and len(labels) < most:
                self._folder.mkdir(parents=True, exist_ok=True)
                # Where another process takes the number at this moment, the next round is for it.
                write_whole(self._folder / f"{len(labels) + 1:05d}", label.encode())
        return self.number(label)
