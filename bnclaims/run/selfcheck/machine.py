"""What a check holds for: an executor and precision on one kind of machine, of one code."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bnclaims.protocol.trial import TRAINER_VERSION, canonical_json

# The files whose code decides what a trained network is; each pattern must find some.
_TRAINING: Final = (
    "models/*.py",
    "training/*.py",
    "training/executors/*.py",
    "protocol/batches.py",
    "protocol/random_streams.py",
)


@dataclasses.dataclass(frozen=True, kw_only=True, order=True)
class Machine:
    """What could make the same executor compute other numbers: device, processor, torch."""

    device: str
    processor: str
    torch: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Machine:
        """The machine that a record's environment tells of."""
        return cls(
            **{
                field.name: environment.get(field.name, "unknown")
                for field in dataclasses.fields(cls)
            }
        )

    @property
    def folder(self) -> str:
        """Name of the folder for checks of this trainer and code on this machine."""
        whole = {**dataclasses.asdict(self), "trainer": TRAINER_VERSION, "code": code_sha256()}
        return hashlib.sha256(canonical_json(whole).encode()).hexdigest()[:12]

    def __str__(self) -> str:
        return f"{self.device}, {self.processor}, torch {self.torch}"


@functools.cache
def code_sha256() -> str:
    """Hash of the code of networks and training, so that a check of other code is no check."""
    package = Path(__file__).parents[2]
    found = hashlib.sha256()
    for pattern in _TRAINING:
        files = sorted(package.glob(pattern))
        if not files:
            raise FileNotFoundError(f"{package / pattern}: the code that trains networks moved")
        for file in files:
            found.update(f"{file.relative_to(package).as_posix()}\n".encode())
            found.update(file.read_bytes())
    return found.hexdigest()


def result_file(root: Path, machine: Machine, executor: str, precision: str) -> Path:
    """Where the result of a check stands under the folder ``root`` of checks."""
    return root / machine.folder / f"{executor}-{precision}.json"


def folder_of_checks(store: Path) -> Path:
    """The folder of checks beside a store; records of other executors are never in the store."""
    return store.parent / "selfcheck"
