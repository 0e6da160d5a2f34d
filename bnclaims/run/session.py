"""Session: one run of an audit in one process, its runner, its judgements, the audit of its store."""

from __future__ import annotations

import dataclasses
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from bnclaims import datasets
from bnclaims.audit import strata
from bnclaims.audit.claim import Claim
from bnclaims.audit.judge import audit
from bnclaims.audit.plan import Plan
from bnclaims.audit.results import Audit, CellJudgement, CellState
from bnclaims.audit.verdicts import MissingRecord, judge_cell, unjudged
from bnclaims.errors import storage_errors
from bnclaims.protocol.cells import Cell, Selection
from bnclaims.protocol.load import Protocol
from bnclaims.protocol.trial import Trial
from bnclaims.run.design import Design
from bnclaims.run.request import Request
from bnclaims.run.trial_runner import runner_of
from bnclaims.store.store import Store
from bnclaims.training.runners import RunFolder, Runner
from bnclaims.training.runners.local import Trainer


class AuditSession:
    """A run: trains through its runner what judgements need, and makes the audit of it.

    What it is about is settled at its making, so that whatever reads its plan reads the same one.
    """

    def __init__(self, design: Design) -> None:
        self._design = design
        self.runner: Runner | None = None
        self.run: RunFolder | None = None
        self._disagreements = 0

    @property
    def design(self) -> Design:
        """What the run is about."""
        return self._design

    @property
    def request(self) -> Request:
        """What was asked for, with what was chosen since."""
        return self._design.request

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims that are put to the test."""
        return self._design.claims

    @property
    def protocol(self) -> Protocol:
        """The protocol, after the choice of a budget."""
        return self._design.protocol

    @property
    def selection(self) -> Selection:
        """Dataset, device and nights."""
        return self._design.selection

    @property
    def plan(self) -> Plan:
        """Every cell and trial that the claims may need."""
        return self._design.plan

    @cached_property
    def store(self) -> Store:
        """The store, made if it is not there."""
        return Store.open(self.request.store)

    def new_disagreements(self) -> list[tuple[str, tuple[str, ...]]]:
        """Key and differing parts of the trials that gave two results since the run was opened."""
        return self.store.disagreements()[self._disagreements :]

    def open_run(self) -> RunFolder:
        """A new run folder in the store, for the processes of this run."""
        self._disagreements = len(self.store.disagreements())
        name = f"{os.getpid()}-{secrets.token_hex(4)}"
        with storage_errors(self.store.root, "keep the notes of a run"):
            self.run = RunFolder.create(self.store.root / "runs" / name)
        return self.run

    def start_runner(
        self,
        name: str,
        run: RunFolder,
        on_progress: Callable[[], None] = lambda: None,
        *,
        trainer: Trainer | None = None,
        **options: Any,
    ) -> Runner:
        """The runner of this process, as `runner_of` makes it."""
        self.run = run
        self.runner = runner_of(
            self.design,
            self.store,
            run,
            name=name,
            on_progress=on_progress,
            trainer=trainer,
            **options,
        )
        return self.runner

    def judge(self, claim: Claim, cell: Cell) -> CellJudgement:
        """Judges one cell, training what it needs."""
        if self.runner is None or self.run is None:
            raise RuntimeError("start_runner comes first")
        rules = self.protocol.rules
        try:
            judged, _ = judge_cell(
                claim,
                cell,
                rules,
                self.runner.obtain,
                cells=self.design.in_its_list(claim, cell),
            )
        except MissingRecord:
            # Only where nothing is trained.
            judged = unjudged(claim, cell, rules, CellState.TRIALS_MISSING)
        self.run.write_verdict(claim.id, cell.name, judged.verdict)
        return judged

    def audit(
        self,
        collected: set[tuple[str, str]],
        judged: set[tuple[str, str]],
        environment: Mapping[str, str],
        run: Mapping[str, object],
        *,
        train: Callable[[Sequence[Trial]], object] = lambda trials: None,
    ) -> Audit:
        """The audit as the store now allows it; cells outside ``judged`` are reported as not judged.

        ``train`` as in `bnclaims.audit.judge.audit`.
        """
        result = audit(
            self.claims,
            self.protocol,
            self.selection,
            lambda trial: self.store.read(trial.key),
            include=lambda claim, cell: (
                None
                if (claim.id, cell.name) in judged
                else CellState.RUN_ENDED
                if (claim.id, cell.name) in collected
                else CellState.DESELECTED
            ),
            train=train,
        )
        return dataclasses.replace(
            result,
            environment=dict(environment),
            run={**run, **self._pooling(result)},
            data=tuple(
                datasets.described(name, sources=self.request.sources) for name in result.datasets
            ),
        )

    def _pooling(self, result: Audit) -> dict[str, object]:
        """Which stratum was judged, what the store holds beside it, and where machines are mixed."""
        other = strata.not_pooled(self.store, self.plan.cells, self.plan.all)
        mixed = strata.mixed_machines(result)
        accumulated = self.protocol.rules.accumulation is not None
        judged = [str(stratum) for stratum in strata.strata_of(self.plan.cells)]
        return {
            **({"strata_judged": judged} if accumulated or other else {}),
            **({"trials_not_pooled": {str(s): n for s, n in other.items()}} if other else {}),
            **({"mixed_machines": mixed} if mixed else {}),
        }
