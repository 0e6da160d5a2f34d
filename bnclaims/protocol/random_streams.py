"""Named random streams: numbers that depend on a seed and a purpose and nothing else."""

from __future__ import annotations

import hashlib
import json

import numpy as np


def generator(seed: int, *purpose: str) -> np.random.Generator:
    """The random generator of one purpose under one seed.

    Streams of different purposes are independent, so an arm that draws more numbers than another
    for one purpose leaves every other purpose as it was. ``seed`` is a non-negative integer;
    ``ValueError`` otherwise.
    """
    if seed < 0:
        raise ValueError(f"a seed is a non-negative integer, not {seed}")
    digest = hashlib.sha256(json.dumps(purpose).encode()).digest()
    words = np.frombuffer(digest, dtype="<u4").tolist()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=words)))
