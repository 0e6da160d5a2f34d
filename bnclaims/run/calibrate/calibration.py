"""Calibration of the judge: whole audits on synthetic worlds, and how often each verdict is wrong."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from bnclaims.audit.claim import Claim, discover
from bnclaims.audit.results import Verdict
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.schema import FAMILY
from bnclaims.report.document import stated_verdicts
from bnclaims.run.design import asked
from bnclaims.run.process_pool import mapped
from bnclaims.run.request import Request
from bnclaims.run.session import AuditSession
from bnclaims.stats import clopper_pearson
from bnclaims.training import synthetic

CONFIDENCE = 0.95
# Suites of another --seed never share a number with these.
_SUITES_PER_SEED = 2**32
# Suites that a worker takes at a time: enough to keep it busy, few enough for a smooth bar.
_CHUNK = 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class SuiteVerdict:
    """What one suite said about a claim: its verdict and the seeds it took (the mean over its cells)."""

    verdict: Verdict
    seeds: float


Suite = Mapping[str, SuiteVerdict]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rate:
    """A count among suites with its Clopper-Pearson interval."""

    count: int
    suites: int

    def as_dict(self) -> dict[str, float | int]:
        """Count, rate and the ends of the interval."""
        low, high = clopper_pearson(self.count, self.suites, confidence=CONFIDENCE)
        return {"count": self.count, "rate": self.count / self.suites, "low": low, "high": high}


def calibrate(
    world: str,
    *,
    suites: int,
    protocol: str,
    claims: Path,
    seed: int = 0,
    jobs: int = 1,
    on_suite: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Runs whole suites on a world and counts their verdicts, as plain data.

    Only the trainer is replaced: each suite has a store, leases, a runner, the judge, the audit and
    the report document of a real run, in a temporary folder. Suite k of a seed is the same whatever
    the number of suites and ``jobs`` (processes; with one, this process).
    """
    truth = synthetic.world(world)
    rules = load_protocol(protocol)
    if unknown := sorted(set(rules.rules.family) - truth.wrong.keys()):
        raise BnclaimsError(
            f"--protocol {protocol}: no world knows what is true of claim {unknown[0]}; use a protocol "
            f"whose family is {', '.join(FAMILY)}."
        )
    if missing := sorted(truth.wrong.keys() - rules.file.claims.keys()):
        raise BnclaimsError(
            f"--protocol {protocol}: has no cells for claim {missing[0]}; use a protocol that has them "
            "for the premise and all six claims, such as calibration."
        )
    run = partial(run_suite, world, protocol=protocol, claims=claims)
    numbers = [seed * _SUITES_PER_SEED + index for index in range(suites)]
    done: list[Suite] = []
    # One thread each, or the processes fight over the cores.
    with mapped(jobs, initializer=threadpool_limits, arguments=(1,), chunk=_CHUNK) as spread:
        for suite in spread(run, numbers):
            done.append(suite)
            on_suite()
    return {
        "world": world,
        "truth": truth.truth,
        "suites": suites,
        "seed": seed,
        "protocol": {"name": rules.name, "sha256": rules.sha256},
        "confidence": CONFIDENCE,
        "any_wrong": Rate(
            count=sum(_any_wrong(suite, truth) for suite in done), suites=suites
        ).as_dict(),
        "claims": {claim: _tally(claim, done, truth) for claim in truth.wrong},
    }


def run_suite(world: str, suite: int, *, protocol: str, claims: Path) -> Suite:
    """The verdicts of one whole audit, by claim id."""
    with tempfile.TemporaryDirectory(prefix="bnclaims-", dir=_memory()) as folder:
        request = Request(protocol=protocol, store=Path(folder) / "store", world=world)
        design = asked(request, _known(claims))
        selection = dataclasses.replace(
            design.selection,
            # A world draws no images, so the datasets need not be loaded to be told apart.
            fingerprints=dict.fromkeys(design.protocol.file.datasets, f"world {world}"),
            # The judge stops at the night that decides, as if it had been asked every night.
            nights=how.nights if (how := design.protocol.rules.accumulation) else 1,
        )
        session = AuditSession(dataclasses.replace(design, selection=selection))
        trainer = synthetic.trainer(world, suite=suite)
        runner = session.start_runner("main", session.open_run(), trainer=trainer)
        try:
            # Judged once, on what the store gives back; a run judges before it trains on, too.
            pairs = {(claim.id, cell.name) for claim, cell in session.plan.cells}
            audit = session.audit(pairs, pairs, {}, {}, train=runner.obtain)
        finally:
            runner.close()
    return {
        claim.id: SuiteVerdict(
            verdict=claim.verdict,
            seeds=sum(cell.seeds for cell in claim.cells) / len(claim.cells),
        )
        for claim in stated_verdicts(audit)
    }


def _tally(claim: str, suites: Sequence[Suite], truth: synthetic.World) -> dict[str, Any]:
    said = Counter(suite[claim].verdict for suite in suites)
    wrong = truth.wrong[claim]
    return {
        "wrong_words": [verdict for verdict in Verdict if verdict in wrong],
        "wrong": Rate(
            count=sum(said[Verdict(verdict)] for verdict in wrong), suites=len(suites)
        ).as_dict(),
        "verdicts": {
            verdict.value: Rate(count=said[verdict], suites=len(suites)).as_dict()
            for verdict in Verdict
        },
        "mean_seeds": sum(suite[claim].seeds for suite in suites) / len(suites),
    }


def _any_wrong(suite: Suite, truth: synthetic.World) -> bool:
    return any(suite[claim].verdict in truth.wrong[claim] for claim in FAMILY)


@cache
def _known(folder: Path) -> tuple[Claim, ...]:
    """The claims of the premise and of the six; what stands beside them is not calibrated."""
    calibrated = {"premise", *FAMILY}
    found = [claim for claim in discover(folder) if claim.id in calibrated]
    if missing := calibrated - {claim.id for claim in found}:
        raise BnclaimsError(
            f"--claims {folder}: has no claim {min(missing)}; give the folder with all six claims "
            "and the premise."
        )
    return tuple(found)


def _memory() -> str | None:
    """A folder in memory where there is one: a suite's store lives for a second."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
