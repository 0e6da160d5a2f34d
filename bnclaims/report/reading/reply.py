"""Answer of a paper's authors to a report: plain text, read without trust."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from bnclaims.errors import BnclaimsError
from bnclaims.report.files import REPLY
from bnclaims.report.reading.untrusted_files import printable_lines, read_file

# Some ten thousand words.
_MOST_BYTES: Final = 64 * 2**10


def read_reply(folder: Path) -> tuple[str, ...]:
    """The paragraphs of ``reply.md`` in the folder of a report, none where there is no such file.

    Blank lines part paragraphs; nothing else of Markdown is known, and nothing becomes markup.
    `BnclaimsError` when it is no readable text or too long.
    """
    if not os.path.lexists(folder / REPLY):
        return ()
    data = read_file(folder / REPLY, limit=_MOST_BYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BnclaimsError(f"{folder / REPLY}: not UTF-8 text; save it as UTF-8.") from error
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return tuple(
        "\n".join(printable_lines(line.strip()) for line in paragraph.split("\n"))
        for paragraph in paragraphs
        if paragraph
    )
