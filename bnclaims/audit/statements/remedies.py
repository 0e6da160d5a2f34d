"""Remedies: whether any of several helps the plain network, and with how many images one is still needed."""

from __future__ import annotations

import dataclasses
import math
from typing import Final

from bnclaims import stats
from bnclaims.audit.evidence.both_scores import Difference, Scores, in_f1
from bnclaims.audit.statements.describe import estimate_of
from bnclaims.audit.statements.dose_response import with_curves
from bnclaims.audit.statements.paired_effects import Effect
from bnclaims.audit.statements.statement import (
    Finding,
    Gate,
    Point,
    Side,
    Statement,
    gated,
    largest,
)
from bnclaims.protocol.rules import Rules

# What statements are called of which any part is enough.
ANY_OF: Final = "any of"
STILL_NEEDED: Final = "still needed"
# A curve is followed beyond its last dose by no more than this factor.
REACH: Final = 2.0


@dataclasses.dataclass(frozen=True)
class AnyOf(Statement):
    """Some part holds (Bonferroni over the parts); refuted when every part is (intersection-union test).

    Each part is an effect. The one with the largest estimate gives the headline. ``gates`` show that
    there was something to see, before all of them are called absent.
    """

    parts: tuple[Effect, ...]
    gates: tuple[Gate, ...] = ()

    def strongest(self) -> Effect:
        """The part with the largest estimate in the first score."""
        return max(self.parts, key=lambda part: _size(part.difference))

    def headline(self) -> Difference:
        return self.strongest().headline()

    def support(self, rules: Rules) -> Side:
        p = stats.bonferroni([part.support(rules).p for part in self.parts])
        return Side(p=p, ungated=p, absence=False)

    def refute(self, rules: Rules) -> Side:
        enough = max(in_f1(part.difference).enough for part in self.parts)
        test = largest((part.refute(rules).ungated for part in self.parts), enough=enough)
        return gated(test, self.gates, rules)

    def describe(self, rules: Rules) -> Finding:
        findings = tuple(part.describe(rules) for part in self.parts)
        return dataclasses.replace(
            findings[self.parts.index(self.strongest())],
            kind=ANY_OF,
            p_support=self.support(rules).p,
            p_refute=self.refute(rules).p,
            notes=(),
            missing=max(finding.missing for finding in findings),
            parts=findings,
        )


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A way to train or read a network: an arm, how it is read, its name, and both scores of it."""

    name: str
    arm: str
    readout: str
    scores: Scores


@dataclasses.dataclass(frozen=True)
class SomeRemedy(AnyOf):
    """Some candidate is above the plain network as it comes by the smallest effect, in both scores.

    ``plain`` and ``candidates`` are what a report ranks beside the verdict.
    """

    plain: Candidate = dataclasses.field(kw_only=True)
    candidates: tuple[Candidate, ...] = dataclasses.field(kw_only=True)


def some_remedy(
    plain: Candidate, candidates: tuple[Candidate, ...], gates: tuple[Gate, ...]
) -> SomeRemedy:
    """The statement about these candidates, an effect each."""
    parts = tuple(Effect(other.name, other.scores - plain.scores) for other in candidates)
    return SomeRemedy(parts, gates, plain=plain, candidates=candidates)


@dataclasses.dataclass(frozen=True)
class Curve:
    """The gain of one remedy over the plain network at each of several numbers of minority images."""

    name: str
    gains: tuple[Scores, ...]


@dataclasses.dataclass(frozen=True)
class StillNeeded(Statement):
    """At the last dose some remedy still gains more than the smallest effect, in both scores.

    Supported: some gain there is an effect (Bonferroni over the remedies). Refuted: every gain there is
    shown to be smaller (intersection-union test), given that some gain at the first dose is an effect,
    so that there was something to lose.
    """

    label: str
    curves: tuple[Curve, ...]
    doses: tuple[float, ...]

    def at_last(self) -> AnyOf:
        """That any remedy is an effect at the last dose."""
        return self._at(-1)

    def _at(self, dose: int) -> AnyOf:
        name = f"{self.label} {self.doses[dose]:g}"
        return AnyOf(
            tuple(Effect(f"{curve.name}, {name}", curve.gains[dose]) for curve in self.curves)
        )

    def headline(self) -> Difference:
        return self.at_last().headline()

    def support(self, rules: Rules) -> Side:
        return self.at_last().support(rules)

    def refute(self, rules: Rules) -> Side:
        test = self.at_last().refute(rules).ungated
        return Side(p=max(test, self._at(0).support(rules).p), ungated=test, absence=True)

    def describe(self, rules: Rules) -> Finding:
        found = self.at_last().describe(rules)
        parts = [
            with_curves(part, curve.gains, self.doses, rules)
            for part, curve in zip(found.parts, self.curves, strict=True)
        ]
        endings: dict[str, list[str]] = {}
        for part, curve in zip(parts, self.curves, strict=True):
            how = ending(part.scores[-1].points, rules.smallest_effect)
            endings.setdefault(how, []).append(curve.name)
        return dataclasses.replace(
            found,
            kind=STILL_NEEDED,
            p_refute=self.refute(rules).p,
            notes=tuple(f"{'; '.join(names)}: {how}" for how, names in endings.items()),
            parts=tuple(parts),
        )


def ending(points: tuple[Point, ...], line: float) -> str:
    """Where a gain in Youden's J falls below ``line`` for good, in words, by one rule.

    The gain is drawn straight between doses on a logarithmic scale. Where it ends above the line and
    fell between the last two doses it is followed as it fell there, at most to twice the last dose.
    That the interval of a dose and of all later ones lies below the line is said, too.
    """
    if not points:
        return "not measured"
    above = [at for at, point in enumerate(points) if point.estimate >= line]
    if not above:
        return (
            f"gains less than {line:g} in J from {points[0].dose:g} on, the fewest that were tried"
        )
    last = points[above[-1]]
    if above[-1] + 1 < len(points):
        crossed = _crossing(last, points[above[-1] + 1], line)
        shown = [
            point.dose
            for at, point in enumerate(points)
            if all(later.high < line for later in points[at:])
        ]
        sure = f", shown from {shown[0]:g} on" if shown else ""
        return f"gains less than {line:g} in J from about {crossed:.0f} on{sure}"
    if len(points) > 1 and points[-2].estimate > last.estimate:
        crossed = _crossing(points[-2], last, line)
        if crossed <= REACH * last.dose:
            return f"would gain less than {line:g} in J from about {crossed:.0f} on, beyond what was tried"
    return f"still gains {line:g} or more in J at {last.dose:g}, the most that were tried"


def _crossing(one: Point, other: Point, line: float) -> float:
    """The dose at which the straight line through two points, over the logarithm, has the value."""
    share = (one.estimate - line) / (one.estimate - other.estimate)
    return math.exp(math.log(one.dose) + share * (math.log(other.dose) - math.log(one.dose)))


def _size(difference: Difference) -> float:
    estimate = estimate_of(in_f1(difference))
    return -math.inf if estimate is None else estimate
