"""The folder through which the processes of one run tell each other what they do."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bnclaims.protocol.trial import Trial, canonical_json
from bnclaims.store.cleanup import OWNER_FILE
from bnclaims.store.processes import Owner, process_start


@dataclasses.dataclass(frozen=True, kw_only=True)
class WorkerStatus:
    """What one process of the run is doing.

    ``wanted`` are the trials its present look asks for, ``trained`` how many it has trained itself,
    ``share`` how much of the next one, ``done`` that it has no tests left and only helps the others.
    """

    name: str
    pid: int
    trained: int
    done: bool
    wanted: tuple[Trial, ...]
    share: float = 0.0


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """Small files of one run, each written whole by one process and read by the others."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> RunFolder:
        """A new, empty run folder."""
        for name in ("workers", "cells", "given-up", "begun"):
            (path / name).mkdir(parents=True)
        # By this, others know whether the run still goes on.
        owner = canonical_json(dataclasses.asdict(Owner()))
        (path / OWNER_FILE).write_text(owner, encoding="utf-8")
        return cls(path)

    def remove(self) -> None:
        """Removes the folder; whoever still writes to it finds it gone and goes on."""
        shutil.rmtree(self.path, ignore_errors=True)

    def stop(self) -> None:
        """Asks every process to train no further trial."""
        with contextlib.suppress(OSError):
            (self.path / "stop").touch()

    @property
    def stopped(self) -> bool:
        """Whether the run was stopped, or its folder has been removed."""
        # Strings: asked before every trial.
        return os.path.exists(f"{self.path}/stop") or not os.path.exists(self.path)

    def give_up(self, key: str, why: str) -> None:
        """Tells every process of the run that nobody should try this trial again."""
        self._write(self.path / "given-up" / f"{key}.json", why)

    def given_up(self, key: str) -> str | None:
        """Why the run has given up a trial, if it has."""
        # A string, and a look before the attempt: asked before and after every trial.
        path = f"{self.path}/given-up/{key}.json"
        if os.path.exists(path):
            with contextlib.suppress(OSError, ValueError):
                return str(json.loads(Path(path).read_text()))
        return None

    def refuse(self, why: str) -> None:
        """Tells every process of the run that nothing can be trained, and what to do about it."""
        self._write(self.path / "refused.json", why)

    def refused(self) -> str | None:
        """Why nothing can be trained, if that is so."""
        if os.path.exists(f"{self.path}/refused.json"):
            with contextlib.suppress(OSError, ValueError):
                return str(json.loads((self.path / "refused.json").read_text()))
        return None

    def begin(self, key: str) -> None:
        """Notes that a trial is begun, in case its process ends over it."""
        with contextlib.suppress(OSError), open(self.path / "begun" / key, "ab") as file:
            file.write(b".")

    def begun(self, key: str) -> int:
        """How often a trial was begun and not ended."""
        with contextlib.suppress(OSError):
            return os.path.getsize(f"{self.path}/begun/{key}")
        return 0

    def end(self, key: str) -> None:
        """Notes that its process outlived a trial, whatever came of it."""
        with contextlib.suppress(OSError):
            os.unlink(self.path / "begun" / key)

    def write_status(self, status: WorkerStatus) -> None:
        """Replaces the status of one process."""
        data: dict[str, Any] = {"name": status.name, "pid": status.pid, "trained": status.trained}
        data["share"] = round(status.share, 4)
        known = canonical_json(data | {"done": status.done})
        # Hundreds of trials: put together from the JSON that their settings keep.
        wanted = ",".join(trial.canonical for trial in status.wanted)
        text = f'{known[:-1]},"wanted":[{wanted}]}}'
        self._write_text(self.path / "workers" / f"{status.name}.json", text)

    def statuses(self, *, alive_only: bool = True) -> list[WorkerStatus]:
        """The status of every process, or of those whose pid is alive."""
        found = []
        for data in self._read_all("workers"):
            if alive_only and not _alive(data["pid"]):
                continue
            data["wanted"] = tuple(Trial.from_dict(trial) for trial in data["wanted"])
            found.append(WorkerStatus(**data))
        return found

    def write_cells(self, worker: str, cells: Sequence[tuple[str, str]]) -> None:
        """The (claim, cell) pairs that a process has collected; all processes collect the same."""
        self._write(self.path / f"collected-{worker}.json", [list(pair) for pair in cells])

    def cells(self) -> set[tuple[str, str]]:
        """The (claim, cell) pairs that were collected."""
        pairs: set[tuple[str, str]] = set()
        for path in self.path.glob("collected-*.json"):
            pairs |= {(claim, cell) for claim, cell in json.loads(path.read_text())}
        return pairs

    def write_verdict(self, claim: str, cell: str, verdict: str) -> None:
        """The verdict of a cell."""
        name = hashlib.sha256(canonical_json([claim, cell]).encode()).hexdigest()[:16]
        data = {"claim": claim, "cell": cell, "verdict": verdict}
        self._write(self.path / "cells" / f"{name}.json", data)

    def verdicts(self) -> dict[tuple[str, str], str]:
        """The words given so far, by claim and cell."""
        return {(data["claim"], data["cell"]): data["verdict"] for data in self._read_all("cells")}

    def _write(self, path: Path, data: Any) -> None:
        self._write_text(path, json.dumps(data))

    def _write_text(self, path: Path, text: str) -> None:
        # Losing one of these files costs convenience, never evidence.
        with contextlib.suppress(OSError):
            part = path.with_name(f".{path.name}.{os.getpid()}")
            part.write_text(text)
            part.replace(path)

    def _read_all(self, folder: str) -> list[dict[str, Any]]:
        found = []
        for path in sorted((self.path / folder).glob("[!.]*.json")):
            with contextlib.suppress(OSError, ValueError):
                found.append(json.loads(path.read_text()))
        return found


def _alive(pid: int) -> bool:
    try:
        # Not os.kill(pid, 0): a killed worker stays a zombie until its parent waits for it.
        return process_start(pid) is not None
    except OSError:
        return True
