"""The download of torchvision's weights, by torch's own means: into its cache, checked by its hash."""

from __future__ import annotations

import http.client
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import torch

from bnclaims.errors import BnclaimsError
from bnclaims.models import weights

# Seconds without an answer; torch itself would wait for ever.
TIMEOUT: Final = 30.0


def fetch(architecture: str) -> Path:
    """The downloaded weights of an architecture, in the folder where `weights.find` looks.

    `BnclaimsError` where they are not to be downloaded, or arrive damaged.
    """
    wanted = weights.downloadable(architecture)
    if wanted is None or wanted.url is None:
        raise BnclaimsError(
            f"{architecture}: its weights are not downloaded by themselves; "
            f"{weights.remedy(architecture)}."
        )
    path = weights.hub_folder() / wanted.name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _timeout(TIMEOUT):
            torch.hub.download_url_to_file(
                wanted.url,
                str(path),
                hash_prefix=wanted.sha256,
                progress=sys.stderr.isatty(),
            )
    # A wrong hash is a RuntimeError, and refusals of server and disk are OSErrors.
    except (OSError, RuntimeError, http.client.HTTPException) as error:
        raise BnclaimsError(
            f"{wanted.url}: not downloaded ({error}); try again later, or put the file into the "
            f"folder that {weights.FOLDER_VARIABLE} names."
        ) from error
    return path


@contextmanager
def _timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
