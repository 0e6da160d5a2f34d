"""The same training written for several libraries, each as its own documentation would have it.

A module here has ``fit(job, **options)`` and ``predict(fitted, job)``, scores (test images, classes).
Its imports are part of what is measured, so nothing but `bnclaims` and numpy is imported elsewhere.
"""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from bnclaims.training import EXECUTORS


@dataclasses.dataclass(frozen=True, kw_only=True)
class Contestant:
    """One way of training: its module here, the packages it needs, and options of its ``fit``.

    ``sizes`` are the image sides that it is tried on; None for all.
    """

    module: str
    needs: tuple[str, ...] = ("torch",)
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    sizes: tuple[int, ...] | None = None

    def missing(self) -> str | None:
        """Why it cannot take part, None where it can."""
        absent = [name for name in self.needs if importlib.util.find_spec(name) is None]
        return f"not installed: {', '.join(absent)}" if absent else None


REFERENCE: Final = "loop"
EAGER: Final = "plain eager loop"
CONTESTANTS: Final[Mapping[str, Contestant]] = MappingProxyType(
    {
        **{
            name: Contestant(module="executor", options={"executor": name, "precision": "fp32"})
            for name in EXECUTORS
        },
        "loop, bf16": Contestant(
            module="executor", options={"executor": "loop", "precision": "bf16"}, sizes=(64,)
        ),
        EAGER: Contestant(module="eager"),
        "Lightning": Contestant(module="lightning_module", needs=("torch", "lightning")),
        "fastai": Contestant(module="fastai_learner", needs=("torch", "fastai")),
        "skorch": Contestant(module="skorch_net", needs=("torch", "skorch")),
        "JAX/flax": Contestant(module="flax_module", needs=("jax", "flax", "optax")),
    }
)
