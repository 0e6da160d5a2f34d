"""A run of claims from its first hook to its last: options, collection, the loop, the report."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Never

import pytest

from bnclaims.audit.claim import claim_of
from bnclaims.audit.longest_first import longest_first
from bnclaims.errors import BnclaimsError
from bnclaims.plugin import terminal
from bnclaims.plugin.arguments import claims_in, folders_in
from bnclaims.plugin.checks import (
    check_gpu,
    check_installed,
    check_report,
    check_root,
    usage_errors,
)
from bnclaims.plugin.interruption import interruptible, stop
from bnclaims.plugin.junit import Junit
from bnclaims.plugin.options import request_of
from bnclaims.plugin.state import JUNIT, SESSION, cell_of, is_worker, judges_nothing
from bnclaims.plugin.workers import at_once
from bnclaims.run.design import Design, asked, decided
from bnclaims.run.expected_verdicts import deviations
from bnclaims.run.output import without_refusals
from bnclaims.run.prerequisites import check_data, check_networks
from bnclaims.run.session import AuditSession
from bnclaims.training.runners import RunFolder


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # One claim at a time per worker: a claim can take minutes, so none may wait behind another.
    if config.getoption("maxschedchunk", None) is None and hasattr(config.option, "maxschedchunk"):
        config.option.maxschedchunk = 1
    if config.option.help:
        return
    vars(config.option).update(getattr(config, "workerinput", {}).get("bnclaims_options", {}))
    with usage_errors():
        claims = claims_in(config.args, config.invocation_params.dir)
        if not claims:
            check_root(config)
            return
        check_installed()
        design = asked(request_of(config), claims)
        if is_worker(config):
            # The controller has chosen, and handed its choice on.
            config.stash[SESSION] = AuditSession(decided(design))
            return
        for stream in (sys.stdout, sys.stderr):
            without_refusals(stream)
        config.stash[SESSION] = session = (
            AuditSession(decided(design, workers=at_once(config)))
            if judges_nothing(config)
            else _begun(config, design)
        )
        # What is wrong with a cell is said now: no later hook of pytest takes it for a usage error.
        assert session.plan
    terminal.register(config, session)


def _begun(config: pytest.Config, design: Design) -> AuditSession:
    """The session of a run that will train and judge, once all is known to be there for it."""
    request = design.request
    check_report(request.report)
    session = AuditSession(decided(design, workers=at_once(config), fetch=True, keep=True))
    untrained = request.stored or request.world is not None
    trains_here = request.gpu and request.ray is None and not untrained
    # What is stored was trained on a GPU; to judge it, none is needed.
    if trains_here and not all(map(session.store.has, session.plan.first)):
        check_gpu()
    check_networks(session.design, session.store)
    check_data(session.design, session.store, session.plan.first)
    session.open_run()
    config.stash[JUNIT] = junit = Junit(config, request.report)
    config.pluginmanager.register(junit)
    return session


# --- collection -------------------------------------------------------------------------------


def pytest_pycollect_makeitem(
    collector: pytest.Module, name: str, obj: object
) -> list[Never] | None:
    session = collector.config.stash.get(SESSION, None)
    claim = claim_of(obj)
    if session is None or claim is None or claim.id not in session.design.left_out:
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
        session = config.stash[SESSION]
        order = longest_first(session.plan, session.design.protocol.rules)
        items.sort(key=lambda item: _place(item, order))


def _place(item: pytest.Item, order: Sequence[tuple[str, str]]) -> int:
    claim = claim_of(getattr(item, "obj", None))
    if claim is None or not isinstance(item, pytest.Function):
        return len(order)
    return order.index((claim.id, cell_of(item).name))


def pytest_collection_finish(session: pytest.Session) -> None:
    audit = session.config.stash.get(SESSION, None)
    if audit is None:
        return
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
    with usage_errors():
        audit.start_runner(
            name,
            run,
            terminal.ticker(session.config),
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
            audit.runner.drain(audit.design.first_looks(audit.run.cells() if audit.run else set()))
    return result


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    audit = session.config.stash.get(SESSION, None)
    if audit is None:
        return
    if audit.runner is not None:
        audit.runner.close()
    if is_worker(session.config) or audit.run is None:
        return
    audit.run.stop()
    judged = audit.run.verdicts()
    collected = audit.run.cells()
    statuses = audit.run.statuses(alive_only=False)
    audit.run.remove()
    junit = session.config.stash[JUNIT]
    junit.take_away()
    shown = terminal.of(session.config)
    try:
        if audit.new_disagreements() and session.exitstatus == pytest.ExitCode.OK:
            # Two results of one trial: the verdicts may be right, but the machinery is not.
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if not judged:
            return
        with interruptible(session.config):
            terminal.write_report(
                session.config, audit, collected, judged, statuses, junit=junit.text()
            )
    except BnclaimsError as error:
        shown.problem = str(error)
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
    except KeyboardInterrupt:
        shown.cut_short = shown.written is None
        session.exitstatus = pytest.ExitCode.INTERRUPTED
    else:
        _compare_with_expected(session, audit)
    finally:
        shown.live.clear()


def _compare_with_expected(session: pytest.Session, audit: AuditSession) -> None:
    shown = terminal.of(session.config)
    expected = audit.design.expected
    if expected is None or shown.written is None:
        return
    config = session.config
    whole = folders_in(config.args, config.invocation_params.dir)
    shown.deviations = deviations(expected, shown.written[1], all_claims=whole)
    # No test fails for a claim or cell that is gone, nor for a claim whose cells keep their verdicts.
    if shown.deviations.differs and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
