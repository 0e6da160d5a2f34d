"""Lasting effects: statements about a gain that is still there at other doses, such as longer training."""

from __future__ import annotations

import dataclasses

from bnclaims.audit.evidence.both_scores import Difference, in_f1
from bnclaims.audit.evidence.evidence import Column
from bnclaims.audit.statements.describe import estimate_of
from bnclaims.audit.statements.dose_response import some_gain, with_curves
from bnclaims.audit.statements.paired_effects import AllOf, Effect
from bnclaims.audit.statements.statement import Finding, Side, Statement
from bnclaims.protocol.rules import Rules


@dataclasses.dataclass(frozen=True)
class Lasting(Statement):
    """The gain is an effect at every one of the ``asked`` doses, some of those of a curve.

    Supported: an effect at each of them (intersection-union test). Refuted: at one of them the gain
    is shown to be below the smallest effect, Bonferroni over them, given that there is a gain at
    some dose of the curve. The weakest of them gives the headline.
    """

    label: str
    gains: tuple[Difference, ...]
    doses: tuple[float, ...]
    plain: tuple[Column, ...]
    asked: tuple[float, ...]

    def effects(self) -> AllOf:
        """The effects at the doses that are asked about, the smallest estimate first."""
        asked = [
            (dose, gain)
            for dose, gain in zip(self.doses, self.gains, strict=True)
            if dose in self.asked
        ]
        asked.sort(key=lambda pair: estimate_of(in_f1(pair[1])) or 0.0)
        return AllOf(tuple(Effect(f"{self.label} {dose:g}", gain) for dose, gain in asked))

    def headline(self) -> Difference | None:
        return self.effects().headline()

    def support(self, rules: Rules) -> Side:
        return self.effects().support(rules)

    def refute(self, rules: Rules) -> Side:
        test = self.effects().refute(rules).p
        gate = some_gain(self.gains, self.plain, rules)
        return Side(p=max(test, gate), ungated=test, absence=True)

    def describe(self, rules: Rules) -> Finding:
        finding = dataclasses.replace(self.effects().describe(rules), p_refute=self.refute(rules).p)
        return with_curves(finding, self.gains, self.doses, rules)
