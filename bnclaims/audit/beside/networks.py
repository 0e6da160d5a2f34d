"""Networks of an arm and readout: how many are dead, how many call all images one class."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from bnclaims import stats
from bnclaims.audit.beside.results import CellBeside, NetworkCount
from bnclaims.audit.beside.sizes import at_stop, size_of
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.evidence.metrics import ONE_SIDED, J
from bnclaims.audit.results import Audit
from bnclaims.audit.statements.statement import greater
from bnclaims.protocol.rules import Rules

# Within this of a J of 0 a network tells its classes apart as little as a constant one.
DEAD: Final = Fraction(1, 20)


def counted_networks(evidence: Evidence) -> tuple[NetworkCount, ...]:
    """The counts of every arm and readout that the evidence has measured, by setting."""
    return tuple(_counted(evidence, *place) for place in _measured(evidence))


def _measured(evidence: Evidence) -> list[tuple[str, str, str]]:
    """Settings, arms and readouts with a column that a statement asked for, in order."""
    asked = {(setting, arm, readout) for _, arm, readout, setting, _ in evidence.columns}
    order = [*evidence.settings]
    return sorted(asked, key=lambda place: (order.index(place[0]), *place[1:]))


def _counted(evidence: Evidence, setting: str, arm: str, readout: str) -> NetworkCount:
    rules = evidence.rules
    j = evidence.of(J, arm, readout, setting)
    dead = sum(abs(value) < DEAD for value in j.observed)
    seeds = len(j.observed)
    one_sided = sum(evidence.of(ONE_SIDED, arm, readout, setting).observed, Fraction(0))
    return NetworkCount(
        setting=setting,
        arm=arm,
        readout=readout,
        seeds=seeds,
        dead=dead,
        dead_interval=(
            stats.clopper_pearson(dead, seeds, confidence=rules.confidence) if seeds else (0.0, 1.0)
        ),
        one_sided=int(one_sided),
        j=size_of(j, rules),
        p_above_chance=at_stop(greater(j, 0.0, rules), len(j.seeds), rules),
    )


def beats_chance(cells: Iterable[CellBeside], rules: Rules) -> bool | None:
    """Whether any arm or readout has J above 0; None where too few seeds were judged to show one."""
    found = [
        network
        for cell in cells
        for network in cell.networks
        if at_stop(_least_p(network.seeds, rules), network.seeds, rules) <= rules.level
    ]
    return any(network.p_above_chance <= rules.level for network in found) if found else None


def _least_p(seeds: int, rules: Rules) -> float:
    """The p-value above chance of networks that tell all images apart."""
    if rules.accumulation is None:
        return 0.5**seeds
    return stats.anytime_p([1] * seeds, bounds=(-1, 1), bets=rules.accumulation.bets)


def only_chance(audit: Audit) -> bool:
    """Whether nothing that an audit judged is shown to beat chance, although something could have been."""
    cells = [cell for found in (audit.beside or {}).values() for cell in found.values()]
    return beats_chance(cells, audit.protocol.rules) is False
