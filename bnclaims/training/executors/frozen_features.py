"""Training on a frozen body: the features of an image never change, so they are made once and kept.

The images pass through the body once instead of once an epoch, once for all trials, and once for all
runs: what was made lies in the user's cache folder by the content of the image.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import secrets
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from bnclaims.datasets.files.downloads import cache_folder
from bnclaims.models.network import Network, after_body
from bnclaims.store.atomic_files import write_whole

# Pixels (n, H, W, C) -> what a network is given of them, a tensor of n rows.
Inputs = Callable[[NDArray[np.uint8]], torch.Tensor]
Features = NDArray[np.float32]

# Training, validation and test images of two draws.
_MOST_KEPT: Final = 6
# With the pixels, so that their id is no other array's.
_kept: OrderedDict[tuple[Any, ...], tuple[NDArray[np.uint8], torch.Tensor]] = OrderedDict()
DIGEST_BYTES: Final = 16
# Images of which features are made at once.
BATCH: Final = 64


class FeatureCache:
    """Features of images under one body, by the digest of their pixels, in a folder of the cache.

    Each process adds files of its own and reads those that it finds when it begins. The cache only
    saves time: what cannot be read is made again, and where it cannot be written it lasts as long as
    the process.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[bytes, Features] = {}
        for path in sorted(folder.glob("*.npz")):
            with contextlib.suppress(OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
                with np.load(path, allow_pickle=False) as found:
                    digests, features = found["digests"], found["features"]
                self._known |= zip(map(bytes, digests), features, strict=True)

    def of(
        self, pixels: NDArray[np.uint8], make: Callable[[NDArray[np.uint8]], Features]
    ) -> Features:
        """Features float32 (n, width) of pixels (n, H, W, C); ``make`` gives those that are not known."""
        shape = repr(pixels.shape[1:]).encode()
        digests = [
            hashlib.blake2b(shape + image.tobytes(), digest_size=DIGEST_BYTES).digest()
            for image in pixels
        ]
        places = {
            digest: place for place, digest in enumerate(digests) if digest not in self._known
        }
        if places:
            made = make(pixels[list(places.values())])
            new = dict(zip(places, made, strict=True))
            self._known |= new
            self._write(new)
        return np.stack([self._known[digest] for digest in digests])

    def _write(self, new: Mapping[bytes, Features]) -> None:
        packed = io.BytesIO()
        digests = np.frombuffer(b"".join(new), dtype=np.uint8).reshape(len(new), DIGEST_BYTES)
        np.savez(packed, digests=digests, features=np.stack(list(new.values())))
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._folder / f"{secrets.token_hex(8)}.npz"
            write_whole(path, packed.getvalue(), replace=False)


_caches: dict[tuple[Path, tuple[str, ...]], FeatureCache] = {}


def _cache(body: tuple[str, ...]) -> FeatureCache:
    folder = cache_folder() / "features" / "-".join(body)
    return _caches.setdefault((folder, body), FeatureCache(folder))


def on_features(network: Network, inputs: Inputs, body: tuple[str, ...]) -> tuple[Network, Inputs]:
    """The part of a network that is trained, and inputs that are features of its frozen body.

    ``body`` says which body it is and how it is run: features are shared between equal ones.
    """

    @torch.no_grad()
    def made(pixels: NDArray[np.uint8]) -> Features:
        # Batch by batch, as all images at 224 pixels would take as much memory again, and all of one
        # size, so that features do not depend on how many are missing.
        batches = []
        for start in range(0, len(pixels), BATCH):
            part = pixels[start : start + BATCH]
            rows = np.resize(np.arange(len(part)), BATCH)
            batches.append(network.body(inputs(part[rows]))[: len(part)].float().cpu())
        return torch.cat(batches).numpy()

    def features(pixels: NDArray[np.uint8]) -> torch.Tensor:
        key = (id(pixels), *body)
        if key not in _kept:
            on = next(network.last.parameters()).device
            _kept[key] = pixels, torch.from_numpy(_cache(body).of(pixels, made)).to(on)
            while len(_kept) > _MOST_KEPT:
                _kept.popitem(last=False)
        _kept.move_to_end(key)
        return _kept[key][1]

    return after_body(network), features
