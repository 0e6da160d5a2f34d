"""Batches of an epoch: how many images each step sees."""

from __future__ import annotations

from bnclaims.errors import BnclaimsError


def batch_sizes(images: int, batch_size: int) -> list[int]:
    """Sizes of the batches of one epoch, in order.

    A remainder of one image joins the batch before it: BatchNorm cannot train on a single image,
    and arms without BatchNorm must take the same steps. Raises `BnclaimsError` for batches of one.
    """
    if batch_size < 2:
        raise BnclaimsError(
            f"batch_size {batch_size} leaves BatchNorm nothing to normalise: use at least 2"
        )
    full, rest = divmod(images, batch_size)
    sizes = [batch_size] * full
    if rest == 1 and sizes:
        sizes[-1] += 1
    elif rest:
        sizes.append(rest)
    return sizes
