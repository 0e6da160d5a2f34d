"""The import of torchvision, also where its compiled part does not fit the installed torch.

A torchvision built for CUDA beside a CPU build of torch cannot load its C++ library, and then its
own import fails because operators it wants to describe were never declared. The architectures used
here need none of those operators, so declaring them is enough.
"""

from __future__ import annotations

import functools
import importlib
import re
import sys
from typing import Any, Final

import torch

from bnclaims.errors import BnclaimsError

_SCHEMAS: Final = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
_MISSING: Final = re.compile(r"operator torchvision::(\w+) does not exist")


@functools.cache
def torchvision_models() -> Any:
    """The module ``torchvision.models``; `BnclaimsError` where torchvision cannot be imported."""
    declared: set[str] = set()
    while True:
        try:
            return importlib.import_module("torchvision.models")
        except ImportError as error:
            _forget_half_imported()
            raise BnclaimsError(
                f"architectures from torchvision cannot be built ({error}): "
                "install a torchvision that matches your torch, or choose simple_cnn or mlp"
            ) from error
        except RuntimeError as error:
            _forget_half_imported()
            found = _MISSING.search(str(error))
            name = found.group(1) if found else ""
            if name not in _SCHEMAS or name in declared:
                raise BnclaimsError(
                    f"torchvision does not fit torch {torch.__version__} ({error}): "
                    "install a torchvision that matches your torch, or choose simple_cnn or mlp"
                ) from error
            torch.library.define(f"torchvision::{name}", _SCHEMAS[name])
            declared.add(name)


def _forget_half_imported() -> None:
    """Let the next import start anew instead of finding modules that stopped half-way."""
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
