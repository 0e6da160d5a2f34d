"""Errors of the ranked table of remedies in worlds where the truth is known.

    python -m docs.calibration.remedies > docs/calibration/remedies.json

Each suite draws 18 networks a seed, which share what the seed's images make easy or hard, and asks
`bnclaims.audit.beside.remedies.standings`, as a report does, in one score.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bnclaims.audit.beside.remedies import RANKED_BY, standings
from bnclaims.audit.evidence.per_seed import Column
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.rules import Rules

NETWORKS: Final = 18
SUITES: Final = 400
# Patterns of signs drawn for a test: fewer than a report draws, which only makes p-values coarser.
DRAWS: Final = 1999
# Images of a class in the test: J is a multiple of one over this.
IMAGES: Final = 150
PLAIN_J: Final = 0.3

# What each network's J is above that of the plain one, which comes first.
WORLDS: Final[Mapping[str, Sequence[float]]] = {
    "none differs": [0.0] * NETWORKS,
    "one is best": [0.0] * (NETWORKS - 1) + [0.3],
    "several are equal": [0.0] * 12 + [0.3] * 6,
    "at the smallest effect": [0.0] + [0.1] * (NETWORKS - 1),
    "each another": [0.02 * at for at in range(NETWORKS)],
    "rare collapse": [0.0] + [0.1] * (NETWORKS - 1),
}


def drawn(world: str, seeds: int, random: np.random.Generator) -> list[Column]:
    """The columns of a suite: J of every network, over seeds."""
    truth = np.array(WORLDS[world])
    shared = random.normal(0, 0.1, size=(seeds, 1))
    values = PLAIN_J + truth + shared + random.normal(0, 0.08, size=(seeds, NETWORKS))
    if world == "rare collapse":
        # All but plain gain .17 in five seeds of six and lose .25 in the sixth: .1 in the mean.
        lost = random.random((seeds, NETWORKS - 1)) < 1 / 6
        values[:, 1:] += np.where(lost, -0.35, 0.07)
    counts = np.round(values.clip(-1, 1) * IMAGES).astype(int)
    return [_column(counts[:, network]) for network in range(NETWORKS)]


def _column(counts: NDArray[np.int_]) -> Column:
    values = tuple(Fraction(int(count), IMAGES) for count in counts)
    return Column(
        seeds=tuple(range(len(values))),
        low=values,
        high=values,
        leave_out=lambda: np.zeros((20, len(values))),
        share=Fraction(1, 10),
        bounds=(Fraction(-1), Fraction(1)),
        metrics=frozenset({"j"}),
    )


def errors(world: str, columns: Sequence[Column], rules: Rules) -> tuple[bool, int, int]:
    """Whether any word about a suite is wrong, how many helpful ones were found, how many best ones left."""
    truth = np.array(WORLDS[world])
    found = standings(columns, rules)
    best = truth == truth.max()
    gains = np.array([standing.gains for standing in found])
    among = np.array([standing.among_best for standing in found])
    wrong = bool((gains & (truth <= rules.smallest_effect)).any() or (best & ~among).any())
    return wrong, int((gains & (truth > rules.smallest_effect)).sum()), int(among.sum())


def calibrated(world: str, seeds: int, suites: int, rules: Rules) -> dict[str, float]:
    """Share of suites with any wrong word, and the mean numbers of what was found and of what is left."""
    random = np.random.default_rng([2109, seeds, list(WORLDS).index(world)])
    rows = [errors(world, drawn(world, seeds, random), rules) for _ in range(suites)]
    wrong, helpful, left = (float(np.mean(values)) for values in zip(*rows, strict=True))
    return {
        "seeds": seeds,
        "suites": suites,
        "any_wrong": wrong,
        "found_to_help": helpful,
        "among_the_best": left,
    }


def main() -> None:
    """Print the shares of every world at every look."""
    rules = dataclasses.replace(load_protocol("remedies").rules, draws=DRAWS)
    table = {
        world: [calibrated(world, seeds, SUITES, rules) for seeds in rules.effect_looks]
        for world in WORLDS
    }
    told = {"allowed": rules.level / len(RANKED_BY), "networks": NETWORKS, "worlds": table}
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
