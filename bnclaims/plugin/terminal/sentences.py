"""Judgements as sentences for people who read a terminal."""

from __future__ import annotations

from decimal import Decimal

from bnclaims.audit.claim import Claim
from bnclaims.audit.results import CellJudgement, Verdict
from bnclaims.audit.statements import remedies
from bnclaims.audit.statements.statement import Finding
from bnclaims.report.formatting import interval, name_of, number


def effect_text(finding: Finding | None) -> str:
    """The effect with its interval, e.g. ``0.82 [0.76, 0.86]``, or a dash."""
    if finding is None or finding.estimate is None or finding.interval is None:
        return "–"
    return interval(finding.estimate, finding.interval)


def sentence(claim: Claim, judged: CellJudgement) -> str:
    """The finding of one cell: the verdict, the effect, what the claim needed, and what decided.

    Example: ``claim (vi) refuted on digits 1000:10, ...: F1 gain 0.82 [0.76, 0.86], "almost no
    impact" means within 0.10; 16 seeds, p = 0.0001 against it, at most 0.0083``.
    """
    verdict = str(judged.verdict).lower()
    scope = "" if judged.primary else f', in the cell "{judged.cell}" alone,'
    said = f"claim {name_of(claim.id)} {verdict}{scope} on {judged.label}"
    finding = _telling(judged)
    if finding is not None:
        said += f": {finding.label} {effect_text(finding)}"
        if needed := criterion(finding):
            what = f'"{claim.wording}" means' if claim.wording else "which the claim needs to be"
            said += f", {what} {needed}"
    return f"{said}; {judged.seeds} seeds, {judged.reason}"


def _telling(judged: CellJudgement) -> Finding | None:
    """The part of a statement that a reader wants to see: what refuted it, else its headline."""
    finding = judged.finding
    if finding is None or finding.kind in (remedies.ANY_OF, remedies.STILL_NEEDED):
        return finding
    if finding.parts and judged.verdict is Verdict.REFUTED:
        return min(finding.parts, key=lambda part: part.p_refute)
    return finding


def criterion(finding: Finding) -> str:
    """What the effect would have to be for the statement to hold, e.g. ``within 0.10``."""
    lines = finding.lines
    match finding.kind:
        case "effect" | "peak" | remedies.ANY_OF | remedies.STILL_NEEDED:
            return f"at least {_line(lines[-1])}"
        case "no effect":
            return f"within {_line(lines[-1])}"
        case "not worse":
            return f"not below {_line(lines[0])}"
        case "dose":
            return f"at least {_line(lines[-1])} either way"
    return ""


def _line(value: float) -> str:
    """A decision line with two decimals, or with as many as it has: rounded it would be another."""
    # Six are more than any protocol states; further ones come of computing.
    exact = Decimal(str(round(value, 6))).normalize()
    return number(value, max(2, -int(exact.as_tuple().exponent)))
