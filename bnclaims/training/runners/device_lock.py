"""One process trains on a GPU at a time, of all the user's runs; and which GPUs there are."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout  # comes with torch

# Seconds between two looks whether somebody who waits for a device still wants it.
_LOOK: Final = 0.5


@contextlib.contextmanager
def turn(device: str, wanted: Callable[[], bool] = lambda: True) -> Iterator[bool]:
    """The only turn on the device called ``cpu`` or ``cuda``; waits for it. At once on a CPU.

    False where it was not ``wanted`` any more before it came. Processes that shared a GPU would share
    its time in slices and its memory in parts. The turn of a process that ends is free.
    """
    if device != "cuda":
        yield True
        return
    import torch

    lock = FileLock(_lock_of(str(torch.cuda.get_device_properties("cuda").uuid)))
    while wanted():
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=_LOOK)
            break
    try:
        yield lock.is_locked
    finally:
        lock.release()


def visible_devices() -> list[str]:
    """The CUDA devices of the caller's own list, UUIDs included, or all that torch sees."""
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed is not None:
        names = [name.strip() for name in listed.split(",") if name.strip()]
        # What follows an impossible device is hidden, too: that is how CUDA reads the list.
        return list(itertools.takewhile(lambda name: not name.startswith("-"), names))
    import torch

    return [str(index) for index in range(torch.cuda.device_count())]


def _lock_of(name: str) -> Path:
    return Path(tempfile.gettempdir()) / f"bnclaims-{os.getuid()}-{name}.lock"
