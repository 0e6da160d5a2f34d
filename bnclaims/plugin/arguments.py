"""Claims that the arguments of pytest name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bnclaims.audit.claim import Claim, discover
from bnclaims.errors import is_dir, is_file


def claims_in(arguments: Iterable[str], root: Path) -> list[Claim]:
    """The claims in the folders that pytest's arguments name; none when they name no claim file."""
    found: dict[str, Claim] = {}
    for argument in arguments:
        path = root / argument.split("::")[0]
        if is_dir(path) or (path.suffix == ".py" and is_file(path)):
            for claim in discover(path, required=False):
                found.setdefault(claim.id, claim)
    return list(found.values())


def folders_in(arguments: Iterable[str], root: Path) -> bool:
    """Whether pytest's arguments name folders alone, so that every claim in them is asked for."""
    return all(is_dir(root / argument) for argument in arguments)
