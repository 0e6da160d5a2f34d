"""What the pilot chooses: a learning rate for each arm, and T*, the length of lasting training.

The rules were fixed before the pilot was trained:

- Rate of an arm at a length: the one with the highest mean J on the validation images. Two rates are
  tied when their means differ by no more than one validation image of the minority in one seed; of
  tied ones the one with the highest mean AUC on the validation images counts.
- T*: the fewest steps, of 160 times a power of 2, at which the plain network, with its rate at that
  length, finds at least 9 of 10 training images of the minority in at least 12 of 16 seeds.
- The rates of both arms for lasting training are those at T*.

Nothing is chosen by a test image.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, Final

from bnclaims.protocol.names import PLAIN

ENOUGH_IMAGES: Final = 0.9
ENOUGH_SEEDS: Final = 0.75

Row = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Group:
    """The networks of one arm, rate and length, one row a seed."""

    arm: str
    rate: float
    steps: int
    rows: Sequence[Row]

    def mean(self, column: str) -> float:
        """Mean of a column over the seeds."""
        return fmean(row[column] for row in self.rows)

    @property
    def finders(self) -> int:
        """Seeds in which enough training images of the minority are found."""
        return sum(row["found"] >= ENOUGH_IMAGES * row["train_minority"] for row in self.rows)

    @property
    def one_image(self) -> float:
        """What one validation image of the minority in one seed is worth in the mean of J."""
        return 1 / sum(row["validation_minority"] for row in self.rows)


def groups(rows: Iterable[Row]) -> list[Group]:
    """The rows of one dataset by arm, rate and length."""
    found: dict[tuple[str, float, int], list[Row]] = {}
    for row in rows:
        found.setdefault((row["arm"], row["rate"], row["steps"]), []).append(row)
    return [Group(*key, rows=rows) for key, rows in sorted(found.items())]


def best(candidates: Sequence[Group]) -> Group:
    """Of the rates of one arm and length the one that the rule chooses."""
    highest = max(group.mean("validation_j") for group in candidates)
    # Rounding must not untie what differs by exactly one image.
    tied = [
        group
        for group in candidates
        if highest - group.mean("validation_j") <= group.one_image + 1e-9
    ]
    return max(tied, key=lambda group: group.mean("validation_auc"))


def rates(found: Iterable[Group], steps: int) -> dict[str, Group]:
    """The chosen group of each arm at a length."""
    here = [group for group in found if group.steps == steps]
    arms = {group.arm for group in here}
    return {arm: best([group for group in here if group.arm == arm]) for arm in sorted(arms)}


def lasting_steps(found: Sequence[Group]) -> int | None:
    """T*, None where it was not reached."""
    for steps in sorted({group.steps for group in found}):
        plain = rates(found, steps)[PLAIN]
        if plain.finders >= ENOUGH_SEEDS * len(plain.rows):
            return steps
    return None
