"""Output on streams whose encoding lacks characters: other ones stand in, and nothing is refused."""

from __future__ import annotations

import codecs
import io
from typing import Final, TextIO

# What stands for a character that an encoding lacks. A sign must not get lost: "−0.26" is no "?0.26".
STAND_INS: Final = {
    "−": "-",
    "–": "-",
    "—": "-",
    "…": "...",
    "×": "x",
    "±": "+-",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "→": "->",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "━": "-",
    "─": "-",
    "╸": "-",
    "╺": "-",
}
_HANDLER: Final = "bnclaims-stand-ins"


def _stand_in(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(STAND_INS.get(char, "?") for char in lacking), error.end


codecs.register_error(_HANDLER, _stand_in)


def without_refusals(stream: TextIO) -> None:
    """Makes a stream replace what its encoding lacks instead of raising `UnicodeEncodeError`.

    Left alone are streams that replace already, and what stands for a stream in tests.
    """
    if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
        stream.reconfigure(errors=_HANDLER)
