"""Folder of the claims: the given one, that of this folder, or the installed one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bnclaims.errors import BnclaimsError

_PACKAGE: Final = Path(__file__).parents[1]
# In the package once it is installed from a wheel, beside it in a clone. The first one first: beside an
# installed package there may be another one of that name.
CLAIMS: Final = (_PACKAGE / "claims", _PACKAGE.parent / "claims")


def claims_folder(given: Path | None) -> Path:
    """The given folder, else ./claims, else the claims that came with the package.

    `BnclaimsError` where there is none of them.
    """
    if given is not None:
        return given
    found = [folder for folder in (Path("claims"), *CLAIMS) if folder.is_dir()]
    if not found:
        raise BnclaimsError(
            "--claims is not given, and there is no folder claims here; give the folder with the claim "
            "files, e.g. --claims my_claims."
        )
    return found[0]
