"""What a user may say about Ray, checked without importing it."""

from __future__ import annotations

import dataclasses
import importlib.util
import math

from bnclaims.errors import BnclaimsError


@dataclasses.dataclass(frozen=True, kw_only=True)
class RayOptions:
    """How a run uses Ray; `BnclaimsError` for what Ray could not do.

    ``address`` is that of a running cluster (None: a local one is started for the run), ``actors``
    how many processes train (None: as many as fit), ``gpus_per_actor`` the GPUs of each (None: they
    train on the CPU).
    """

    address: str | None = None
    actors: int | None = None
    gpus_per_actor: float | None = None

    def __post_init__(self) -> None:
        if self.address is not None and "://" in self.address:
            raise BnclaimsError(
                f"--ray-address {self.address}: Ray's client protocol cannot stream records; run "
                f"on a node of the cluster and give HOST:PORT or auto."
            )
        if self.actors is not None and self.actors < 1:
            raise BnclaimsError(f"--ray-actors {self.actors}: give at least 1.")
        share = self.gpus_per_actor
        if share is not None and not (0 < share < math.inf and (share < 1 or share == int(share))):
            raise BnclaimsError(
                f"--ray-gpus-per-actor {share:g}: give a share of one GPU such as 0.25, or a whole number."
            )


def require_ray() -> None:
    """`BnclaimsError` where Ray is not installed."""
    if importlib.util.find_spec("ray") is None:
        raise BnclaimsError(
            "--runner ray: Ray is not installed; pip install 'bnclaims[ray]', or leave --runner out."
        )
