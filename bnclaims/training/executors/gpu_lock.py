"""Processes that train on one GPU take turns: captured steps of one keep all of it busy."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from filelock import FileLock  # comes with torch


@contextlib.contextmanager
def turn(device: torch.device) -> Iterator[None]:
    """The only turn on this device among the user's processes; waits for it. At once on a processor.

    Several processes on one GPU would share its time in slices and its memory in parts, so each
    would fit fewer networks into a step. The turn of a process that ends is free.
    """
    if device.type != "cuda":
        yield
        return
    with FileLock(_lock_of(str(torch.cuda.get_device_properties(device).uuid))):
        yield


def _lock_of(name: str) -> Path:
    return Path(tempfile.gettempdir()) / f"bnclaims-{os.getuid()}-{name}.lock"
