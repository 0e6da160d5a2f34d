"""How a trial is trained: executors by name, imported (and torch with them) only when asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from bnclaims.errors import BnclaimsError

if TYPE_CHECKING:
    from bnclaims.datasets import Draw
    from bnclaims.record import Record
    from bnclaims.trial import Trial

    Executor = Callable[[Trial, Draw], Record]

__all__ = ["EXECUTORS", "OPTIMISERS", "PRECISIONS", "executor"]

# Name of an executor -> the module whose ``train(trial, draw)`` it is.
EXECUTORS: Final[Mapping[str, str]] = {"loop": "bnclaims.training.loop"}

OPTIMISERS: Final = ("adam",)
PRECISIONS: Final = ("fp32", "bf16")


def executor(name: str) -> Executor:
    """The function ``train(trial, draw) -> Record`` of one executor.

    Raises `BnclaimsError` for an unknown name.
    """
    if name not in EXECUTORS:
        raise BnclaimsError(f"executor {name!r} is unknown: choose one of {', '.join(EXECUTORS)}")
    train: Executor = importlib.import_module(EXECUTORS[name]).train
    return train
