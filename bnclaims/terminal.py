"""What a run shows: header, progress while trials train, the closing table."""

from __future__ import annotations

import io
import platform
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from bnclaims.audit import Audit
from bnclaims.claim import Claim
from bnclaims.errors import BnclaimsError
from bnclaims.expectation import Outcome
from bnclaims.report.words import STYLES
from bnclaims.runners import WorkerStatus
from bnclaims.session import AuditSession
from bnclaims.verdicts import CellJudgement, ClaimJudgement, Verdict

# Seconds between progress lines where the output is a file, and between redraws on a terminal.
LINE_EVERY, DRAW_EVERY = 30.0, 0.5
NAME = "bnclaims-terminal"


def effect_text(judged: CellJudgement) -> str:
    """The effect with its interval, e.g. ``0.82 [0.76, 0.86]``, or a dash."""
    finding = judged.finding
    if finding is None or finding.estimate is None or finding.interval is None:
        return "–"
    low, high = finding.interval
    return f"{finding.estimate:.2f} [{low:.2f}, {high:.2f}]"


def sentence(claim: Claim, judged: CellJudgement) -> str:
    """The finding of one cell as a sentence for people."""
    finding = judged.finding
    what = f": {finding.label} {effect_text(judged)}" if finding is not None else ""
    word = str(judged.verdict).lower()
    scope = "" if judged.primary else ", this cell alone"
    return (
        f"claim ({claim.id}) {word}{scope} on {judged.label}{what}, {judged.seeds} seeds; "
        f"{judged.reason}"
    )


