"""One file over HTTP: appended to what is there already, never longer than announced."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from requests import Response

# Seconds until a server must accept a connection, and until it must send something more.
TIMEOUT: Final = (10.0, 60.0)
# Seconds between lines of progress where there is no terminal.
PAUSE: Final = 10.0
_CHUNK: Final = 2**18


class WrongFile(Exception):
    """What a server offers cannot be the file."""


def transfer(url: str, part: Path, *, size: int) -> None:
    """Fetch into ``part`` the bytes that it lacks of the ``size`` the file has.

    `WrongFile` when the server offers more or fewer, the exceptions of requests when it offers
    none or stops. What arrived before that stays in ``part``.
    """
    have = size_of(part)
    if have == size:
        return
    if have > size:
        have = _emptied(part)
    with _ask(url, have) as response:
        if have and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            have = _emptied(part)
            if response.status_code in (206, 416):
                return transfer(url, part, size=size)
        response.raise_for_status()
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and have + int(length) != size:
            raise WrongFile(f"has a file of {have + int(length)} bytes instead of {size}")
        with part.open("ab") as content, _progress(part.stem, size) as show:
            for chunk in response.iter_content(_CHUNK):
                have += len(chunk)
                if have > size:
                    raise WrongFile(f"sends more than the {size} bytes of the file")
                content.write(chunk)
                show(have)
    if have < size:
        raise WrongFile(f"ends after {have} of {size} bytes")


def size_of(part: Path) -> int:
    """Bytes of a file that may not be there."""
    return part.stat().st_size if part.exists() else 0


def _ask(url: str, have: int) -> Response:
    import requests

    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    return requests.get(url, headers=headers, stream=True, timeout=TIMEOUT)


def _emptied(part: Path) -> int:
    with part.open("r+b") as content:
        content.truncate(0)
    return 0


@contextmanager
def _progress(name: str, size: int) -> Iterator[Callable[[int], None]]:
    """A function that shows how many bytes there are: a bar in a terminal, else lines."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

        columns = ("{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(name, total=size)
            yield lambda have: bar.update(task, completed=have)
        return
    shown = time.monotonic()
    print(f"downloading {name}: {size / 1e6:.1f} MB", file=sys.stderr)

    def show(have: int) -> None:
        nonlocal shown
        if time.monotonic() - shown > PAUSE:
            shown = time.monotonic()
            print(f"downloading {name}: {have / size:.0%}", file=sys.stderr)

    yield show
