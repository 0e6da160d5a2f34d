"""The terminal side of a run: its header and its end, in the words of the other modules."""

from __future__ import annotations

import shlex
from collections.abc import Generator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from bnclaims.audit.results import Audit
from bnclaims.errors import is_dir
from bnclaims.plugin.arguments import claims_in
from bnclaims.plugin.terminal.failures import findings_in, told, width_of, wrapped
from bnclaims.plugin.terminal.live import NAME as LIVE
from bnclaims.plugin.terminal.live import Live
from bnclaims.plugin.terminal.summary import (
    after_table,
    before_table,
    budget_lines,
    expected_lines,
    folder_line,
    memory_lines,
    missing_lines,
    night_line,
    stored_lines,
    trouble_lines,
)
from bnclaims.plugin.workers import at_once
from bnclaims.report.formatting import counted
from bnclaims.run.claims_folder import CLAIMS
from bnclaims.run.expected_verdicts import Deviations
from bnclaims.run.prerequisites import told_of_weights
from bnclaims.run.session import AuditSession

# Columns of the closing table in a log, and at most.
LOG, WIDEST = 110, 120
NAME = "bnclaims-terminal"


def register(config: pytest.Config, session: AuditSession) -> None:
    """Lets a process that owns the terminal show its run."""
    live = Live(config, session)
    config.pluginmanager.register(live, LIVE)
    config.pluginmanager.register(Terminal(config, session, live), NAME)


def of(config: pytest.Config) -> Terminal:
    """The terminal side of a run that owns one."""
    plugin = config.pluginmanager.get_plugin(NAME)
    assert isinstance(plugin, Terminal)
    return plugin


class Terminal:
    """The terminal side of a run, in the process that owns the terminal: its header and its end."""

    def __init__(self, config: pytest.Config, session: AuditSession, live: Live) -> None:
        self.config = config
        self.session = session
        self.live = live
        self.written: tuple[Path, Audit] | None = None
        self.problem: str | None = None
        # Whether somebody ended the run while it made its report.
        self.cut_short = False
        self.deviations: Deviations | None = None

    # --- header -------------------------------------------------------------------------------

    def pytest_report_header(self) -> list[str]:
        """Protocol, dataset, device, store and size of the plan."""
        session, request = self.session, self.session.request
        plan = session.plan
        stored = sum(session.store.has(key) for key in plan.all) if is_dir(request.store) else 0
        trainer = f"world {request.world}" if request.world else f"executor {request.executor}"
        runner = "" if request.ray is None else f", runner: {request.runner}"
        lines = [
            f"bnclaims {version('bnclaims')}: {counted(len(session.claims), 'claim')}, "
            f"{counted(len(plan.cells), 'cell')}"
            + (
                f"; {len(session.design.left_out)} more without cells in this protocol"
                * bool(session.design.left_out)
            ),
            f"protocol: {session.protocol.name} (sha256 {session.protocol.sha256[:12]}), "
            f"dataset: {session.selection.dataset}",
            f"device: {session.selection.device}, {trainer}, store: {request.store}{runner}",
            f"plan: {counted(len(plan.first), 'trial')} for the first looks, at most {len(plan.all)}; "
            f"{stored} stored",
            *folder_line(session),
            *night_line(session),
            *budget_lines(session),
            *missing_lines(session),
            *memory_lines(session, at_once(self.config)),
            *(
                f"weights: {line}"
                for line in (*session.design.refusals, *told_of_weights(session.design))
            ),
        ]
        width = width_of(self.config.pluginmanager.get_plugin("terminalreporter"))
        return [part for line in lines for part in wrapped(line, width)]

    # --- closing table ------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: Any, exitstatus: int
    ) -> Generator[None, None, None]:
        """What pytest has to say of the tests, then the verdicts and where the report is."""
        if self.session.run is None:
            return (yield)
        findings = findings_in(terminalreporter)
        verbosity = self.config.option.verbose
        with told(terminalreporter, findings, listed=verbosity >= 0):
            yield
        if verbosity == -1:
            for report in findings:
                self.say(str(report.longrepr))
        if self.problem is not None:
            self.say(f"no report was written: {self.problem}", red=True)
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            place = self.session.request.report
            stays = f"; {place} stays as it was" if place.exists() else ""
            self.say(f"no claim was selected, so none was judged{stays}")
            return
        ended = exitstatus == pytest.ExitCode.INTERRUPTED
        for line, colours in stored_lines(
            self.session,
            interrupted=ended,
            judged=self.written is not None or self.problem is not None,
            cut_short=self.cut_short,
        ):
            self.say(line, **colours)
        if self.written is not None:
            self._verdicts(terminalreporter, *self.written)

    def _verdicts(self, reporter: Any, folder: Path, audit: Audit) -> None:
        from bnclaims.plugin.terminal.table import verdict_table

        verbosity = self.config.option.verbose
        if verbosity >= 0:
            reporter.section("verdicts, as operationalised by the protocol")
        for line, colours in before_table(audit):
            self.say(line, **colours)
        if verbosity > -2:
            # A log has no width of its own; the sentences want some.
            width = min(width_of(reporter) or LOG, WIDEST)
            colour = reporter.hasmarkup
            table = verdict_table(audit, width=width, colour=colour, verbosity=verbosity)
            for line in (*table.splitlines(), ""):
                reporter.write_line(line)
        for line, colours in after_table(audit, verbosity=verbosity):
            self.say(line, **colours)
        expect = self.session.request.expect
        if self.deviations is not None and expect is not None:
            for line, colours in expected_lines(self.deviations, expect):
                self.say(line, **colours)
        for line, colours in trouble_lines(audit, self.session):
            self.say(line, **colours)
        self.say(f"report: {folder / 'index.html'}")
        self.say(f"check it: {shlex.join(['bnclaims', 'verify', str(folder), *self._place()])}")

    def _place(self) -> list[str]:
        """Where `bnclaims verify` finds the claims, unless it looks there by itself."""
        root = self.config.invocation_params.dir
        asked = (word.split("::")[0] for word in self.config.args if claims_in([word], root))
        named = Path(next(asked, "claims"))
        folder = named.parent if named.suffix == ".py" else named
        found = next((place for place in (root / "claims", *CLAIMS) if place.is_dir()), None)
        return [] if found == root / folder else ["--claims", str(folder)]

    def say(self, text: str, **colours: bool) -> None:
        """Writes a line, which breaks between words where a terminal ends."""
        reporter: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        for line in wrapped(text, width_of(reporter)):
            reporter.write_line(line, **colours)
