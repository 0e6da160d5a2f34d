"""Looks of a cell: the numbers of seeds at which it is judged."""

from __future__ import annotations

from bnclaims.protocol.cells import Cell
from bnclaims.protocol.rules import Rules


def looks_of(cell: Cell, rules: Rules) -> list[int]:
    """Numbers of seeds at which a cell is judged; the cap of dataset or nights drops those above it."""
    if (how := rules.accumulation) is not None:
        most = how.seeds_per_night if cell.max_seeds is None else cell.max_seeds
        return list(range(how.seeds_per_night, most + 1, how.seeds_per_night))
    looks = [n for n in rules.effect_looks if cell.max_seeds is None or n <= cell.max_seeds]
    return looks or [min(rules.effect_looks)]
