"""The chance of a verdict, by running the real judge on seeds drawn from a pilot's."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from bnclaims import stats
from bnclaims.audit.claim import Claim
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.evidence.scores import Floats
from bnclaims.audit.forecast.pilot_evidence import Pilot, drawn, resampled, whole_seeds
from bnclaims.audit.results import CellJudgement, Verdict
from bnclaims.audit.statements.statement import Case, Finding, Side, Statement
from bnclaims.audit.verdicts import judge_cell
from bnclaims.protocol.random_streams import generator
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record

# Numbers of seeds that are proposed: nothing is gained by knowing the need to one seed, and the
# exact tests are slowest just below 40.
CANDIDATES = (8, 10, 12, 14, 16, 20, 24, 28, 32, 48, 64, 96)

# Draws are added in batches until this interval excludes the wanted power.
_BATCH = 20
_CONFIDENCE = 0.99


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chance:
    """How often a cell was decided, of simulated ``draws``, and how; SE about 0.5 / sqrt(draws)."""

    seeds: int
    supported: int
    refuted: int
    draws: int

    @property
    def decided(self) -> float:
        """Share of draws that ended SUPPORTED or REFUTED."""
        return (self.supported + self.refuted) / self.draws

    @property
    def verdict(self) -> Verdict:
        """The more frequent of the two verdicts."""
        return Verdict.SUPPORTED if self.supported >= self.refuted else Verdict.REFUTED

    def interval(self, confidence: float) -> tuple[float, float]:
        """Clopper-Pearson interval of `decided`."""
        return stats.clopper_pearson(
            self.supported + self.refuted, self.draws, confidence=confidence
        )


class Simulation:
    """One cell, judged again and again on drawn seeds; ``cells`` is how many the claim has.

    ``stored`` first seeds are those of the pilot, wherever it has them; the others are drawn from
    all of it. With ``uncertain`` the pilot of every draw is itself drawn from the pilot with
    replacement, so that what a small pilot does not know counts too.
    """

    def __init__(
        self,
        claim: Claim,
        pilot: Evidence,
        *,
        cells: int,
        seed: int,
        stored: bool = False,
        uncertain: bool = False,
    ) -> None:
        self._claim = claim
        self._pilot = pilot
        self._columns = Pilot(pilot)
        self._cells = cells
        self._seed = seed
        self._stored = stored
        self._uncertain = uncertain
        self._whole = whole_seeds(pilot, claim)
        self._draws: list[_SimulatedSeeds] = []

    def chance(
        self, n: int, *, draws: int, power: float | None = None, as_planned: bool = False
    ) -> Chance:
        """How often the cell is decided when the audit ends at ``n`` seeds (`with_last_look`).

        ``as_planned``: how often by ``n`` seeds of the audit as its protocol has it. With ``power``,
        no more draws are made than it takes to tell the chance from that.
        """
        verdicts: Counter[Verdict] = Counter()
        for index in range(draws):
            judged = self._judged(index, None if as_planned else n)
            # At a look that is not the last, a cell without a verdict goes on.
            verdicts[judged.verdict if judged.seeds <= n else Verdict.INCONCLUSIVE] += 1
            if (index + 1) % _BATCH == 0 and power is not None:
                low, high = _chance(n, verdicts).interval(_CONFIDENCE)
                if not low <= power <= high:
                    break
        return _chance(n, verdicts)

    def _judged(self, index: int, last: int | None) -> CellJudgement:
        while index >= len(self._draws):
            self._draws.append(self._draw(len(self._draws)))
        statement_at = self._draws[index].statement_at
        claim = dataclasses.replace(
            self._claim, assertion=lambda evidence: statement_at(len(evidence.seeds))
        )
        cell, rules = self._pilot.cell, self._pilot.rules
        if last is not None:
            cell = dataclasses.replace(cell, max_seeds=None)
            rules = with_last_look(rules, last)
        judged, _ = judge_cell(claim, cell, rules, _nothing, cells=self._cells)
        return judged

    def _draw(self, index: int) -> _SimulatedSeeds:
        stream = generator(self._seed, "plan", self._claim.id, self._pilot.cell.name, str(index))
        own = np.eye(len(self._whole))
        if self._uncertain:
            own = own[stream.integers(len(own), size=len(own))]
        whole = own @ self._whole > 0
        rows = max(CANDIDATES[-1], *self._pilot.rules.effect_looks)
        weights = resampled(stream, rows, whole) @ own
        if self._stored:
            for place, seed in enumerate(self._pilot.seeds):
                number = seed - self._pilot.rules.first_seed
                if number < len(weights):
                    weights[number] = np.eye(len(self._whole))[place]
        return _SimulatedSeeds(self._claim, self._columns, weights)


class _SimulatedSeeds:
    """One row of drawn seeds and what the claim's statement says of its beginnings."""

    def __init__(self, claim: Claim, pilot: Pilot, weights: Floats) -> None:
        self._claim = claim
        self._pilot = pilot
        self._weights = weights
        self._statements: dict[int, _Once] = {}

    def statement_at(self, n: int) -> _Once:
        if n not in self._statements:
            evidence = drawn(self._pilot, self._weights[:n])
            self._statements[n] = _Once(self._claim.assertion(evidence), evidence.rules)
        return self._statements[n]


