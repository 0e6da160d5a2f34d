"""Drawing of leaves with numpy: outline, veins, lesions, background, light and camera noise.

Every operation is an elementwise sum, product, quotient or square root in float32, which IEEE 754
rounds in one way only, and every random number is a uniform one: the same pixels come out on every
machine. Lengths are in half leaf lengths: a leaf reaches from x = -1 (stem) to x = 1 (tip).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bnclaims.datasets.dataset import Pixels
from bnclaims.datasets.leaves.traits import Floats, Lesions, Species, traits

# Few enough images for the arrays of a batch to stay in the processor's cache.
_BATCH = 64

_SOIL, _TABLE = (0.45, 0.38, 0.31), (0.66, 0.66, 0.70)
_VEIN = (0.72, 0.78, 0.46)


def draw_leaves(
    species: Species,
    diseases: Sequence[Lesions],
    *,
    leaf_of: NDArray[np.int64],
    leaf: np.random.Generator,
    photo: np.random.Generator,
    image_size: int,
) -> Pixels:
    """Photos of shape (images, image_size, image_size, 3), image i showing leaf ``leaf_of[i]``.

    Photos of one leaf share outline, veins, colour and lesions (stream ``leaf``) and differ in
    position, light, background and noise (stream ``photo``).
    """
    all_traits = traits(species, diseases, leaf_of=leaf_of, leaf=leaf, photo=photo)
    # Small images are drawn twice as fine and averaged, since a lesion may be thinner than a pixel.
    oversampling = 2 if image_size <= 32 else 1
    batches = []
    for start in range(0, len(leaf_of), _BATCH):
        batch = {name: values[start : start + _BATCH] for name, values in all_traits.items()}
        image = _render(batch, species, diseases, image_size * oversampling)
        if oversampling == 2:
            image = _halve(image)
        noise = photo.integers(0, 256, size=(2, *image.shape), dtype=np.uint8).astype(np.float32)
        image += (noise[0] - noise[1]) * (batch["noise"][..., np.newaxis] / 255)
        batches.append((np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8))
    return np.concatenate(batches)


def _render(
    of: Mapping[str, Floats], species: Species, diseases: Sequence[Lesions], side: int
) -> Floats:
    """Images of shape (batch, side, side, 3) with values around 0 to 1."""
    steps = (np.arange(side, dtype=np.float32) * 2 + 1) / side - 1
    right, down = steps[np.newaxis, np.newaxis, :], steps[np.newaxis, :, np.newaxis]
    pixel = 2 / (side * of["length"])

    x, y = _leaf_coordinates(of, right, down)
    half_width = _half_width(of, x)
    leaf = _coverage(of, x, y, half_width, pixel)
    shadow_x, shadow_y = _leaf_coordinates(of, right - of["shadow"], down - of["shadow"])
    shadow = _coverage(of, shadow_x, shadow_y, _half_width(of, shadow_x), 8 * pixel)

    mottle, ground = _texture(of["mottle"], side), _texture(of["ground"], side)
    veins = _veins(of, species, x, y, half_width, pixel)
    shade = of["depth"] + 0.3 * mottle + np.where(y > 0, of["fold"], -of["fold"])
    marks = [_marks(of, f"lesion{index}", x, y, mottle) for index in range(len(diseases))]
    light = of["gain"] * (1 + of["light_x"] * right + of["light_y"] * down)

    image = np.empty((*leaf.shape, 3), dtype=np.float32)
    for channel in range(3):
        surface = _mix(species.pale[channel], species.dark[channel], shade)
        surface = _mix(surface, _VEIN[channel], veins)
        for disease, (core, halo) in zip(diseases, marks, strict=True):
            surface = _mix(surface, disease.halo[channel], halo)
            surface = _mix(surface, disease.core[channel], core)
        behind = _mix(_SOIL[channel], _TABLE[channel], of["table"]) * (1 + 0.2 * ground)
        behind = behind * (1 - 0.45 * shadow)
        image[..., channel] = _mix(behind, surface, leaf) * light * of[f"white{channel}"]
    return image


def _leaf_coordinates(
    of: Mapping[str, Floats], right: Floats, down: Floats
) -> tuple[Floats, Floats]:
    """Coordinates along and across the bent midrib of each pixel of the picture."""
    east, south = right - of["right"], down - of["down"]
    x = (of["cosine"] * east + of["sine"] * south) / of["length"]
    y = (of["cosine"] * south - of["sine"] * east) / of["length"]
    return x, y - of["bend"] * (1 - x * x)


def _half_width(of: Mapping[str, Floats], x: Floats) -> Floats:
    teeth = np.abs(_saw(9 * x)) - 0.25
    return of["width"] * (1 - x * x) * (1 - of["taper"] * x) * (1 + of["teeth"] * teeth)


def _coverage(
    of: Mapping[str, Floats], x: Floats, y: Floats, half_width: Floats, soft: Floats
) -> Floats:
    """How much of each pixel the leaf covers, its edge ``soft`` wide; the stalk is a thin line."""
    blade = np.clip((half_width - np.abs(y)) / soft + 0.5, 0, 1) * (np.abs(x) < 1)
    stalk = np.clip((0.025 - np.abs(y)) / soft + 0.5, 0, 1) * ((x <= -0.9) & (x > -1.3))
    return np.maximum(blade, stalk)


def _veins(
    of: Mapping[str, Floats],
    species: Species,
    x: Floats,
    y: Floats,
    half_width: Floats,
    pixel: Floats,
) -> Floats:
    across = np.abs(y)
    midrib = np.clip((0.03 - across) / pixel + 0.5, 0, 1)
    nearest = np.abs(_saw(species.side_veins * (x - 0.8 * across) + of["vein_phase"]))
    inside = np.clip(1 - across / np.maximum(half_width, pixel), 0, 1)
    side = np.clip(1 - nearest / 0.1, 0, 1) * inside
    return np.maximum(0.9 * midrib, 0.8 * side) * of["veins"]


def _marks(
    of: Mapping[str, Floats], name: str, x: Floats, y: Floats, mottle: Floats
) -> tuple[Floats, Floats]:
    """Opacity of the cores and of the halos of all lesions of one disease."""
    core = np.zeros(np.broadcast_shapes(x.shape, y.shape), dtype=np.float32)
    halo = np.zeros_like(core)
    count = of[f"{name} count"]
    for index in range(int(count.max())):
        # Leaves with fewer lesions cost nothing here.
        some = np.flatnonzero(count[:, 0, 0] > index)
        mark = {key: of[f"{name} {index} {key}"][some] for key in ("x", "y", "radius", "opacity")}
        along = (x[some] - mark["x"]) / of[f"{name} stretch"][some]
        across = y[some] - mark["y"]
        # The mottle bends the outline, so that a large lesion is no ellipse.
        distance = (along * along + across * across) / (mark["radius"] * mark["radius"])
        distance *= 1 + 0.8 * mottle[some]
        core[some] = np.maximum(core[some], np.clip(2.5 - 2 * distance, 0, 1) * mark["opacity"])
        halo[some] = np.maximum(halo[some], np.clip(1.5 - 0.5 * distance, 0, 1) * mark["opacity"])
    return core, 0.6 * halo


def _texture(grid: Floats, side: int) -> Floats:
    """A smooth field from -0.5 to 0.5: a coarse grid of random numbers, interpolated."""
    cells = grid.shape[1] - 1
    place = (np.arange(side, dtype=np.float32) + 0.5) * (cells / side)
    low = place.astype(np.int64)
    part = place - low.astype(np.float32)
    rows = _mix(grid[:, low], grid[:, low + 1], part[:, np.newaxis])
    return _mix(rows[:, :, low], rows[:, :, low + 1], part) - 0.5


def _saw(values: Floats) -> Floats:
    """Signed distance to the nearest whole number, from -0.5 to 0.5."""
    nearest: Floats = np.floor(values + 0.5)
    return values - nearest


def _mix(start: Floats | float, end: Floats | float, share: Floats) -> Floats:
    return start + (end - start) * share


def _halve(image: Floats) -> Floats:
    # Four explicit slices: the order of a sum over axes differs between builds of numpy.
    top = image[:, 0::2, 0::2] + image[:, 0::2, 1::2]
    bottom = image[:, 1::2, 0::2] + image[:, 1::2, 1::2]
    return (top + bottom) * np.float32(0.25)
