"""Progress while trials train: a status line on a terminal, a plain line every so often elsewhere."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from bnclaims.plugin.terminal.progress import Counter
from bnclaims.run.session import AuditSession

# Seconds between progress lines where the output is a file, and between redraws on a terminal.
LINE_EVERY, DRAW_EVERY = 30.0, 0.5
NAME = "bnclaims-live"


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


class Live:
    """The progress of a run, in the process that owns the terminal.

    Everything is drawn on the main thread: by the trials themselves, or, when workers train, by
    ticks that a thread puts into the queue that xdist's controller waits on.
    """

    def __init__(self, config: pytest.Config, session: AuditSession) -> None:
        self._config = config
        self._session = session
        self._started = time.monotonic()
        self._last = 0.0
        self._drawn = False
        self._ending = threading.Event()
        self._counter: Counter | None = None

    @property
    def minutes(self) -> float:
        """Minutes since the run began."""
        return round((time.monotonic() - self._started) / 60, 1)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Has xdist's controller draw, which waits for its workers all the time."""
        controller = self._config.pluginmanager.get_plugin("dsession")
        if controller is None or self._session.run is None:
            return
        # No hook of xdist is called while it waits. Its queue and the form of an event are no
        # documented interface; a thread that drew by itself would write between the parts of a line.
        events: queue.Queue[tuple[str, dict[str, object]]] = controller.queue
        controller.worker_bnclaims_tick = self.draw

        def tick() -> None:
            while not self._ending.wait(DRAW_EVERY):
                events.put(("bnclaims_tick", {}))

        threading.Thread(target=tick, name="bnclaims-ticks", daemon=True).start()

    def draw(self) -> None:
        """Progress, if it is time for it: a status line on a terminal, a plain line elsewhere."""
        reporter, run, now = self._reporter(), self._session.run, time.monotonic()
        every = DRAW_EVERY if reporter is not None and reporter.isatty else LINE_EVERY
        if reporter is None or run is None or now - max(self._last, self._started) < every:
            return
        self._last = now
        statuses = run.statuses()
        if not statuses:
            # Nobody trains yet, and the lines that xdist rewrites while it starts are its own.
            return
        progress = self._counted().read(statuses, now)
        if not reporter.isatty:
            self._line(progress.line())
            return
        width = max(20, self._config.get_terminal_writer().fullwidth - 1)
        # Not of sys.stdout, which is pytest's while a test runs.
        encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
        self._status(progress.bar(width, colour=reporter.hasmarkup, encoding=encoding))

    def say(self, doing: str) -> None:
        """What the run does now that all has been trained: a status, or a line in a log."""
        reporter = self._reporter()
        if reporter is None:
            return
        if reporter.isatty:
            self._status(f"bnclaims: {doing}")
        else:
            self._line(f"bnclaims: {doing}")

    def clear(self) -> None:
        """Takes the status line away, before anything else is written."""
        if self._drawn:
            # Back to where pytest left off: it keeps count of the columns it has written.
            column = self._config.get_terminal_writer().width_of_current_line
            self._write("\r\x1b[2K\x1b[A\r" + (f"\x1b[{column}C" if column else ""))
            self._drawn = False

    def _status(self, text: str) -> None:
        self._write(("" if self._drawn else "\n") + "\r\x1b[2K" + text)
        self._drawn = True

    def _line(self, text: str) -> None:
        writer = self._config.get_terminal_writer()
        with self._uncaptured():
            # Not ensure_newline(): it forgets the letters of results that workers send.
            if writer.width_of_current_line:
                writer.line()
            writer.line(text)
            writer.flush()

    def _write(self, text: str) -> None:
        with self._uncaptured():
            # Raw: pytest is not to count these columns as its own.
            self._config.get_terminal_writer().write_raw(text, flush=True)

    def _uncaptured(self) -> AbstractContextManager[None]:
        """Lets through what is written while a test runs, which pytest would keep for its report."""
        capture = self._config.pluginmanager.get_plugin("capturemanager")
        return nullcontext() if capture is None else capture.global_and_fixture_disabled()

    def _reporter(self) -> Any:
        """Pytest's reporter; None where the run is quiet, or pytest goes without one."""
        quiet = self._config.option.verbose < 0
        return None if quiet else self._config.pluginmanager.get_plugin("terminalreporter")

    def _counted(self) -> Counter:
        """What follows the run, made once the cells that it collected are known."""
        if self._counter is None:
            session = self._session
            cells = session.run.cells() if session.run is not None else set()
            keys = [trial.key for trial in session.design.first_looks(cells)]
            self._counter = Counter(session.store, keys, started=self._started)
        return self._counter

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        """Makes room for the line of a test."""
        self.clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self) -> None:
        """Makes room for the letter of a test."""
        self.clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Ends the ticks."""
        self._ending.set()
        self.clear()