class _Once(Statement):
    """A statement whose tests are made once, and which is not described: that takes longer than they."""

    def __init__(self, statement: Statement, rules: Rules) -> None:
        self._support = statement.support(rules)
        self._cases = statement.cases(rules)
        self._refute = statement.refute(rules)

    def support(self, rules: Rules) -> Side:
        return self._support

    def cases(self, rules: Rules) -> tuple[Case, ...]:
        return self._cases

    def refute(self, rules: Rules) -> Side:
        return self._refute

    def describe(self, rules: Rules) -> Finding:
        return Finding(
            label="",
            kind="drawn",
            p_support=self._support.p,
            p_refute=self._refute.p,
            estimate=None,
            interval=None,
            new_images_interval=None,
        )


def seeds_for(
    simulation: Simulation, power: float, *, draws: int, candidates: Sequence[int] = CANDIDATES
) -> tuple[Chance, bool]:
    """The smallest candidate number of seeds at which the chance of a verdict reaches ``power``.

    Beside it whether it does: where the largest candidate does not, that one's chance is returned.
    By bisection, which takes the chance to grow with the seeds.
    """

    def reaches(n: int) -> tuple[Chance, bool]:
        chance = simulation.chance(n, draws=draws, power=power)
        return chance, chance.decided >= power

    enough, reached = reaches(candidates[-1])
    if not reached:
        return enough, False
    few, many = -1, len(candidates) - 1
    while many - few > 1:
        middle = (few + many) // 2
        chance, reached = reaches(candidates[middle])
        if reached:
            many, enough = middle, chance
        else:
            few = middle
    return enough, True


def _chance(n: int, verdicts: Counter[Verdict]) -> Chance:
    return Chance(
        seeds=n,
        supported=verdicts[Verdict.SUPPORTED],
        refuted=verdicts[Verdict.REFUTED],
        draws=verdicts.total(),
    )


def _nothing(trials: Sequence[Trial]) -> Mapping[str, Record]:
    """No records: drawn evidence needs none."""
    return {}


def with_last_look(rules: Rules, n: int) -> Rules:
    """The rules of an audit that ends at ``n`` seeds.

    Scheduled looks before n stay, and the next one is moved to n with its weight; to go beyond the
    schedule, its last look is moved. There is no look of absence before the first scheduled one.
    """
    return dataclasses.replace(
        rules,
        effect_looks=_ending(rules.effect_looks, n),
        absence_looks=_ending(rules.absence_looks, n) if n >= min(rules.absence_looks) else {},
    )


def _ending(looks: Mapping[int, float], n: int) -> dict[int, float]:
    moved = min((seeds for seeds in looks if seeds >= n), default=max(looks))
    kept = {seeds: weight for seeds, weight in looks.items() if seeds < min(n, moved)}
    return {**kept, n: looks[moved]}
