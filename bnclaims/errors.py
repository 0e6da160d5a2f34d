"""The error a person can act on."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 1_000


class BnclaimsError(Exception):
    """One sentence that names the file or option, its value and the remedy.

    Everything that comes from outside is checked before work starts and reported with this; the
    plugin turns it into a usage error and the command line into exit code 2, without a traceback.
    What comes from outside may stand in it as it is: whatever could steer a terminal is spelt out.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


def printable(text: str) -> str:
    """The text on one line, control characters and lone surrogates as escapes, its middle cut out.

    A name from outside may be as long as its file; the sentence begins and ends with our words.
    """
    text = " ".join(text.split())
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} [...] {text[-LONGEST // 2 :]}"
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
