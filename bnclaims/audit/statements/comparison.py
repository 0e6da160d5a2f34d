"""Comparison: better, as good or worse, by one-sided tests that no two can reject for the same truth."""

from __future__ import annotations

import dataclasses

from bnclaims.audit.evidence.both_scores import Difference
from bnclaims.audit.statements.describe import finding_of
from bnclaims.audit.statements.paired_effects import within
from bnclaims.audit.statements.statement import (
    Case,
    Finding,
    Gate,
    Side,
    Statement,
    gated,
    greater,
    less,
)
from bnclaims.audit.verdict import Answer
from bnclaims.protocol.rules import Rules


@dataclasses.dataclass(frozen=True)
class Comparison(Statement):
    """That one network does as well as another: better or as good supports it, worse refutes it.

    Better and worse: beyond the margin in every score. As good: within it on both sides in every
    score, given that there is something to be as good as (``gates``). The three exclude each other,
    so that each is tested at the whole level (Finner and Strassburger 2002, partition). Where the
    scores are on different sides of the margin none of them is true, and none is shown.
    ``at_training_prevalence`` is the same difference there; it decides nothing here.
    """

    label: str
    difference: Difference
    gates: tuple[Gate, ...]
    margin: float | None = None
    at_training_prevalence: Difference | None = None

    @property
    def opposite(self) -> Answer:
        return Answer.WORSE

    def headline(self) -> Difference:
        return self.difference

    def _margin(self, rules: Rules) -> float:
        return rules.margin if self.margin is None else self.margin

    def cases(self, rules: Rules) -> tuple[Case, ...]:
        margin = self._margin(rules)
        better = greater(self.difference, margin, rules, distance=margin)
        as_good = gated(within(self.difference, margin, rules), self.gates, rules)
        return (
            Case(side=Side(p=better, ungated=better, absence=False), answer=Answer.BETTER),
            Case(side=as_good, answer=Answer.AS_GOOD),
        )

    def support(self, rules: Rules) -> Side:
        return min((case.side for case in self.cases(rules)), key=lambda side: side.p)

    def refute(self, rules: Rules) -> Side:
        margin = self._margin(rules)
        p = less(self.difference, -margin, rules, distance=margin)
        return Side(p=p, ungated=p, absence=False)

    def describe(self, rules: Rules) -> Finding:
        margin = self._margin(rules)
        return finding_of(
            self,
            self.difference,
            rules,
            label=self.label,
            kind="comparison",
            support_lines=(-margin, margin),
            refute_lines=(-margin,),
            notes=["no worse"] if self._no_worse(rules) else [],
        )

    def _no_worse(self, rules: Rules) -> bool:
        """A finding: not below the margin, whichever of the other two it is."""
        # Shown at whichever look the cell stopped, which the share of any look makes up for.
        margin, level = self._margin(rules), rules.level * rules.smallest_weight
        gates = [gate.p(rules) for gate in self.gates]
        return max([greater(self.difference, -margin, rules, distance=margin), *gates]) <= level

    def there(self) -> Comparison | None:
        """The same comparison at the prevalence of the training images."""
        if self.at_training_prevalence is None:
            return None
        return dataclasses.replace(
            self, difference=self.at_training_prevalence, at_training_prevalence=None
        )
