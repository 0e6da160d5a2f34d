"""The machine a trial is trained on: device, process settings, fingerprint."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from bnclaims.errors import BnclaimsError
from bnclaims.training.executors.malloc import keep_freed_memory


def device(name: str) -> torch.device:
    """The torch device called ``cpu`` or ``cuda``; `BnclaimsError` where it is not to be had."""
    if name not in ("cpu", "cuda"):
        raise BnclaimsError(f"device {name!r} is unknown: choose cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise BnclaimsError(
            "device 'cuda' was asked for but torch finds no GPU: "
            "install a CUDA build of torch and a driver, or choose cpu"
        )
    return torch.device(name)


_OTHER_THREADS = 2
_other_rounding = False


@contextlib.contextmanager
def other_rounding() -> Iterator[None]:
    """A context in which trials of this process are the same experiment, rounded differently.

    On a CPU two threads instead of one, on a GPU whatever kernels are fastest there: sums in
    another order. Numbers that differ then differ for no reason, which is what `bnclaims selfcheck`
    holds an executor against.
    """
    global _other_rounding
    before, _other_rounding = _other_rounding, True
    try:
        yield
    finally:
        _other_rounding = before


def prepare_process(*, tf32: bool = False) -> None:
    """Settings under which the same trial gives the same bits; safe to repeat.

    One thread: another thread count sums in another order, and one process per core is faster than
    one process on all of them. Deterministic kernels where torch has them, and products of matrices
    in full fp32 unless ``tf32`` is asked for. Within `other_rounding`, its own threads and kernels
    instead.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts
    keep_freed_memory()
    torch.set_num_threads(_OTHER_THREADS if _other_rounding else 1)
    # Refused once parallel work has begun; then there is a pool already, and nothing here uses it.
    with contextlib.suppress(RuntimeError):
        torch.set_num_interop_threads(1)
    torch.use_deterministic_algorithms(not _other_rounding, warn_only=True)
    # Filling fresh memory would only guard against reading it uninitialised, at a cost per tensor.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = _other_rounding
    # Never `fp32_precision`, which torch refuses beside these.
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cuda.matmul.allow_tf32 = tf32


def environment_fingerprint(device: torch.device) -> dict[str, str]:
    """What could explain a different number on another machine: versions, processor, threads."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "device": device.type,
        "processor": (
            torch.cuda.get_device_name(device) if device.type == "cuda" else _processor_name()
        ),
        "threads": str(torch.get_num_threads()),
    }


def _processor_name() -> str:
    """The processor's model name; Linux tells it only in a file."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
