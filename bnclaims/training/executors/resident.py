"""The images of a dataset on the device: once, as uint8, however many seeds and arms draw from them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from bnclaims.datasets import Draw
    from bnclaims.protocol.trial import Task


class ResidentPixels:
    """Rows (images, height, width, channels) of one dataset at one size, filled as draws name them.

    At 128 pixels an image is 49 kB as uint8 and 197 kB as float32; sixteen networks that each held
    their own thousand as float32 would take 3 GB, where the dataset takes 50 to 500 MB once.
    """

    def __init__(self) -> None:
        self._of: Hashable = None
        self._rows: torch.Tensor | None = None
        self._place: dict[str, int] = {}

    def placed(self, task: Task, draw: Draw, on: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """All rows, uint8, and the row of each training image of the draw, int64 (images,).

        The rows stay where they are in memory, as captured steps need them to, until another dataset
        is asked for, or more images than the first draw said that there are.
        """
        of = (task.dataset, task.fingerprint, *draw.train_pixels.shape[1:], on)
        new = [index for index, name in enumerate(draw.train.images) if name not in self._place]
        if of != self._of or self._rows is None or len(self._place) + len(new) > len(self._rows):
            images = max(sum(draw.pool_images), len(draw.train.images))
            self.drop()
            self._of, new = of, list(range(len(draw.train.images)))
            shape = (images, *draw.train_pixels.shape[1:])
            self._rows = torch.empty(shape, dtype=torch.uint8, device=on)
        if new:
            first = len(self._place)
            fresh = torch.from_numpy(draw.train_pixels[new]).to(on)
            self._rows[first : first + len(new)] = fresh
            self._place |= {draw.train.images[i]: first + n for n, i in enumerate(new)}
        places = torch.tensor([self._place[name] for name in draw.train.images], device=on)
        return self._rows, places

    def drop(self) -> None:
        """Forgets the images and gives their memory back."""
        self._of, self._rows, self._place = None, None, {}
