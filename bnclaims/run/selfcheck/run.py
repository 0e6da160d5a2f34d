"""A check from beginning to end."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Final

from bnclaims import datasets
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.cells import Selection
from bnclaims.protocol.load import Protocol
from bnclaims.protocol.trial import TRAINER_VERSION, Trial
from bnclaims.report.document import version
from bnclaims.run.selfcheck import train_all
from bnclaims.run.selfcheck.acceptance import FEWEST_SEEDS, REFERENCE, SEEDS
from bnclaims.run.selfcheck.findings import findings_of
from bnclaims.run.selfcheck.first_step import Difference
from bnclaims.run.selfcheck.machine import code_sha256, folder_of_checks, result_file
from bnclaims.run.selfcheck.result import CheckedBy, Key, Result, concluded
from bnclaims.run.selfcheck.result_file import write_result
from bnclaims.run.selfcheck.scope import Scope, scope_of
from bnclaims.run.selfcheck.train_all import LOOP, NULL, Portion, Variant
from bnclaims.run.session import AuditSession
from bnclaims.store.record import Record
from bnclaims.store.store import Store

# Trials that a process takes at a time: on a CPU few, so that all processes end together; on a GPU,
# which trains several at once, all that a setting may have.
TOGETHER: Final = {"cpu": 8, "cuda": 64}

# Hears how many trials there are, then how many more are done.
Progress = Callable[[int], Callable[[int], None]]


def selfcheck(
    session: AuditSession,
    *,
    precision: str = REFERENCE[1],
    seeds: int = SEEDS,
    jobs: int = 1,
    progress: Progress = lambda total: lambda done: None,
) -> tuple[Result, Path]:
    """Checks the executor that a session asks for, and writes the result beside its store.

    Trained trials are kept there, so that a check that was interrupted goes on. `BnclaimsError` for
    too few seeds, for the reference itself, and where nothing can be trained.
    """
    executor = session.request.executor
    check_request(executor, precision, seeds)
    scope = scope_of(session.plan, session.protocol, seeds=seeds)
    tested = Variant(executor=executor, precision=precision)
    selection = session.selection
    for drawn in {trial.setting.task: None for trial in scope.steps}:
        datasets.check(drawn, sources=session.request.sources)

    machine = train_all.machine_of(selection.device)
    checks = folder_of_checks(session.request.store)
    root = checks / machine.folder
    trials = scope.trials

    def portion(
        variant: Variant, trials: tuple[Trial, ...], *, first_step: bool = False
    ) -> Portion:
        return Portion(
            variant=variant,
            trials=trials,
            images=session.request.sources,
            root=root,
            first_step=first_step,
        )

    def stepping(variant: Variant) -> list[Portion]:
        return [portion(variant, (trial,), first_step=True) for trial in scope.steps]

    def training(variant: Variant) -> list[Portion]:
        return [portion(variant, alike) for alike in batched(trials, TOGETHER[selection.device])]

    # First what costs least and fails first.
    planned = [
        [*stepping(tested), *training(tested), *training(LOOP)],
        [*stepping(NULL), *training(NULL)],
    ]
    done = progress(sum(len(each.trials) for portions in planned for each in portions))
    found: list[Difference] = []
    for portions in planned:
        for each, outcome in zip(portions, train_all.perform(portions, jobs=jobs), strict=True):
            if outcome is not None:
                found.append(outcome)
            done(len(each.trials))

    records = {variant: _read(root, variant, trials) for variant in (tested, LOOP, NULL)}
    key = Key(
        executor=executor,
        precision=precision,
        device=machine.device,
        processor=machine.processor,
        torch=machine.torch,
        trainer=TRAINER_VERSION,
        code=code_sha256(),
    )
    by = _by(session.protocol, selection, scope)
    findings = findings_of(key, by, session.protocol.rules, scope, tested, records, found)
    result = concluded(findings)
    file = result_file(checks, machine, executor, precision)
    write_result(file, result)
    return result, file


def check_request(executor: str, precision: str, seeds: int) -> None:
    """`BnclaimsError` for what no check can be made of."""
    if seeds < FEWEST_SEEDS:
        raise BnclaimsError(
            f"--seeds {seeds}: fewer cannot show that two executors agree; give at least "
            f"{FEWEST_SEEDS}."
        )
    if (executor, precision) == REFERENCE:
        raise BnclaimsError(
            f"--executor {executor} --precision {precision}: the {executor} in {precision} is what "
            "others are held against; name another executor or --precision bf16."
        )


def batched(trials: Sequence[Trial], size: int) -> Iterator[tuple[Trial, ...]]:
    """The trials, at most ``size`` of one setting together."""
    for _, alike in groupby(trials, key=lambda trial: trial.setting):
        while batch := tuple(islice(alike, size)):
            yield batch


def _read(root: Path, variant: Variant, trials: Sequence[Trial]) -> Mapping[str, Record]:
    store = Store.open(root / variant.folder)
    found = {}
    for trial in trials:
        key = variant.of(trial).key
        record = store.read(key)
        if record is None:
            raise BnclaimsError(
                f"{store.path(key)}: gone or damaged since it was written; run the same command again."
            )
        found[key] = record
    return found


def _by(protocol: Protocol, selection: Selection, scope: Scope) -> CheckedBy:
    return CheckedBy(
        version=version(),
        generated=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        protocol=protocol.name,
        protocol_sha256=protocol.sha256,
        dataset=selection.dataset,
        claim=scope.claim.id,
    )
