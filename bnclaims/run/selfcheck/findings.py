"""The numbers of a check, from what was trained for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.trial import Trial
from bnclaims.run.selfcheck.acceptance import FIRST_SEED
from bnclaims.run.selfcheck.equivalence import rows
from bnclaims.run.selfcheck.first_step import Difference
from bnclaims.run.selfcheck.result import CheckedBy, Findings, Key, MetricComparison, Step, Words
from bnclaims.run.selfcheck.scope import Scope, cell_at
from bnclaims.run.selfcheck.train_all import LOOP, NULL, Variant
from bnclaims.run.selfcheck.verdict_agreement import agreement
from bnclaims.store.codec import differences
from bnclaims.store.record import Record

Records = Mapping[str, Record]


def findings_of(
    key: Key,
    by: CheckedBy,
    rules: Rules,
    scope: Scope,
    tested: Variant,
    records: Mapping[Variant, Records],
    steps: Sequence[Difference],
) -> Findings:
    """The numbers of a check.

    ``records`` are those of every variant, by key; ``steps`` the differences of the first steps of
    the scope, first the tested variant's, then the null's.
    """
    compared, words = _judged(rules, scope, tested, records)
    executor, null = steps[: len(scope.steps)], steps[len(scope.steps) :]
    return Findings(
        key=key,
        by=by,
        seeds=len(scope.seeds),
        first_seed=FIRST_SEED,
        trials=len(scope.trials),
        own=sum(
            record.environment.get("executor") == tested.executor
            for record in records[tested].values()
        ),
        identical=_identical(tested, scope.trials, records),
        null_identical=_identical(NULL, scope.trials, records),
        steps=list(map(_step, scope.steps, executor, null)),
        rows=compared,
        words=words,
    )


def _judged(
    rules: Rules, scope: Scope, tested: Variant, records: Mapping[Variant, Records]
) -> tuple[list[MetricComparison], list[Words]]:
    seeds = tuple(scope.seeds)
    compared: list[MetricComparison] = []
    words: list[Words] = []
    for cell in scope.cells:
        judgeable = {
            variant: (cell_at(cell, variant.precision), records[variant]) for variant in records
        }
        loop, executor, null = (
            Evidence(own, seeds, rules, found)
            for own, found in (judgeable[LOOP], judgeable[tested], judgeable[NULL])
        )
        compared += rows(cell.name, scope.claim.arms, loop, executor, null)
        words.append(
            agreement(
                scope.claim,
                rules,
                seeds,
                loop=judgeable[LOOP],
                executor=judgeable[tested],
                null=judgeable[NULL],
            )
        )
    return compared, words


def _identical(
    variant: Variant, trials: Sequence[Trial], records: Mapping[Variant, Records]
) -> int:
    """How many trials have bit for bit the losses and scores of the loop's."""
    return sum(
        not differences(records[LOOP][LOOP.of(trial).key], records[variant][variant.of(trial).key])
        for trial in trials
    )


def _step(trial: Trial, executor: Difference, null: Difference) -> Step:
    return Step(
        network=trial.setting.network,
        head=trial.setting.head,
        classes=len(trial.setting.task.classes),
        arm=trial.arm,
        **dataclasses.asdict(executor),
        null_loss=null.loss,
        null_gradient=null.gradient,
    )
