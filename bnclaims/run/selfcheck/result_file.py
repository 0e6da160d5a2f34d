"""The result of a check as a file: written whole, believed only when it is sound."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import ValidationError

from bnclaims.errors import BnclaimsError, storage_errors
from bnclaims.run.selfcheck.result import Result
from bnclaims.store.atomic_files import without_waiting, write_whole

# A check of a hundred settings has some 5 MB.
MAX_BYTES: Final = 2**24


def write_result(file: Path, result: Result) -> None:
    """Writes a result, in place of an earlier one."""
    data = result.model_dump_json(by_alias=True, indent=1).encode() + b"\n"
    with storage_errors(file.parent, "keep the result of a check"):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, data, replace=True)


def read_result(file: Path) -> Result | None:
    """The result in a file, None where there is none; `BnclaimsError` when it is not sound."""
    remedy = "remove it and run bnclaims selfcheck again"
    try:
        with open(file, "rb", opener=without_waiting) as opened:
            data = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BnclaimsError(f"{file}: cannot be read ({error.strerror}); {remedy}.") from error
    if len(data) > MAX_BYTES:
        raise BnclaimsError(f"{file}: larger than {MAX_BYTES} bytes, no check is; {remedy}.")
    try:
        return Result.model_validate_json(data)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"])) or "its content"
        reason = f"{place}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
        raise BnclaimsError(f"{file}: no result of a check ({reason}); {remedy}.") from error
