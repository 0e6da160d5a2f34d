"""Generalisation: whether a verdict holds for new images, or for the pool that the seeds drew from."""

from __future__ import annotations

import dataclasses

from bnclaims.audit.statements.remedies import ANY_OF, STILL_NEEDED
from bnclaims.audit.statements.statement import Finding


def with_reach(finding: Finding, *, supported: bool, level: float) -> Finding:
    """The finding, and its parts, marked where the verdict rests on this pool of images.

    ``supported`` says which of the two verdicts that decide was reached. A part is marked when its
    new-images interval, in any score, reaches over the line that it had to be shown beyond. The whole
    is marked when support, which needs every part, has a marked one, or when every part that refutes
    by itself at ``level`` (Bonferroni over the parts) is marked. Of a whole of which any part is enough
    it is the other way round.
    """
    if not finding.parts:
        return _marked(finding, supported=supported)
    if finding.kind in (ANY_OF, STILL_NEEDED):
        return _any_of(finding, supported=supported, level=level)
    count = len(finding.parts)
    refuting = [
        not supported and min(1.0, count * part.p_refute) <= level for part in finding.parts
    ]
    if not supported and not any(refuting):
        # Decided by looks together: the strongest part stands for it.
        strongest = min(part.p_refute for part in finding.parts)
        refuting = [part.p_refute == strongest for part in finding.parts]
    parts = tuple(
        _marked(part, supported=supported) if supported or refutes else part
        for part, refutes in zip(finding.parts, refuting, strict=True)
    )
    decisive = [
        part.pool_only
        for part, refutes in zip(parts, refuting, strict=True)
        if supported or refutes
    ]
    whole = any(decisive) if supported else all(decisive)
    return dataclasses.replace(finding, parts=parts, pool_only=whole)


def _any_of(finding: Finding, *, supported: bool, level: float) -> Finding:
    """Marked when every part that supports by itself is, or when any is where all must refute."""
    count = len(finding.parts)
    decide = [not supported or min(1.0, count * part.p_support) <= level for part in finding.parts]
    if not any(decide):
        strongest = min(part.p_support for part in finding.parts)
        decide = [part.p_support == strongest for part in finding.parts]
    parts = tuple(
        _marked(part, supported=supported) if decides else part
        for part, decides in zip(finding.parts, decide, strict=True)
    )
    decisive = [part.pool_only for part, decides in zip(parts, decide, strict=True) if decides]
    whole = all(decisive) if supported else any(decisive)
    return dataclasses.replace(finding, parts=parts, pool_only=whole)


def _marked(finding: Finding, *, supported: bool) -> Finding:
    lines = finding.support_lines if supported else finding.refute_lines
    wider = [score.new_images_interval for score in finding.scores] or [finding.new_images_interval]
    crossed = any(ends[0] < line < ends[1] for ends in wider if ends is not None for line in lines)
    return dataclasses.replace(finding, pool_only=crossed)