def ticker(config: pytest.Config) -> Callable[[], None]:
    """What the runner calls after each trial: draws progress where this process owns the terminal."""
    plugin = config.pluginmanager.get_plugin(NAME)
    return plugin.draw if plugin is not None else lambda: None


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

    def __init__(self, config: pytest.Config, session: AuditSession) -> None:
        self.config = config
        self.session = session
        self.written: tuple[Path, Audit] | None = None
        self.problem: str | None = None
        self.outcome: Outcome | None = None
        self._started = time.monotonic()
        self._last = 0.0
        self._drawn = False
        self._ending = threading.Event()

    # --- header -------------------------------------------------------------------------------

    def pytest_report_header(self) -> list[str]:
        """Protocol, dataset, device, store and size of the plan."""
        session, option = self.session, self.config.option
        plan = session.plan
        stored = (
            sum(session.store.has(key) for key in plan.all) if session.request.store.exists() else 0
        )
        trainer = f"world {option.world}" if option.world else f"executor {option.executor}"
        return [
            f"bnclaims {version('bnclaims')}: {len(session.claims)} claims, {len(plan.cells)} cells",
            f"protocol: {session.protocol.name} (sha256 {session.protocol.sha256[:12]}), "
            f"dataset: {session.selection.dataset}",
            f"device: {session.selection.device}, {trainer}, store: {option.store}",
            f"plan: {len(plan.first)} trials for the first looks, at most {len(plan.all)}; "
            f"{stored} stored",
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
        text = self._progress(statuses)
        if not live:
            # Not ensure_newline(): it forgets the letters of results that workers send.
            if reporter._tw.width_of_current_line:
                reporter._tw.line()
            reporter.write_line(text)
            return
        width = max(20, reporter._tw.fullwidth - 1)
        self._write(reporter, ("" if self._drawn else "\n") + "\r\x1b[2K" + text[:width])
        self._drawn = True

    def _progress(self, statuses: Sequence[WorkerStatus]) -> str:
        trained = sum(status.trained for status in statuses)
        wanted = {trial.key for status in statuses for trial in status.wanted}
        asked = sum(not self.session.store.has(key) for key in wanted)
        seconds = time.monotonic() - self._started
        rate = trained / seconds
        left = f", about {_duration(asked / rate)} for these" if rate > 0 and asked else ""
        return (
            f"bnclaims: {trained} trials trained in {_duration(seconds)} ({rate:.1f}/s), "
            f"{asked} more asked for{left}"
        )

    def _clear(self) -> None:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if self._drawn and reporter is not None:
            # Back to where pytest left off: it keeps count of the columns it has written.
            column = reporter._tw.width_of_current_line
            self._write(reporter, "\r\x1b[2K\x1b[A\r" + (f"\x1b[{column}C" if column else ""))
            self._drawn = False

    @staticmethod
    def _write(reporter: Any, text: str) -> None:
        reporter._tw._file.write(text)
        reporter._tw._file.flush()

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

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The verdicts, where the report is, and what was damaged in the store."""
        if self.problem is not None:
            terminalreporter.write_line(f"no report was written: {self.problem}", red=True)
        if self.written is None:
            if not self.config.option.collectonly:
                stored = sum(self.session.store.has(key) for key in self.session.plan.all)
                terminalreporter.write_line(
                    f"no claim was judged; {stored} trials are in {self.config.option.store}, and the "
                    "same command goes on from there"
                )
            return
        folder, audit = self.written
        terminalreporter.section("verdicts, as operationalised by the protocol")
        terminalreporter.write(_table(audit, terminalreporter))
        flips = [
            f"{judged.claim.id} ({choices})"
            for judged in audit.claims
            if (choices := _flips(audit, judged))
        ]
        if flips:
            terminalreporter.write_line(
                f"* the word would be another under another choice of: {'; '.join(flips)}"
            )
        if self.outcome is not None:
            self._compared(terminalreporter, self.outcome)
        for file, reason in self.session.store.damaged:
            terminalreporter.write_line(f"set aside: {Path(file).name}: {reason}")
        terminalreporter.write_line(
            f"report: {folder / 'index.html'}   check it: bnclaims verify {folder}"
        )
        if any(claim.verdict is Verdict.REFUTED for claim in audit.claims):
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


def write_report(
    config: pytest.Config,
    session: AuditSession,
    collected: set[tuple[str, str]],
    verdicts: Mapping[tuple[str, str], str],
    statuses: Sequence[WorkerStatus],
) -> None:
    """Judges once more from the store alone, compares with the words the workers gave, writes the report."""
    from bnclaims.report.write import write_report as write
    from bnclaims.sensitivity import with_sensitivity

    terminal = of(config)
    audit = with_sensitivity(
        session.audit(collected, set(verdicts), _environment(), _run(config, session, statuses))
    )
    for claim in audit.claims:
        for cell in claim.cells:
            word = verdicts.get((cell.claim, cell.cell))
            if word is not None and word != cell.verdict:
                raise BnclaimsError(
                    f"cell {cell.cell} of claim {cell.claim}: judged {word} by its worker and "
                    f"{cell.verdict} from the store; run again, and report this as a bug if it persists."
                )
    terminal.written = (write(audit, config.option.report), audit)


def _environment() -> dict[str, str]:
    packages = ("torch", "numpy", "scipy", "pandas", "scikit-learn", "pytest", "bnclaims")
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        **{name: version(name) for name in packages},
    }


def _run(
    config: pytest.Config, session: AuditSession, statuses: Sequence[WorkerStatus]
) -> dict[str, object]:
    option = config.option
    return {
        "executor": f"world {option.world}" if option.world else option.executor,
        "synthetic_world": option.world,
        "selfcheck": "not run: the executor is the reference loop"
        if option.executor == "loop"
        else "not run",
        "workers": len(statuses),
        "trained": sum(status.trained for status in statuses),
        "damaged": [[Path(file).name, reason] for file, reason in session.store.damaged],
    }


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _table(audit: Audit, reporter: Any) -> str:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=True)
    for name, width in (("claim", 19), ("sentence", None), ("verdict", 13)):
        table.add_column(name, width=width, ratio=None if width else 1)
    table.add_column("effect [interval]", width=20, justify="right")
    table.add_column("seeds", width=5, justify="right")
    for judged in audit.claims:
        effect, seeds = _headline(judged)
        verdict = Text(judged.verdict, style=STYLES[judged.verdict])
        if _flips(audit, judged):
            verdict.append("*")
        table.add_row(judged.claim.id, judged.claim.sentence, verdict, effect, seeds)
    console = Console(
        file=io.StringIO(),
        # A log has no width of its own; the sentences want some.
        width=max(80, min(reporter._tw.fullwidth, 120)) if reporter.isatty else 110,
        force_terminal=reporter.hasmarkup,
        no_color=not reporter.hasmarkup,
        highlight=False,
    )
    console.print(table)
    output: io.StringIO = console.file  # type: ignore[assignment]
    return output.getvalue()


def _flips(audit: Audit, judged: ClaimJudgement) -> str:
    """The kinds of choice under which the claim's word would be another."""
    sensitivity = (audit.sensitivity or {}).get(judged.claim.id)
    flips = sensitivity.flips if sensitivity is not None else ()
    return ", ".join(dict.fromkeys(flip.by for flip in flips))


def _headline(judged: ClaimJudgement) -> tuple[str, str]:
    """Effect and seeds of the primary cell; of a replication, in how many cells it holds."""
    if judged.claim.combine == "replication":
        run = [cell for cell in judged.cells if cell.seeds]
        return f"in >= {judged.holds_in} of {len(run)} cells", str(
            max((c.seeds for c in run), default=0)
        )
    cell = next((cell for cell in judged.cells if cell.primary), judged.cells[0])
    return effect_text(cell), str(cell.seeds)
