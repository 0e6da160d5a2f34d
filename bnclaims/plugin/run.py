"""A run of claims from its first hook to its last: options, collection, the loop, the report."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Never

import pytest

from bnclaims.audit.claim import claim_of
from bnclaims.errors import BnclaimsError
from bnclaims.plugin import terminal
from bnclaims.plugin.interruption import stop
from bnclaims.plugin.options import check_gpu, check_report, check_root, request_of
from bnclaims.plugin.state import SESSION, cell_of, is_worker
from bnclaims.plugin.workers import at_once
from bnclaims.run.expected_verdicts import outcome
from bnclaims.run.session import AuditSession, claims_in, folders_in
from bnclaims.training.runners import RunFolder

OWN_JUNIT = pytest.StashKey[Path]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # One claim at a time per worker: a claim can take minutes, so none may wait behind another.
    if config.getoption("maxschedchunk", None) is None and hasattr(config.option, "maxschedchunk"):
        config.option.maxschedchunk = 1
    if config.option.help:
        return
    vars(config.option).update(getattr(config, "workerinput", {}).get("bnclaims_options", {}))
    try:
        claims = claims_in(config.args, config.invocation_params.dir)
        if not claims:
            check_root(config)
            return
        session = AuditSession(request_of(config), claims)
        config.stash[SESSION] = session
        if is_worker(config):
            # The controller has opened the night, and handed its label on.
            session.choose_night()
            return
        refusals: list[str] = []
        if config.option.gpu and not config.option.collectonly and session.request.ray is None:
            check_gpu()
        if config.option.collectonly:
            session.choose_night()
            session.choose_budget(at_once(config))
        else:
            check_report(config.option.report)
            refusals = session.fetch_weights()
            session.choose_night(opened=True)
            _choose_budget(config, session)
            session.check_networks()
            session.check_data(session.plan.first)
            session.open_run()
            if config.option.xmlpath is None:
                config.option.xmlpath = str(config.option.report / "junit.xml")
                config.stash[OWN_JUNIT] = config.option.report / "junit.xml"
        config.pluginmanager.register(terminal.Terminal(config, session, refusals), terminal.NAME)
    except BnclaimsError as error:
        raise pytest.UsageError(str(error)) from error


def _choose_budget(config: pytest.Config, session: AuditSession) -> None:
    if session.request.budget is not None:
        kept = session.choose_budget(at_once(config), kept=True)
        # Workers take the choice that is made here.
        config.option.protocol, config.option.budget = str(kept), None


# --- collection -------------------------------------------------------------------------------


def pytest_pycollect_makeitem(
    collector: pytest.Module, name: str, obj: object
) -> list[Never] | None:
    session = collector.config.stash.get(SESSION, None)
    claim = claim_of(obj)
    if session is None or claim is None or claim.id not in session.left_out:
        return None
    # No test rather than a skipped one: a skip would be a word on every run of this protocol.
    return []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    claim = claim_of(metafunc.function)
    if claim is None:
        return
    session = metafunc.config.stash.get(SESSION, None)
    if session is None:
        raise pytest.UsageError(
            f"claim {claim.id}: name the folder of the claims as an argument of pytest."
        )
    cells = [cell for other, cell in session.plan.cells if other.id == claim.id]
    metafunc.parametrize("evidence", cells, ids=[cell.name for cell in cells])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if SESSION in config.stash:
        order = [claim.id for claim, _ in config.stash[SESSION].plan.cells]
        items.sort(key=lambda item: _place(item, order))


def _place(item: pytest.Item, order: Sequence[str]) -> int:
    claim = claim_of(getattr(item, "obj", None))
    # The claims with most to train would come last in alphabetical order of their files.
    return order.index(claim.id) if claim is not None and claim.id in order else len(order)


def pytest_collection_finish(session: pytest.Session) -> None:
    if SESSION not in session.config.stash or session.config.option.collectonly:
        return
    audit = session.config.stash[SESSION]
    run = _run_folder(session.config, audit)
    if run is None:
        return
    cells = []
    for item in session.items:
        claim = claim_of(getattr(item, "obj", None))
        if claim is not None and isinstance(item, pytest.Function):
            cells.append((claim.id, cell_of(item).name))
    name = _worker_name(session.config)
    run.write_cells(name, cells)
    on_progress = terminal.ticker(session.config)
    audit.start_runner(
        name,
        run,
        on_progress,
        worker=is_worker(session.config),
        on_hang=terminal.past_capture(session.config),
    )


def _worker_name(config: pytest.Config) -> str:
    return str(getattr(config, "workerinput", {}).get("workerid", "main"))


def _run_folder(config: pytest.Config, audit: AuditSession) -> RunFolder | None:
    if not is_worker(config):
        return audit.run
    path = config.workerinput.get("bnclaims_run")  # type: ignore[attr-defined]
    return RunFolder(Path(path)) if path else None


# --- the loop and the end ---------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    try:
        result = yield
    except KeyboardInterrupt as error:
        stop(session.config)
        # To show where a run was interrupted, pytest reads the source of every frame: seconds.
        if not session.config.option.fulltrace:
            error.with_traceback(None)
        raise
    except BaseException:
        stop(session.config)
        raise
    audit = session.config.stash.get(SESSION, None)
    if audit is not None and audit.runner is not None and is_worker(session.config):
        if session.shouldstop or session.shouldfail:
            stop(session.config)
        else:
            audit.runner.drain(audit.first_looks(audit.run.cells() if audit.run else set()))
    return result


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    audit = session.config.stash.get(SESSION, None)
    if audit is None:
        return
    if audit.runner is not None:
        audit.runner.close()
    if is_worker(session.config) or session.config.option.collectonly or audit.run is None:
        return
    audit.run.stop()
    judged = audit.run.verdicts()
    collected = audit.run.cells()
    statuses = audit.run.statuses(alive_only=False)
    audit.run.remove()
    if audit.new_disagreements() and session.exitstatus == pytest.ExitCode.OK:
        # Two results of one trial: the words may be right, but the machinery is not.
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if not judged:
        return
    try:
        terminal.write_report(session.config, audit, collected, judged, statuses)
    except BnclaimsError as error:
        terminal.of(session.config).problem = str(error)
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
    else:
        _compare_with_expected(session, audit)


def _compare_with_expected(session: pytest.Session, audit: AuditSession) -> None:
    shown = terminal.of(session.config)
    if audit.expected is None or shown.written is None:
        return
    config = session.config
    whole = folders_in(config.args, config.invocation_params.dir)
    shown.outcome = outcome(audit.expected, shown.written[1], all_claims=whole)
    # No test fails for a claim or cell that is gone, nor for a claim whose cells keep their words.
    if shown.outcome.differs and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    # Reports are published: the name of the machine is nobody's business.
    path = config.stash.get(OWN_JUNIT, None)
    if path is not None and path.is_file():
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r' hostname="[^"]*"', "", text), encoding="utf-8")
