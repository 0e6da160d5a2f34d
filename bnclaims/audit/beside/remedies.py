"""Ranked remedies: every remedy against the plain network and against the best, with one error rate."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from bnclaims import stats
from bnclaims.audit.beside.results import RankedRemedies, RemedyRow, Size, Standing
from bnclaims.audit.beside.sizes import at_stop, size_of
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.evidence.metrics import METRICS, NATURAL_F1, J, Metric
from bnclaims.audit.evidence.per_seed import Column
from bnclaims.audit.statements.describe import interval_of
from bnclaims.audit.statements.remedies import Candidate, SomeRemedy
from bnclaims.protocol.cells import MAIN
from bnclaims.protocol.names import ARMS, KEPT, PLAIN
from bnclaims.protocol.rules import Rules

# The scores by which remedies are ranked, each at half of the error rate: J, which does not depend on
# how frequent the minority is, and F1 where it is as rare as in training.
RANKED_BY: Final = (J, NATURAL_F1)
_CALIBRATION: Final = METRICS["natural_ece"]
# Gains of every remedy that have intervals: in J, and in F1 at either prevalence.
_INTERVALS: Final = 3


def ranked_remedies(
    statement: SomeRemedy, evidence: Evidence, *, beats_chance: bool | None
) -> RankedRemedies:
    """The remedies of a statement, the highest J first, and which to take by `advice`.

    All that is called shown holds together: the chance of any error in the table is at most the level
    of the claim. ``beats_chance`` says whether any network that was judged does.
    """
    rules, candidates = evidence.rules, (statement.plain, *statement.candidates)
    stood = {
        metric: standings([evidence.of(metric, c.arm, c.readout) for c in candidates], rules)
        for metric in RANKED_BY
    }
    # Of the error that the look has where the cell stopped.
    spent = rules.level * rules.effect_looks.get(len(evidence.seeds), 1.0)
    plain = statement.plain
    rows = [
        _row(
            candidate,
            [stood[metric][place] for metric in RANKED_BY],
            plain,
            evidence,
            confidence=1 - spent / (_INTERVALS * len(statement.candidates)),
        )
        for place, candidate in enumerate(candidates)
    ]
    rows.sort(key=lambda row: -(row.j.estimate if row.j.estimate is not None else -1.0))
    task = evidence.cell.settings[MAIN].task
    rare = sum(task.images_of(c)[0] for c in task.minority_classes)
    every = sum(task.images_of(c)[0] for c in range(len(task.classes)))
    taken, sentence = advice(rows, prevalence=rare / every, beats_chance=beats_chance)
    return RankedRemedies(
        seeds=len(evidence.seeds),
        level=rules.level,
        line=rules.smallest_effect,
        prevalence=rare / every,
        rows=tuple(rows),
        advised=taken,
        advice=sentence,
    )


def standings(columns: Sequence[Column], rules: Rules) -> list[Standing]:
    """Of every remedy in one score: its gain over the first beyond the smallest effect, and any better one.

    One joint test of all of it: each against the first, shifted by the smallest effect, and every pair;
    with the share of the error that the look has where the cell stopped. Where a network is missing,
    each contrast takes the worst that it could have been.
    """
    line = Fraction(repr(rules.smallest_effect))
    others = range(1, len(columns))
    pairs = [(a, b) for a in range(len(columns)) for b in range(len(columns)) if a != b]
    contrasts = [_minus(columns[at], columns[0], line) for at in others]
    contrasts += [_minus(columns[a], columns[b], Fraction(0)) for a, b in pairs]
    found = stats.joint_max_t(
        list(zip(*contrasts, strict=True)), draws=rules.draws, seed=rules.random_seed
    )
    p = [at_stop(value, len(columns[0].seeds), rules) for value in found]
    better: dict[int, list[float]] = {}
    for (_, worse), value in zip(pairs, p[len(others) :], strict=True):
        better.setdefault(worse, []).append(value)
    level = rules.level / len(RANKED_BY)
    return [
        Standing(
            metric=", ".join(sorted(column.metrics)),
            p_gain=p[at - 1] if at else 1.0,
            gains=at > 0 and p[at - 1] <= level,
            p_worse=min(better[at]),
            among_best=min(better[at]) > level,
        )
        for at, column in enumerate(columns)
    ]


def _minus(one: Column, other: Column, line: Fraction) -> list[Fraction]:
    return [a - b - line for a, b in zip(one.low, other.high, strict=True)]


def _row(
    candidate: Candidate,
    stands: Sequence[Standing],
    plain: Candidate,
    evidence: Evidence,
    *,
    confidence: float,
) -> RemedyRow:
    def value(metric: Metric, of: Candidate) -> Column:
        return evidence.of(metric, of.arm, of.readout)

    def gain(metric: Metric) -> Size | None:
        if candidate is plain:
            return None
        return _simultaneous(value(metric, candidate) - value(metric, plain), confidence)

    f1, j = evidence.scores
    return RemedyRow(
        name=candidate.name,
        arm=candidate.arm,
        readout=candidate.readout,
        j=size_of(value(j, candidate), evidence.rules),
        natural_f1=size_of(value(NATURAL_F1, candidate), evidence.rules),
        gain_j=gain(j),
        gain_f1=gain(f1),
        gain_natural_f1=gain(NATURAL_F1),
        standings=tuple(stands),
        ece=size_of(value(_CALIBRATION, candidate), evidence.rules),
        effort=effort(candidate.arm, candidate.readout),
    )


def _simultaneous(column: Column, confidence: float) -> Size:
    metric = ", ".join(sorted(column.metrics))
    if not column.observed:
        return Size(metric=metric, estimate=None, interval=None)
    found = interval_of(column.observed, confidence)
    return Size(metric=metric, estimate=found.estimate, interval=(found.low, found.high))


def effort(arm: str, readout: str) -> int:
    """The order in which remedies are taken where nothing else tells them apart, the least first.

    What moves the scores of the network that is there, then what trains it otherwise, then what
    changes the network; each with its threshold moved comes after it.
    """
    changed = 0 if arm == PLAIN else 2 if ARMS[arm].changes == "layers" else 1
    return 2 * changed + (readout != KEPT)


def advice(
    rows: Sequence[RemedyRow], *, prevalence: float, beats_chance: bool | None
) -> tuple[str | None, str]:
    """The remedy to take, None where there is not one for both prevalences, and a sentence that says so.

    A remedy is worth it in a score where its gain is shown to be more than the smallest effect and no
    other is shown to be better. Of those that are in both scores the one of least `effort` is taken,
    and of equal ones the one with the higher gain in J; where there are none, each score has its own.
    """
    share = f"{100 * prevalence:.2g} %"
    if beats_chance is False:
        return None, (
            "Nothing here beats chance, so that no remedy can be advised: this network cannot tell "
            "the classes apart by these images."
        )
    by_score = [
        [row for row in rows if row.standings[at].gains and row.standings[at].among_best]
        for at in range(len(RANKED_BY))
    ]
    both = [row for row in by_score[0] if row in by_score[1]]
    if both:
        taken = min(both, key=_least)
        return taken.name, (
            f"Take {taken.name}: it gains {_of(taken.gain_j)} in J and "
            f"{_of(taken.gain_natural_f1)} in F1 where the minority is {share}, and nothing that "
            "was tried is shown to do better in either."
        )
    even, rare = (min(found, key=_least) if found else None for found in by_score)
    if even is None and rare is None:
        return None, (
            "Keep the plain network: no remedy is shown to gain what matters without another one "
            "that is shown to do better."
            if any(standing.gains for row in rows for standing in row.standings)
            else "Keep the plain network: no remedy is shown to gain what matters."
        )
    balanced = (
        f"Where both classes are as frequent, take {even.name} ({_of(even.gain_j)} in J)"
        if even is not None
        else "Where both classes are as frequent, no remedy is shown to gain what matters"
    )
    natural = (
        f"where the minority is {share}, take {rare.name} ({_of(rare.gain_natural_f1)} in F1)"
        if rare is not None
        else f"where the minority is {share}, keep the plain network: no gain in F1 is shown"
    )
    return None, f"{balanced}; {natural}."


def _least(row: RemedyRow) -> tuple[int, float]:
    gain = row.gain_j.estimate if row.gain_j is not None else None
    return row.effort, -(gain if gain is not None else -1.0)


def _of(gain: Size | None) -> str:
    if gain is None or gain.estimate is None:
        return "nothing"
    return f"{gain.estimate:+.2f}"
