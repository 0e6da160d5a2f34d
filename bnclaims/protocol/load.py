"""Protocols: what is run, how often, and by which rules it is judged, each with its reason."""

from __future__ import annotations

import dataclasses
import hashlib
import reprlib
import tomllib
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bnclaims.errors import BnclaimsError, is_file
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.schema import CellRules, ProtocolFile

# Some fifty times the longest protocol.
MAX_BYTES = 2**20
# Above this stands the protocol that a budget chose from, to the byte.
BUDGET = "\n# What follows was chosen by --budget from the protocol above.\n"
FOLDER = Path(__file__).parent


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A checked protocol with its text."""

    file: ProtocolFile
    text: str

    @property
    def name(self) -> str:
        """Name, as the file gives it."""
        return self.file.name

    @property
    def sha256(self) -> str:
        """Hash of the file's bytes."""
        return _sha256(self.text)

    @property
    def whole_sha256(self) -> str:
        """Hash of the protocol that a budget chose from; its own where none did."""
        return self.sha256 if self.file.budget is None else self.file.budget.of

    @cached_property
    def rules(self) -> Rules:
        """The numbers of the section `statistics`."""
        return self.file.statistics.rules(tuple(self.file.family))

    @cached_property
    def cells(self) -> Mapping[str, tuple[CellRules, ...]]:
        """The cells of every claim, written out."""
        return {claim: tuple(self.file.cells_of(claim)) for claim in self.file.claims}

    def reasons(self) -> dict[str, dict[str, Any]]:
        """Every number of statistics, training, devices and importance with its reason, as plain data."""
        devices = {f"training on {device}": rules for device, rules in self.file.on.items()}
        sections = {"statistics": self.file.statistics, "training": self.file.training, **devices}
        found = {
            name: section.model_dump(mode="json", exclude_none=True)
            for name, section in sections.items()
        }
        if self.file.importance:
            ranks = self.file.importance.items()
            found["importance"] = {
                f"rank {rank}": {"value": int(rank), "reason": reason} for rank, reason in ranks
            }
        return found


def file_of(name_or_file: str) -> Path:
    """The file of a protocol: a built-in one by its name, else the path itself."""
    builtin = FOLDER / f"{name_or_file}.toml"
    return builtin if is_file(builtin) else Path(name_or_file)


def load_protocol(name_or_file: str) -> Protocol:
    """A protocol by the name of a built-in one or by its file.

    Raises `BnclaimsError` that names file, key and remedy when anything in it is unknown, missing
    or of the wrong type.
    """
    path = file_of(name_or_file)
    if not is_file(path):
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.toml")))
        raise BnclaimsError(
            f"--protocol {name_or_file}: no such file; use one of {known}, or the path of a TOML file."
        )
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        return parse_protocol(data.decode("utf-8"), source=path.name)
    except UnicodeDecodeError as error:
        raise BnclaimsError(
            f"{path.name}: not UTF-8 text ({error.reason}); save it as UTF-8."
        ) from error
    except OSError as error:
        raise BnclaimsError(
            f"--protocol {name_or_file}: cannot be read ({error.strerror}); check that it may be."
        ) from error


# A calibration loads one protocol for thousands of audits.
@lru_cache(maxsize=16)
def parse_protocol(text: str, *, source: str) -> Protocol:
    """A protocol from its text; ``source`` names it in errors."""
    if len(text) > MAX_BYTES:
        raise BnclaimsError(f"{source}: longer than {MAX_BYTES} characters; shorten it.")
    try:
        # Some editors begin a file with a byte order mark, which is no part of TOML but of the hash.
        data = tomllib.loads(text.removeprefix("\ufeff"))
    # Beside TOMLDecodeError, Python's own limits: of the digits of a number, of recursion.
    except (ValueError, RecursionError) as error:
        raise BnclaimsError(f"{source}: not valid TOML, {error}; correct that place.") from error
    try:
        protocol = Protocol(ProtocolFile.model_validate(data), text)
    except ValidationError as error:
        raise BnclaimsError(_sentence(source, error)) from error
    if protocol.whole_sha256 != _sha256(text.partition(BUDGET)[0]):
        raise BnclaimsError(
            f"{source}: budget.of is not the sha256 of what stands above the budget; take the table "
            "budget out and let --budget choose."
        )
    return protocol


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _sentence(source: str, error: ValidationError) -> str:
    """The first problem pydantic found, as one sentence with its remedy."""
    problems = error.errors()
    problem = problems[0]
    key = ".".join(str(part)[:80] for part in problem["loc"])
    match problem["type"]:
        case "extra_forbidden":
            what = "is not a known key: remove it or correct its name"
        case "missing":
            what = "is missing: add it"
        case "value_error":
            what = str(problem["ctx"]["error"])
        case _:
            value = problem["input"] if isinstance(problem["input"], str | int | float) else "that"
            what = f"is {reprlib.repr(value)}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
    more = f" (the first of {len(problems)} problems)" if len(problems) > 1 else ""
    return f"{source}: {f'{key} {what}'.lstrip()}{more}."
