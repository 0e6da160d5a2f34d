"""ImageNet weights that a run is to start from: fetched before its plan."""

from __future__ import annotations

from collections.abc import Sequence

from bnclaims.audit.claim import Claim
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.cells import Selection, weights_asked
from bnclaims.protocol.load import Protocol
from bnclaims.run.request import Request


def fetch_weights(
    request: Request, protocol: Protocol, claims: Sequence[Claim], selection: Selection
) -> list[str]:
    """Downloads the ImageNet weights that are asked for and not here; why some are not to be had.

    Comes before the plan, which depends on what there is. A world needs none.
    """
    refusals: list[str] = []
    if request.world is not None or request.offline or request.stored:
        return refusals
    from bnclaims.models import weights

    for architecture in weights_asked(protocol, [claim.id for claim in claims], selection):
        if weights.downloadable(architecture) is None or weights.find(architecture) is not None:
            continue
        # Not sooner: most runs fetch nothing, and torch takes seconds to import.
        from bnclaims.models.hub import fetch

        try:
            fetch(architecture)
        except BnclaimsError as error:
            refusals.append(str(error))
    return refusals
