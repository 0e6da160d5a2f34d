"""Cleanup of a store: what killed processes left in it is removed when it is opened."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from bnclaims.store.atomic_files import is_temporary
from bnclaims.store.leases import MAX_BYTES, take_away
from bnclaims.store.processes import is_alive, this_host

# Long abandoned, where nobody can be asked: files are written in seconds.
ABANDONED_SECONDS: Final = 3600
# In the folder of a run: which process made it.
OWNER_FILE: Final = "owner.json"


def sweep(root: Path, trial_folders: Iterable[str]) -> None:
    """Removes unfinished files, leases and run folders of processes that are gone.

    Nothing that is needed: a living writer whose unfinished file is taken away writes it again, and
    a lease only saves work. What this process may not remove stays.
    """
    folders: list[Path | str] = [root, root / "errors", *trial_folders]
    for folder in folders:
        for path in _listed(folder):
            if (is_temporary(path.name) or path.name.endswith(".broken")) and _is_old(path):
                _unlink(path)
    for path in _listed(root / "leases"):
        if path.suffix == ".broken" and _is_old(path):
            _unlink(path)
        elif path.suffix == ".lease":
            _release_dead(path)
    for path in _listed(root / "runs"):
        if _is_dead_run(path):
            shutil.rmtree(path, ignore_errors=True)


def _listed(folder: Path | str) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            yield Path(folder, name)


def _is_old(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return time.time() - os.path.getmtime(path) > ABANDONED_SECONDS
    return False


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _release_dead(path: Path) -> None:
    with contextlib.suppress(OSError):
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES)
        if is_alive(content, this_host()) is False:
            take_away(str(path), content)


def _is_dead_run(path: Path) -> bool:
    alive = None
    with contextlib.suppress(OSError), open(path / OWNER_FILE, "rb") as file:
        alive = is_alive(file.read(MAX_BYTES), this_host())
    return not alive if alive is not None else _is_old(path / "workers")
