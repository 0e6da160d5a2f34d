"""The report at the end of a run."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import pytest

from bnclaims import datasets
from bnclaims.audit.results import Audit
from bnclaims.datasets import Sources
from bnclaims.errors import BnclaimsError
from bnclaims.plugin.terminal.terminal import of
from bnclaims.protocol.load import file_of
from bnclaims.report.registration import registration_of
from bnclaims.run.selfcheck.machine import folder_of_checks
from bnclaims.run.selfcheck.report_section import selfcheck_section
from bnclaims.run.session import AuditSession
from bnclaims.store.record import Record
from bnclaims.training.runners import WorkerStatus


def write_report(
    config: pytest.Config,
    session: AuditSession,
    collected: set[tuple[str, str]],
    verdicts: Mapping[tuple[str, str], str],
    statuses: Sequence[WorkerStatus],
    *,
    junit: bytes | None,
) -> None:
    """Judges once more from the store alone, compares with the verdicts of workers, writes the report."""
    # Not sooner: a worker never writes a report.
    from bnclaims.audit.beside.audit import with_beside
    from bnclaims.audit.sensitivity import with_sensitivity
    from bnclaims.report.write import write_report as write

    shown = of(config)
    shown.live.say("judging once more from the store, and writing the report")
    judged = session.audit(collected, set(verdicts), _environment(), {})
    run = {**_run(config, session, statuses, judged.records), **judged.run}
    audit = with_beside(with_sensitivity(dataclasses.replace(judged, run=run)))
    for claim in audit.claims:
        for cell in claim.cells:
            verdict = verdicts.get((cell.claim, cell.cell))
            if verdict is not None and verdict != cell.verdict:
                raise BnclaimsError(
                    f"cell {cell.cell} of claim {cell.claim}: judged {verdict} by its worker and "
                    f"{cell.verdict} from the store; run again, and report this as a bug if it persists."
                )
    request = session.request
    samples = sample_images(audit, request.sources) if request.sample_images else {}
    shown.written = (write(audit, request.report, samples=samples, junit=junit), audit)


def sample_images(audit: Audit, sources: Sources) -> dict[str, bytes]:
    """A picture (PNG) of every dataset of an audit, by name."""

    return {name: datasets.contact_sheet_png(name, sources=sources) for name in audit.datasets}


def _environment() -> dict[str, str]:
    packages = ("torch", "numpy", "scipy", "scikit-learn", "pytest", "bnclaims")
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        **{name: version(name) for name in packages},
    }


def _registration(protocol: str) -> dict[str, str]:
    """The commits of the protocol and of the run; none where it is not committed or no clone."""
    found = registration_of(file_of(protocol))
    return {} if found is None else dataclasses.asdict(found)


def _run(
    config: pytest.Config,
    session: AuditSession,
    statuses: Sequence[WorkerStatus],
    records: Mapping[str, Record],
) -> dict[str, object]:
    request = session.request
    checks = folder_of_checks(request.store)
    return {
        "executor": f"world {request.world}" if request.world else request.executor,
        "synthetic_world": request.world,
        **selfcheck_section(records.values(), checks),
        **_registration(request.protocol),
        "workers": len(statuses),
        "trained": sum(status.trained for status in statuses),
        **({} if session.protocol.file.budget is None else {"minutes": of(config).live.minutes}),
        "damaged": [[Path(file).name, reason] for file, reason in session.store.damaged],
    }
