"""The looks of an audit that ends elsewhere than its protocol says."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from bnclaims.protocol import Rules


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
