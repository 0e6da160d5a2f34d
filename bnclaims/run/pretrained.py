"""ImageNet weights that a run is to start from: fetched before its plan, and told about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bnclaims.audit.claim import Claim
from bnclaims.errors import BnclaimsError
from bnclaims.models import weights
from bnclaims.protocol.cells import Selection, weights_asked
from bnclaims.protocol.load import Protocol
from bnclaims.report.page.provenance import weights_sentences
from bnclaims.run.request import Request

if TYPE_CHECKING:
    from bnclaims.run.design import Design


def fetch_weights(
    request: Request, protocol: Protocol, claims: Sequence[Claim], selection: Selection
) -> list[str]:
    """Downloads the ImageNet weights that are asked for and not here; why some are not to be had.

    Comes before the plan, which depends on what there is. A world needs none.
    """
    refusals: list[str] = []
    if request.world is not None or request.offline:
        return refusals
    for architecture in weights_asked(protocol, [claim.id for claim in claims], selection):
        if weights.WEIGHTS[architecture].url is None or weights.find(architecture) is not None:
            continue
        # Not sooner: most runs fetch nothing, and torch takes seconds to import.
        from bnclaims.models.hub import fetch

        try:
            fetch(architecture)
        except BnclaimsError as error:
            refusals.append(str(error))
    return refusals


def told_of_weights(design: Design) -> list[str]:
    """What comes of the wish for ImageNet weights on this machine, as sentences."""
    rule = design.protocol.file.training.without_weights
    names = weights_asked(design.protocol, [claim.id for claim in design.claims], design.selection)
    return list(
        weights_sentences(
            {name: design.selection.weights.get(name) for name in names},
            leave_out=rule is not None and rule.value == "leave_out",
            remedies={name: weights.remedy(name) for name in names},
        )
    )
