"""The pytest plugin: options, the evidence fixture, outcome words, the run and its report.

Load it with ``pytest_plugins = ["bnclaims.plugin"]`` in the root ``conftest.py``, or with
``-p bnclaims.plugin``. It does nothing in runs whose arguments name no claim file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bnclaims import terminal
from bnclaims.cells import Cell
from bnclaims.claim import claim_of
from bnclaims.errors import BnclaimsError
from bnclaims.expectation import outcome
from bnclaims.runners import RunFolder, Stopped, TrialFailed
from bnclaims.session import AuditSession, Request, claims_in, folders_in
from bnclaims.verdicts import CellJudgement, Verdict

SESSION = pytest.StashKey[AuditSession]()
JUDGED = pytest.StashKey[CellJudgement]()
WORD = "bnclaims_verdict"
OWN_JUNIT = pytest.StashKey[Path]()
# How often the cell of a crashed worker is given to another before the run gives up on it.
CRASHES_FORGIVEN = 2


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("bnclaims", "audit of a paper's claims (bnclaims)")
    group.addoption(
        "--gpu", action="store_true", help="train on CUDA devices, shared among workers"
    )
    group.addoption(
        "--protocol",
        default="quick",
        metavar="NAME|FILE",
        help="built-in protocol or TOML file (quick)",
    )
    group.addoption(
        "--dataset",
        metavar="NAME",
        help="dataset instead of the protocol's default; folder:PATH for your own images",
    )
    group.addoption(
        "--data-root", type=Path, metavar="DIR", help="folder that holds the image packs"
    )
    for side in ("majority", "minority"):
        group.addoption(
            f"--{side}",
            action="append",
            default=[],
            metavar="CLASS",
            help=f"sub-folder of a {side} class, with --dataset folder:PATH (repeatable)",
        )
    group.addoption(
        "--store",
        type=Path,
        default=Path(".bnclaims/store"),
        metavar="DIR",
        help="where trained trials are kept (.bnclaims/store); write --store=DIR",
    )
    group.addoption(
        "--report",
        type=Path,
        default=Path("reports/latest"),
        metavar="DIR",
        help="where the report is written (reports/latest); write --report=DIR",
    )
    group.addoption(
        "--executor", default="loop", metavar="NAME", help="how trials are trained (loop)"
    )
    group.addoption(
        "--runner", default="local", choices=["local"], help="who trains: the processes of this run"
    )
    group.addoption(
        "--expect",
        type=Path,
        metavar="REPORT",
        help="fail where a verdict differs from this report's, and only there; write --expect=DIR",
    )
    group.addoption(
        "--strict-verdicts", action="store_true", help="let INCONCLUSIVE and INVALID fail too"
    )
    group.addoption("--world", metavar="NAME", help="replace the trainer by a synthetic world")
    group.addoption(
        "--offline", action="store_true", help="never use the network (no dataset here does)"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # One claim at a time per worker: a claim can take minutes, so none may wait behind another.
    if config.getoption("maxschedchunk", None) is None and hasattr(config.option, "maxschedchunk"):
        config.option.maxschedchunk = 1
    if config.option.help:
        return
    try:
        claims = claims_in(config.args, config.invocation_params.dir)
        if not claims:
            return
        session = AuditSession(_request(config), claims)
        config.stash[SESSION] = session
        if _is_worker(config):
            return
        if config.option.gpu and not config.option.collectonly:
            _check_gpu()
        if not config.option.collectonly:
            from bnclaims.report.write import check_target

            check_target(config.option.report)
            session.check_data()
            session.open_run()
            if config.option.xmlpath is None:
                config.option.xmlpath = str(config.option.report / "junit.xml")
                config.stash[OWN_JUNIT] = config.option.report / "junit.xml"
        config.pluginmanager.register(terminal.Terminal(config, session), terminal.NAME)
    except BnclaimsError as error:
        raise pytest.UsageError(str(error)) from error


def _request(config: pytest.Config) -> Request:
    option = config.option
    return Request(
        protocol=option.protocol,
        dataset=option.dataset,
        data_root=option.data_root,
        majority=tuple(option.majority),
        minority=tuple(option.minority),
        gpu=option.gpu,
        store=option.store,
        executor=option.executor,
        world=option.world,
        expect=option.expect,
    )


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _check_gpu() -> None:
    import torch

    if not torch.cuda.is_available():
        raise BnclaimsError(
            f"--gpu: torch {torch.__version__} sees no CUDA device here; run without --gpu, or install a "
            "CUDA build of torch on a machine with an NVIDIA GPU and driver."
        )


# --- collection -------------------------------------------------------------------------------


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
            cells.append((claim.id, _cell(item).name))
    name = _worker_name(session.config)
    run.write_cells(name, cells)
    on_progress = terminal.ticker(session.config)
    audit.start_runner(name, run, on_progress)


def _cell(item: pytest.Function) -> Cell:
    cell = item.callspec.params["evidence"]
    assert isinstance(cell, Cell)
    return cell


def _worker_name(config: pytest.Config) -> str:
    return str(getattr(config, "workerinput", {}).get("workerid", "main"))


def _run_folder(config: pytest.Config, audit: AuditSession) -> RunFolder | None:
    if not _is_worker(config):
        return audit.run
    path = config.workerinput.get("bnclaims_run")  # type: ignore[attr-defined]
    return RunFolder(Path(path)) if path else None


# --- judging ----------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    claim = claim_of(pyfuncitem.obj)
    if claim is None:
        return None
    audit = pyfuncitem.config.stash[SESSION]
    judged = audit.judge(claim, _cell(pyfuncitem))
    pyfuncitem.stash[JUDGED] = judged
    pyfuncitem.user_properties.append((WORD, str(judged.verdict)))
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    claim = claim_of(getattr(item, "obj", None))
    if claim is None:
        return report
    if call.excinfo is not None and call.excinfo.errisinstance(
        (BnclaimsError, TrialFailed, Stopped)
    ):
        # The traceback of a trial is in its error record; here it would be the plugin's own.
        report.longrepr = f"claim ({claim.id}) not judged: {call.excinfo.value}"
    judged = item.stash.get(JUDGED, None)
    if call.when != "call" or judged is None or report.failed:
        return report
    option = item.config.option
    text = terminal.sentence(claim, judged)
    words = item.config.stash[SESSION].expected
    if words is not None:
        place = (judged.claim, judged.cell)
        # A cell that is in the report and was not judged there has no word to differ from.
        expected = words.cells.get(place, "no verdict (new cell)")
        if expected not in (judged.verdict, None):
            report.outcome = "failed"
            report.longrepr = f"{text}\nexpected {expected}"
        return report
    if judged.verdict is Verdict.REFUTED or (
        option.strict_verdicts and judged.verdict is not Verdict.SUPPORTED
    ):
        report.outcome = "failed"
        report.longrepr = text
    elif judged.verdict is not Verdict.SUPPORTED:
        path, line, _ = item.location
        report.outcome = "skipped"
        report.longrepr = (path, (line or 0) + 1, text)
    return report


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, Any] | None:
    if getattr(report, "when", None) == "crash":
        return "taken over from a crashed worker", "c", ("CRASHED, taken over", {"yellow": True})
    properties = dict(getattr(report, "user_properties", ()))
    word = properties.get(WORD)
    outcome = getattr(report, "outcome", None)
    if word is None or report.when != "call" or outcome not in ("passed", "failed", "skipped"):
        return None
    if report.failed:
        return "failed", "F", word
    match word:
        case Verdict.SUPPORTED:
            return "passed", ".", word
        case Verdict.REFUTED:
            return "refuted as expected", "R", (f"{word} as expected", {"yellow": True})
        case Verdict.INCONCLUSIVE:
            return "inconclusive", "?", (word, {"yellow": True})
        case _:
            return "invalid", "!", (word, {"yellow": True, "bold": True})


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    try:
        result = yield
    except BaseException:
        _stop(session.config)
        raise
    audit = session.config.stash.get(SESSION, None)
    if audit is not None and audit.runner is not None and _is_worker(session.config):
        if session.shouldstop or session.shouldfail:
            _stop(session.config)
        else:
            audit.runner.drain(audit.first_looks(audit.run.cells() if audit.run else set()))
    return result


def _stop(config: pytest.Config) -> None:
    audit = config.stash.get(SESSION, None)
    if audit is not None and audit.run is not None:
        audit.run.stop()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    audit = session.config.stash.get(SESSION, None)
    if audit is None:
        return
    if audit.runner is not None:
        audit.runner.close()
    if _is_worker(session.config) or session.config.option.collectonly or audit.run is None:
        return
    audit.run.stop()
    judged = audit.run.verdicts()
    collected = audit.run.cells()
    statuses = audit.run.statuses(alive_only=False)
    audit.run.remove()
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


# --- xdist ------------------------------------------------------------------------------------


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[Any]) -> None:
    if SESSION not in config.stash:
        return
    devices = _visible_devices() if config.option.gpu else []
    for index, spec in enumerate(specs):
        # Here, and not in conftest: libraries read these when the interpreter loads them, and a
        # replacement for a crashed worker is started from the same spec.
        spec.env.setdefault("OMP_NUM_THREADS", "1")
        spec.env.setdefault("MKL_NUM_THREADS", "1")
        if devices:
            spec.env["CUDA_VISIBLE_DEVICES"] = devices[index % len(devices)]


def _visible_devices() -> list[str]:
    """The CUDA devices of the caller's own list, UUIDs included, or all that torch sees."""
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed is not None:
        return [name.strip() for name in listed.split(",") if name.strip()]
    import torch

    return [str(index) for index in range(torch.cuda.device_count())]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    audit = node.config.stash.get(SESSION, None)
    if audit is not None and audit.run is not None:
        node.workerinput["bnclaims_run"] = str(audit.run.path.resolve())


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(crashitem: str, report: pytest.TestReport, sched: Any) -> None:
    config = sched.config
    audit = config.stash.get(SESSION, None)
    if audit is None:
        return
    crashes = config.stash.setdefault(CRASHES, {})
    crashes[crashitem] = crashes.get(crashitem, 0) + 1
    if crashes[crashitem] <= CRASHES_FORGIVEN:
        # What the lost worker had finished is in the store; another takes the cell from there.
        sched.mark_test_pending(crashitem)
        report.outcome = "passed"
        report.when = "crash"  # type: ignore[assignment]


CRASHES = pytest.StashKey[dict[str, int]]()
