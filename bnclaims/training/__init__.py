"""How a trial is trained: executors by name, imported (and torch with them) only when asked for."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Final

from bnclaims.errors import BnclaimsError

if TYPE_CHECKING:
    import torch

    from bnclaims.datasets import Draw
    from bnclaims.protocol.trial import Trial
    from bnclaims.store.record import Record

    # Mean loss of the first batch, and by parameter's name its gradient, on the CPU.
    FirstStep = tuple[float, dict[str, torch.Tensor]]

__all__ = [
    "EXECUTORS",
    "PRECISIONS",
    "DeviceLost",
    "Executor",
    "Many",
    "executor",
    "first_step",
]

# Name of an executor -> its module: ``train(trial, draw)``, ``first_step(trial, draw)`` for
# `bnclaims selfcheck` and, for several trials at once, ``together`` and ``train_all``.
EXECUTORS: Final[Mapping[str, str]] = {
    "loop": "bnclaims.training.executors.loop",
    "graph": "bnclaims.training.executors.graph",
}

# TF32 and bf16 are strata of their own: the precision is part of a trial's key.
PRECISIONS: Final = ("fp32", "tf32", "bf16")


class DeviceLost(Exception):
    """This process can no longer use its GPU: it has to end, and another one may go on."""


@dataclasses.dataclass(frozen=True)
class Many:
    """How an executor trains trials of one setting at once.

    ``together`` says how many of these trials, from the first on, `train_all` had better be given.
    """

    together: Callable[[Sequence[Trial]], int]
    train_all: Callable[[Sequence[Trial], Sequence[Draw]], list[Record]]


@dataclasses.dataclass(frozen=True)
class Executor:
    """A way of training: ``train(trial, draw)`` gives its record, ``many`` is for trials at once."""

    train: Callable[[Trial, Draw], Record]
    many: Many | None = None


def executor(name: str) -> Executor:
    """The executor of this name.

    Raises `BnclaimsError` for an unknown one.
    """
    module = _module(name)
    many = Many(module.together, module.train_all) if hasattr(module, "train_all") else None
    return Executor(module.train, many)


def first_step(name: str) -> Callable[[Trial, Draw], FirstStep]:
    """The function ``first_step(trial, draw)`` of one executor.

    It returns the loss and the gradients of the step from which the training of the same trial
    and draw sets out, by the very arithmetic of that training: same network, batch, precision and
    kernels, before the optimiser has moved a parameter. Raises `BnclaimsError` for an unknown name.
    """
    step: Callable[[Trial, Draw], FirstStep] = _module(name).first_step
    return step


def _module(name: str) -> ModuleType:
    if name not in EXECUTORS:
        raise BnclaimsError(f"executor {name!r} is unknown: choose one of {', '.join(EXECUTORS)}")
    return importlib.import_module(EXECUTORS[name])
