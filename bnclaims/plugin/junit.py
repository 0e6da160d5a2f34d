"""The file junit.xml of a report: pytest's own, and only beside the verdicts that it tells of."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

from bnclaims.report.files import JUNIT


class Junit:
    """Has pytest write ``junit.xml`` into a report folder, unless one is asked for elsewhere.

    pytest writes it whenever it ends, also when nothing was judged, so that no report takes the
    place of the last one. What it wrote is therefore taken away at once, and becomes part of a
    report of this very run.
    """

    def __init__(self, config: pytest.Config, report: Path) -> None:
        self._file: Path | None = None
        self._before: bytes | None = None
        self._fresh: str | None = None
        self._new_folders: list[Path] = []
        # Without pytest's plugin junitxml there is no such option.
        if getattr(config.option, "xmlpath", "no such option") is None:
            self._file = report.absolute() / JUNIT
            config.option.xmlpath = str(self._file)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Remembers what is there, before pytest writes."""
        if self._file is None:
            return
        self._new_folders = [path for path in self._file.parents if not path.exists()]
        with contextlib.suppress(OSError):
            self._before = self._file.read_bytes()

    def take_away(self) -> None:
        """Leaves the folder as it was before pytest wrote into it."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._fresh = self._file.read_text(encoding="utf-8")
        with contextlib.suppress(OSError):
            if self._before is not None:
                self._file.write_bytes(self._before)
            else:
                self._file.unlink()
            for folder in self._new_folders:
                folder.rmdir()

    def text(self) -> bytes | None:
        """What pytest wrote, for the report of its run; None where it wrote nothing for one."""
        if self._file is None or self._fresh is None:
            return None
        # Reports are published: the name of the machine is nobody's business.
        return re.sub(r' hostname="[^"]*"', "", self._fresh).encode()
