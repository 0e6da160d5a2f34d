"""Generalisation: whether a verdict holds for new images, or for the pool that the seeds drew from."""

from __future__ import annotations

import dataclasses

from bnclaims.audit.statements.statement import Finding


def with_reach(finding: Finding, *, supported: bool, level: float) -> Finding:
    """The finding, and its parts, marked where the verdict rests on this pool of images.

    ``supported`` says which of the two verdicts that decide was reached. A part is marked when its
    new-images interval, in any score, reaches over the line that it had to be shown beyond. The whole
    is marked when support, which needs every part, has a marked one, or when every part that refutes
    by itself at ``level`` (Bonferroni over the parts) is marked.
    """
    if not finding.parts:
        return _marked(finding, supported=supported)
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


def _marked(finding: Finding, *, supported: bool) -> Finding:
    lines = finding.support_lines if supported else finding.refute_lines
    wider = [score.new_images_interval for score in finding.scores] or [finding.new_images_interval]
    crossed = any(ends[0] < line < ends[1] for ends in wider if ends is not None for line in lines)
    return dataclasses.replace(finding, pool_only=crossed)
