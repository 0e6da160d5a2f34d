"""Whether a claim gets the same word from an executor's records as from the loop's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bnclaims.audit.claim import Claim
from bnclaims.audit.evidence.evidence import MeasuredKey
from bnclaims.audit.evidence.measurement import Measurement
from bnclaims.audit.verdicts import judge_cell
from bnclaims.protocol.cells import Cell
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.trial import Trial
from bnclaims.run.selfcheck.acceptance import ORDERS
from bnclaims.run.selfcheck.result import Words
from bnclaims.store.record import Record

# A cell and the records of its trials, by key.
Judgeable = tuple[Cell, Mapping[str, Record]]


def agreement(
    claim: Claim,
    rules: Rules,
    seeds: Sequence[int],
    *,
    loop: Judgeable,
    executor: Judgeable,
    null: Judgeable,
) -> Words:
    """The words of one cell, judged by the rules of an audit.

    An audit stops at the look that decides, so its word depends on which seeds come first: it is
    judged in `ORDERS` orders of the seeds, the same ones for all, the first of them as they are.
    """
    random = np.random.default_rng(rules.random_seed)
    orders = [list(seeds), *(random.permutation(seeds).tolist() for _ in range(ORDERS - 1))]
    of_loop, of_executor, of_null = (
        _words(claim, rules, source, orders) for source in (loop, executor, null)
    )

    def share(words: list[str]) -> float:
        return sum(a == b for a, b in zip(words, of_loop, strict=True)) / len(orders)

    return Words(
        cell=loop[0].name,
        loop=of_loop[0],
        executor=of_executor[0],
        null=of_null[0],
        agreement=share(of_executor),
        null_agreement=share(of_null),
    )


def _words(
    claim: Claim, rules: Rules, source: Judgeable, orders: Sequence[Sequence[int]]
) -> list[str]:
    cell, records = source
    measured: dict[MeasuredKey, Measurement] = {}

    def obtain(trials: Sequence[Trial]) -> Mapping[str, Record]:
        return records

    return [
        judge_cell(claim, cell, rules, obtain, seeds=order, measured=measured, describe=False)[
            0
        ].verdict.value
        for order in orders
    ]
