"""The terminal side of a run: when and where it writes what the other modules word."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from bnclaims.audit import Audit
from bnclaims.disk import is_dir
from bnclaims.expectation import Outcome
from bnclaims.session import AuditSession
from bnclaims.terminal.budgets import after_budget, budget_lines, missing_lines
from bnclaims.terminal.nights import night_line, pooling_lines
from bnclaims.terminal.progress import Counter
from bnclaims.verdicts import Verdict

# Seconds between progress lines where the output is a file, and between redraws on a terminal.
LINE_EVERY, DRAW_EVERY = 30.0, 0.5
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
        return [
            f"bnclaims {version('bnclaims')}: {len(session.claims)} claims, {len(plan.cells)} cells"
            + (
                f"; {len(session.left_out)} more without cells in this protocol"
                * bool(session.left_out)
            ),
            f"protocol: {session.protocol.name} (sha256 {session.protocol.sha256[:12]}), "
            f"dataset: {session.selection.dataset}",
            f"device: {session.selection.device}, {trainer}, store: {option.store}{runner}",
            f"plan: {len(plan.first)} trials for the first looks, at most {len(plan.all)}; "
            f"{stored} stored",
            *night_line(session, option.night),
            *budget_lines(session),
            *missing_lines(session),
            *(f"weights: {line}" for line in (*self.refusals, *session.weights_sentences())),
        ]

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
        bar = progress.bar(max(20, reporter._tw.fullwidth - 1), colour=reporter.hasmarkup)
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

    def pytest_terminal_summary(self, terminalreporter: Any, exitstatus: int) -> None:
        """The verdicts, where the report is, and what was damaged in the store."""
        if self.config.option.collectonly:
            return
        if self.problem is not None:
            terminalreporter.write_line(f"no report was written: {self.problem}", red=True)
        stored = sum(self.session.store.has(key) for key in self.session.plan.all)
        rest = (
            f"{stored} trials are in {self.config.option.store}, and the same command goes on from "
            "there"
        )
        if self.written is None:
            terminalreporter.write_line(f"no claim was judged; {rest}")
            return
        from bnclaims.report.document import words_section
        from bnclaims.report.recommendation import in_brief, recommendation
        from bnclaims.terminal.table import flips, verdict_table, was_selected

        if exitstatus == pytest.ExitCode.INTERRUPTED:
            terminalreporter.write_line(f"interrupted; {rest}")
        folder, audit = self.written
        verbosity = self.config.option.verbose
        if verbosity >= 0:
            terminalreporter.section("verdicts, as operationalised by the protocol")
        if verbosity > -2:
            # A log has no width of its own; the sentences want some.
            live, fullwidth = terminalreporter.isatty, terminalreporter._tw.fullwidth
            width = max(80, min(fullwidth, 120)) if live else 110
            colour = terminalreporter.hasmarkup
            terminalreporter.write(
                verdict_table(audit, width=width, colour=colour, verbosity=verbosity)
            )
        marked = [
            f"{judged.claim.id} ({choices})"
            for judged in audit.claims
            if (choices := flips(audit, judged))
        ]
        if marked and verbosity >= 0:
            terminalreporter.write_line(
                f"* the word would be another under another choice of: {'; '.join(marked)}"
            )
        if verbosity >= 0:
            for line in after_budget(audit):
                terminalreporter.write_line(line)
        if verbosity >= 0 and not audit.protocol.file.paper:
            for line in in_brief(recommendation(words_section(audit))):
                terminalreporter.write_line(line)
        left_out = sum(not was_selected(claim) for claim in audit.claims)
        if left_out and verbosity >= 0:
            terminalreporter.write_line(f"{left_out} claims were not selected")
        if self.outcome is not None:
            self._compared(terminalreporter, self.outcome)
        for key, parts in self.session.new_disagreements():
            terminalreporter.write_line(
                f"not deterministic: trial {key[:12]} was trained twice and differs in "
                f"{', '.join(parts)}; the first result is kept, see "
                f"{self.config.option.store / 'determinism.jsonl'}",
                red=True,
            )
        for line in pooling_lines(audit.run):
            terminalreporter.write_line(line)
        if "unchecked" in audit.run:
            terminalreporter.write_line(f"unchecked: {audit.run['unchecked']}", red=True)
        for file, reason in self.session.store.damaged:
            terminalreporter.write_line(f"set aside: {Path(file).name}: {reason}")
        terminalreporter.write_line(
            f"report: {folder / 'index.html'}   check it: bnclaims verify {folder}"
        )
        if verbosity >= 0 and any(claim.verdict is Verdict.REFUTED for claim in audit.claims):
            terminalreporter.write_line(
                "A refuted claim is a finding of the audit, not a fault of the software."
            )

    def _compared(self, reporter: Any, outcome: Outcome) -> None:
        """One line for every word that is not the expected one."""
        report = self.config.option.expect
        if not outcome.changes:
            reporter.write_line(f"every verdict is that of {report}")
        for change in outcome.changes:
            reporter.write_line(f"not as in {report}: {change.text}", red=change.kind != "unjudged")
        if outcome.left_out:
            reporter.write_line(
                f"{outcome.left_out} cells of {report} were no part of this run and are not compared"
            )
