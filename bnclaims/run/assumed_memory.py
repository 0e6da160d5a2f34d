"""Assumed memory of a process that trains: what its network, its images and a pass of them take."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.architectures import ARCHITECTURES
from bnclaims.protocol.names import FROZEN
from bnclaims.protocol.trial import Setting

# Of a process with its libraries, and by how much more is taken than is asked for: freed memory is kept.
# VGG16 fine-tuned at 64 pixels took 1.6 to 1.9 GB and at 128 pixels 2.5 GB, for which 1.7 and 2.7 come out.
BASE: Final = 500e6
MORE: Final = 1.3
NUMBER: Final = 4
# Weights, gradients, and the two averages of Adam; beside them the copy that the next arm starts from.
TRAINED: Final = 5
KEPT: Final = 2
CHANNELS: Final = 3
# Images of which features are made at once, and those that are read at once at 64 pixels or below.
FEATURES_AT_ONCE: Final = 64


def assumed_bytes(settings: Iterable[Setting]) -> float | None:
    """Bytes of one worker that trains these settings; None where none of them can be built here."""
    found = [taken for setting in settings if (taken := _bytes_of(setting)) is not None]
    return max(found, default=None)


def _bytes_of(setting: Setting) -> float | None:
    task = setting.task
    if setting.architecture not in ARCHITECTURES:
        return None
    # Not sooner: a plan of what is stored needs no torch.
    from bnclaims.models.arithmetic import forward_cost
    from bnclaims.training.executors.readout_scores import evaluation_batch

    try:
        cost = forward_cost(setting.architecture, task.image_size)
    except BnclaimsError:
        return None
    images = sum(sum(task.images_of(index)) for index in range(len(task.classes)))
    pixels = images * CHANNELS * task.image_size**2
    # In evaluation a layer's input and output are there at a time.
    if setting.regime == FROZEN:
        numbers = KEPT * cost.weights + FEATURES_AT_ONCE * 2 * cost.widest
    else:
        read = evaluation_batch(task.image_size) * 2 * cost.widest
        step = setting.batch_size * cost.outputs
        numbers = TRAINED * cost.weights + pixels + max(read, step)
    return BASE + MORE * NUMBER * numbers


def free_bytes() -> float | None:
    """Memory that this machine, or the container, has free; None where it does not say."""
    found = []
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        found.append(
            1024 * float(next(x for x in lines if x.startswith("MemAvailable")).split()[1])
        )
    with contextlib.suppress(OSError, ValueError):
        limits = Path("/sys/fs/cgroup")
        most, used = (
            float((limits / name).read_text()) for name in ("memory.max", "memory.current")
        )
        found.append(most - used)
    return min(found, default=None)


def memory_sentence(settings: Iterable[Setting], workers: int | None = None) -> str | None:
    """What a worker is assumed to need and how many fit; None where nothing is known.

    With a number of ``workers`` only where so many would not fit.
    """
    each, free = assumed_bytes(settings), free_bytes()
    if each is None:
        return None
    needs = f"A worker that trains needs about {each / 1e9:.1f} GB of memory"
    if free is None:
        return None if workers is not None else f"{needs}."
    fit = max(1, int(free // each))
    if workers is None:
        return f"{needs}; {free / 1e9:.0f} GB are free here, enough for {fit}."
    if workers <= fit:
        return None
    return f"{needs}, and {free / 1e9:.0f} GB are free here: use -n {fit} instead of -n {workers}."
