"""The terminal side of a run: when and where it writes what the other modules word."""

from __future__ import annotations

import queue
import shlex
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from bnclaims.audit.results import Audit
from bnclaims.errors import is_dir
from bnclaims.plugin.terminal.failures import findings_in, told, width_of, wrapped
from bnclaims.plugin.terminal.progress import Counter
from bnclaims.plugin.terminal.summary import (
    after_table,
    before_table,
    budget_lines,
    expected_lines,
    missing_lines,
    night_line,
    stored_lines,
    trouble_lines,
)
from bnclaims.report.formatting import counted
from bnclaims.run.expected_verdicts import Outcome
from bnclaims.run.session import AuditSession, claims_in

# Seconds between progress lines where the output is a file, and between redraws on a terminal.
LINE_EVERY, DRAW_EVERY = 30.0, 0.5
# Columns of the closing table in a log, and at most.
LOG, WIDEST = 110, 120
NAME = "bnclaims-terminal"


def ticker(config: pytest.Config) -> Callable[[], None]:
    """What the runner calls after each trial: draws progress where this process owns the terminal."""
    plugin = config.pluginmanager.get_plugin(NAME)
    return plugin.draw if plugin is not None else lambda: None


def past_capture(config: pytest.Config) -> Callable[[str], None]:
    """A function that prints a line on the real stderr; what is captured is lost from then on."""

    def say(text: str) -> None:
        manager = config.pluginmanager.get_plugin("capturemanager")
        if manager is not None:
            manager.suspend_global_capture(in_=False)
        print(f"\n{text}", file=sys.stderr, flush=True)

    return say


def of(config: pytest.Config) -> Terminal:
    """The terminal side of a run that owns one."""
    plugin = config.pluginmanager.get_plugin(NAME)
    assert isinstance(plugin, Terminal)
    return plugin


