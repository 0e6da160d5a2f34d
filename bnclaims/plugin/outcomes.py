"""Claims as tests: each is judged, and its verdict becomes an outcome with a word of its own."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from bnclaims.audit.claim import claim_of
from bnclaims.audit.results import CellJudgement, Verdict
from bnclaims.errors import BnclaimsError
from bnclaims.plugin import terminal
from bnclaims.plugin.state import INTERRUPTED, SESSION, cell_of
from bnclaims.plugin.terminal import VERDICT
from bnclaims.report.formatting import name_of
from bnclaims.training.runners import Stopped, TrialFailed

EXPECTED = "bnclaims_expected"
JUDGED = pytest.StashKey[CellJudgement]()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    claim = claim_of(pyfuncitem.obj)
    if claim is None:
        return None
    audit = pyfuncitem.config.stash[SESSION]
    try:
        judged = audit.judge(claim, cell_of(pyfuncitem))
    except Stopped:
        if INTERRUPTED in pyfuncitem.config.stash:
            # The exception of the signal was lost on its way.
            raise KeyboardInterrupt from None
        raise
    pyfuncitem.stash[JUDGED] = judged
    pyfuncitem.user_properties.append((VERDICT, str(judged.verdict)))
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
        report.longrepr = f"claim {name_of(claim.id)} not judged: {call.excinfo.value}"
    judged = item.stash.get(JUDGED, None)
    if call.when != "call" or judged is None or report.failed:
        return report
    option = item.config.option
    text = terminal.sentence(claim, judged)
    verdicts = item.config.stash[SESSION].design.expected
    if verdicts is not None:
        place = (judged.claim, judged.cell)
        # A cell that is in the report and was not judged there has no verdict to differ from.
        expected = verdicts.cells.get(place, "no verdict (new cell)")
        if expected not in (judged.verdict, None):
            report.outcome = "failed"
            report.longrepr = f"{text}\nexpected {expected}"
            # Plain text: workers send it.
            report.user_properties.append((EXPECTED, str(expected)))
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
    verdict = properties.get(VERDICT)
    outcome = getattr(report, "outcome", None)
    if verdict is None or report.when != "call" or outcome not in ("passed", "failed", "skipped"):
        return None
    if report.failed:
        expected = f", expected {properties[EXPECTED]}" if EXPECTED in properties else ""
        return "failed", "F", f"{verdict}{expected}"
    match verdict:
        case Verdict.SUPPORTED:
            return "passed", ".", verdict
        case Verdict.REFUTED:
            return "refuted as expected", "R", (f"{verdict} as expected", {"yellow": True})
        case Verdict.INCONCLUSIVE:
            return "inconclusive", "?", (verdict, {"yellow": True})
        case _:
            return "invalid", "!", (verdict, {"yellow": True, "bold": True})
