"""Audits of a synthetic world, from eight trials to ten thousand, and a store of a hundred thousand."""

from __future__ import annotations

import dataclasses
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bnclaims.audit.claim import discover
from bnclaims.audit.sensitivity import with_sensitivity
from bnclaims.protocol.trial import Trial
from bnclaims.report.trials_table import encode_table, trials_frame
from bnclaims.report.verify.verify import verify
from bnclaims.report.write import write_report
from bnclaims.run.design import asked
from bnclaims.run.request import Request
from bnclaims.run.session import AuditSession
from bnclaims.store.store import Store
from bnclaims.training import synthetic

CLAIMS = Path(__file__).parents[2] / "claims"
WORLD = "effect"
# Trials of one process are timed in so many parts.
PARTS = 10
# Records that are read back.
SAMPLE = 2000


class Laps:
    """Processor seconds of one piece of work after the other."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.process_time()

    def lap(self, name: str) -> None:
        """Notes what was spent since the last lap."""
        now = time.process_time()
        self.seconds[name] = now - self._since
        self._since = now


def audit_of(nights: int, premise_alone: bool, folder: Path) -> dict[str, Any]:
    """What an audit of a world costs, stage by stage, in this process."""
    claims = [claim for claim in discover(CLAIMS) if not premise_alone or claim.id == "premise"]
    design = asked(Request(protocol="nightly", store=folder / "store", world=WORLD), claims)
    selection = dataclasses.replace(design.selection, nights=nights)
    session = AuditSession(dataclasses.replace(design, selection=selection))
    laps = Laps()
    planned = session.plan.all
    laps.lap("plan")
    run = session.open_run()
    names = [(claim.id, cell.name) for claim, cell in session.plan.cells]
    run.write_cells("main", names)
    runner = session.start_runner("main", run)
    runner.obtain(list(planned.values()))
    laps.lap("train and store")
    for claim, cell in session.plan.cells:
        session.judge(claim, cell)
    laps.lap("judge")
    runner.close()
    audited = session.audit(set(names), set(names), {}, {})
    laps.lap("judge again from the store")
    encode_table(trials_frame(audited.records, audited.used))
    laps.lap("trials.csv")
    audited = with_sensitivity(audited)
    laps.lap("other choices")
    write_report(audited, folder / "report")
    laps.lap("report")
    checked = verify(folder / "report", claims)
    laps.lap("verify")
    if not checked.passed:
        raise SystemExit(f"not verified: {checked.problems[0]}")
    return {
        "nights": nights,
        "trials": len(planned),
        "judged": checked.trials,
        "rows": checked.rows,
        "processor_s": laps.seconds,
        "peak_mib": _peak(),
        "store_mib": _size(folder / "store") / 2**20,
    }


def store_of(count: int, folder: Path) -> dict[str, Any]:
    """What lease, write, look-up and read cost per trial in a store of ``count`` records."""
    claims = discover(CLAIMS)
    design = asked(Request(protocol="nightly", store=folder / "store", world=WORLD), claims)
    session = AuditSession(design)
    per_seed = len(
        {t.key for claim, cell in session.plan.cells for t in cell.trials(claim.arms, range(1))}
    )
    seeds = range(-(-count // per_seed))
    trials = list(
        {
            trial.key: trial
            for claim, cell in session.plan.cells
            for trial in cell.trials(claim.arms, seeds)
        }.values()
    )[:count]
    made, inside = synthetic.trainer(WORLD), 0.0

    def timed(trial: Trial) -> Any:
        nonlocal inside
        since = time.process_time()
        record = made(trial)
        inside += time.process_time() - since
        return record

    runner = session.start_runner("main", session.open_run(), trainer=timed)
    tenth = max(1, count // PARTS)
    milliseconds = []
    for start in range(0, count, tenth):
        part = trials[start : start + tenth]
        inside, since = 0.0, time.process_time()
        for trial in part:
            runner.settle([trial])  # type: ignore[attr-defined]
        milliseconds.append(1000 * (time.process_time() - since - inside) / len(part))
    runner.close()
    store = Store.open(folder / "store")
    sample = trials[:: max(1, count // SAMPLE)]
    return {
        "trials": len(trials),
        "lease_and_write_ms_by_tenth": milliseconds,
        "has_ms": _each(store.has, sample),
        "read_ms": _each(store.read, sample),
        "keys_s": _seconds(store.keys),
        "open_s": _seconds(lambda: Store.open(folder / "store")),
        "peak_mib": _peak(),
    }


def _each(call: Callable[[str], object], trials: Sequence[Trial]) -> float:
    keys = [trial.key for trial in trials]
    return 1000 * _seconds(lambda: [call(key) for key in keys]) / len(keys)


def _seconds(call: Callable[[], object]) -> float:
    since = time.process_time()
    call()
    return time.process_time() - since


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