class Terminal:
    """The terminal side of a run, in the process that owns the terminal.

    Everything is drawn on the main thread: by the trials themselves, or, when workers train, by
    ticks that a thread puts into the queue that xdist's controller waits on.
    """

    def __init__(
        self, config: pytest.Config, session: AuditSession, refusals: Sequence[str] = ()
    ) -> None:
        self.config = config
        self.session = session
        self.refusals = refusals
        self.written: tuple[Path, Audit] | None = None
        self.problem: str | None = None
        self.outcome: Outcome | None = None
        self._started = time.monotonic()
        self._last = 0.0
        self._drawn = False
        self._ending = threading.Event()
        self._counter: Counter | None = None

    @property
    def minutes(self) -> float:
        """Minutes since the run began."""
        return round((time.monotonic() - self._started) / 60, 1)

    # --- header -------------------------------------------------------------------------------

    def pytest_report_header(self) -> list[str]:
        """Protocol, dataset, device, store and size of the plan."""
        session, option = self.session, self.config.option
        plan = session.plan
        stored = (
            sum(session.store.has(key) for key in plan.all) if is_dir(session.request.store) else 0
        )
        trainer = f"world {option.world}" if option.world else f"executor {option.executor}"
        runner = "" if option.runner == "local" else f", runner: {option.runner}"
        lines = [
            f"bnclaims {version('bnclaims')}: {counted(len(session.claims), 'claim')}, "
            f"{counted(len(plan.cells), 'cell')}"
            + (
                f"; {len(session.left_out)} more without cells in this protocol"
                * bool(session.left_out)
            ),
            f"protocol: {session.protocol.name} (sha256 {session.protocol.sha256[:12]}), "
            f"dataset: {session.selection.dataset}",
            f"device: {session.selection.device}, {trainer}, store: {option.store}{runner}",
            f"plan: {counted(len(plan.first), 'trial')} for the first looks, at most {len(plan.all)}; "
            f"{stored} stored",
            *night_line(session, option.night),
            *budget_lines(session),
            *missing_lines(session),
            *(f"weights: {line}" for line in (*self.refusals, *session.weights_sentences())),
        ]
        width = width_of(self.config.pluginmanager.get_plugin("terminalreporter"))
        return [part for line in lines for part in wrapped(line, width)]

    # --- progress -----------------------------------------------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        controller = self.config.pluginmanager.get_plugin("dsession")
        if controller is None or self.config.option.collectonly:
            return
        events: queue.Queue[tuple[str, dict[str, object]]] = controller.queue
        controller.worker_bnclaims_tick = self.draw

        def tick() -> None:
            while not self._ending.wait(DRAW_EVERY):
                events.put(("bnclaims_tick", {}))

        threading.Thread(target=tick, name="bnclaims-ticks", daemon=True).start()

    def draw(self) -> None:
        """Progress, if it is time for it: a status line on a terminal, a plain line elsewhere."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        run = self.session.run
        live = reporter is not None and reporter.isatty
        now = time.monotonic()
        if (
            reporter is None
            or run is None
            or self.config.option.verbose < 0
            or now - max(self._last, self._started) < (DRAW_EVERY if live else LINE_EVERY)
        ):
            return
        self._last = now
        statuses = run.statuses()
        if not statuses:
            # Nobody trains yet, and the lines that xdist rewrites while it starts are its own.
            return
        progress = self._counted().read(statuses, now)
        if not live:
            with self._uncaptured():
                # Not ensure_newline(): it forgets the letters of results that workers send.
                if reporter._tw.width_of_current_line:
                    reporter._tw.line()
                reporter.write_line(progress.line())
            return
        bar = progress.bar(
            max(20, reporter._tw.fullwidth - 1),
            colour=reporter.hasmarkup,
            encoding=reporter._tw._file.encoding,
        )
        self._write(reporter, ("" if self._drawn else "\n") + "\r\x1b[2K" + bar)
        self._drawn = True

    def _counted(self) -> Counter:
        """What follows the run, made once the cells that it collected are known."""
        if self._counter is None:
            session = self.session
            cells = session.run.cells() if session.run is not None else set()
            keys = [trial.key for trial in session.first_looks(cells)]
            self._counter = Counter(session.store, keys, started=self._started)
        return self._counter

    def _clear(self) -> None:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if self._drawn and reporter is not None:
            # Back to where pytest left off: it keeps count of the columns it has written.
            column = reporter._tw.width_of_current_line
            self._write(reporter, "\r\x1b[2K\x1b[A\r" + (f"\x1b[{column}C" if column else ""))
            self._drawn = False

    def _write(self, reporter: Any, text: str) -> None:
        with self._uncaptured():
            reporter._tw._file.write(text)
            reporter._tw._file.flush()

    def _uncaptured(self) -> AbstractContextManager[None]:
        """Lets through what is written while a test runs, which pytest would keep for its report."""
        capture = self.config.pluginmanager.get_plugin("capturemanager")
        return nullcontext() if capture is None else capture.global_and_fixture_disabled()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        self._clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self) -> None:
        self._clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        self._ending.set()
        self._clear()

    # --- closing table ------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: Any, exitstatus: int
    ) -> Generator[None, None, None]:
        """What pytest has to say of the tests, then the verdicts and where the report is."""
        if self.config.option.collectonly:
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
            self.say("no claim was selected, so none was judged")
            return
        ended = exitstatus == pytest.ExitCode.INTERRUPTED
        for line, colours in stored_lines(
            self.session,
            interrupted=ended,
            judged=self.written is not None or self.problem is not None,
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
            # Line by line: a terminal without some character gets that line alone in escapes.
            for line in (*table.splitlines(), ""):
                reporter.write_line(line)
        for line, colours in after_table(audit, verbosity=verbosity):
            self.say(line, **colours)
        if self.outcome is not None:
            for line, colours in expected_lines(self.outcome, self.config.option.expect):
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
        return [] if (root / folder) == root / "claims" else ["--claims", str(folder)]

    def say(self, text: str, **colours: bool) -> None:
        """Writes a line, which breaks between words where a terminal ends."""
        reporter: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        for line in wrapped(text, width_of(reporter)):
            reporter.write_line(line, **colours)
