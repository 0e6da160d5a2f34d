"""Plain data: what JSON knows, of anything that a report holds."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np


def plain_data(value: Any) -> Any:
    """Anything a report holds, as what JSON knows; numbers that are not finite become None."""
    match value:
        case Enum():
            return plain_data(value.value)
        case None | bool() | str():
            return value
        case np.generic() | np.ndarray():
            return plain_data(value.tolist())
        case int():
            return value
        case float() | Fraction():
            return float(value) if math.isfinite(value) else None
        case Mapping():
            return {str(name): plain_data(entry) for name, entry in value.items()}
        case list() | tuple():
            return [plain_data(entry) for entry in value]
    if dataclasses.is_dataclass(value):
        return {
            field.name: plain_data(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    raise TypeError(f"{type(value).__name__} has no place in a report")
