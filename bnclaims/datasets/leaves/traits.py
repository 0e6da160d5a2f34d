"""The random traits of drawn leaves and of the photos taken of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# float32 throughout; numpy's type stubs take the product with a Python number for float64.
Floats = NDArray[np.floating[Any]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Species:
    """Half widths from, to; size of teeth; extreme greens (RGB, 0 to 1); side veins per length."""

    width: tuple[float, float]
    teeth: float
    pale: tuple[float, float, float]
    dark: tuple[float, float, float]
    side_veins: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lesions:
    """Count, radius, stretch along the leaf and opacity from, to; colours (RGB, 0 to 1)."""

    count: tuple[int, int]
    radius: tuple[float, float]
    stretch: tuple[float, float]
    opacity: tuple[float, float]
    core: tuple[float, float, float]
    halo: tuple[float, float, float]


class _Uniform:
    """Uniform numbers per owner, repeated for every image of the owner."""

    def __init__(self, generator: np.random.Generator, owner: NDArray[np.int64]) -> None:
        self._generator = generator
        self._owner = owner
        self._owners = int(owner.max()) + 1

    def __call__(self, low: float, high: float) -> Floats:
        """Numbers from ``low`` to ``high``, shape (images, 1, 1)."""
        numbers = low + (high - low) * self._generator.random(self._owners)
        return numbers.astype(np.float32)[self._owner].reshape(-1, 1, 1)

    def grid(self, side: int) -> Floats:
        """Numbers from 0 to 1, shape (images, side, side)."""
        return self._generator.random((self._owners, side, side)).astype(np.float32)[self._owner]


def traits(
    species: Species,
    diseases: Sequence[Lesions],
    *,
    leaf_of: NDArray[np.int64],
    leaf: np.random.Generator,
    photo: np.random.Generator,
) -> dict[str, Floats]:
    """Every trait by name, the first axis running over the images."""
    of_leaf, of_photo = _Uniform(leaf, leaf_of), _Uniform(photo, np.arange(len(leaf_of)))
    found = {
        "width": of_leaf(*species.width),
        "taper": of_leaf(0.1, 0.45),
        "teeth": of_leaf(0, species.teeth),
        "bend": of_leaf(-0.14, 0.14),
        "depth": of_leaf(0.2, 0.8),
        "fold": of_leaf(-0.12, 0.12),
        "veins": of_leaf(0.15, 0.6),
        "vein_phase": of_leaf(0, 1),
        "mottle": of_leaf.grid(7),
    }
    for index, disease in enumerate(diseases):
        found |= _lesions(of_leaf, disease, f"lesion{index}", found["width"])
    return found | _photo(of_photo)


def _lesions(uniform: _Uniform, disease: Lesions, name: str, width: Floats) -> dict[str, Floats]:
    fewest, most = disease.count
    found = {
        f"{name} count": np.floor(uniform(fewest, most + 1)),
        f"{name} stretch": uniform(*disease.stretch),
    }
    # How far a leaf's disease has come shows in all its lesions, so some leaves are hard to tell.
    stage = uniform(*disease.opacity)
    for index in range(most):
        x = uniform(-0.75, 0.7)
        found |= {
            f"{name} {index} x": x,
            f"{name} {index} y": uniform(-0.8, 0.8) * width * (1 - x * x),
            f"{name} {index} radius": uniform(*disease.radius),
            f"{name} {index} opacity": stage * uniform(0.75, 1),
        }
    return found


def _photo(uniform: _Uniform) -> dict[str, Floats]:
    # A point of the rational circle instead of cosine and sine, which differ in the last bit
    # between machines.
    turn = uniform(-0.3, 0.3)
    flip = np.where(uniform(0, 1) < 0.5, np.float32(-1), np.float32(1))
    return {
        "cosine": flip * (1 - turn * turn) / (1 + turn * turn),
        "sine": flip * 2 * turn / (1 + turn * turn),
        "length": uniform(0.82, 0.98),
        "right": uniform(-0.08, 0.08),
        "down": uniform(-0.08, 0.08),
        "shadow": uniform(-0.08, 0.08),
        "table": uniform(0.6, 1),
        "ground": uniform.grid(5),
        "gain": uniform(0.85, 1.1),
        "light_x": uniform(-0.12, 0.12),
        "light_y": uniform(-0.12, 0.12),
        "white0": uniform(0.96, 1.04),
        "white1": uniform(0.96, 1.04),
        "white2": uniform(0.96, 1.04),
        "noise": uniform(0.01, 0.04),
    }
