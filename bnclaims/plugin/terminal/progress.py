"""Progress of a run: counts from the run folder and the store, drawn as a bar or said as a line."""

from __future__ import annotations

import collections
import dataclasses
import io
from collections.abc import Iterable, Sequence

from bnclaims.report.formatting import counted, duration, speed
from bnclaims.store.store import Store
from bnclaims.training.runners import WorkerStatus

# Seconds over which the rate is taken: trials of one claim can be ten times slower than another's.
WINDOW = 60.0
# Trials that it rests on at least, where each takes minutes or hours; and no fewer than workers,
# which finish theirs at nearly the same time.
LEAST = 4
# Trials per second, below which it is said how much of the next one is done.
SLOW = 0.1
# How much of a trial must be done, of each worker's, to tell how long the others will take.
TELLING = 0.05


@dataclasses.dataclass(frozen=True, kw_only=True)
class Progress:
    """Trials trained by the run, trials that it is known to need still, and how fast it goes.

    ``begun`` is how much of open trials is trained, in trials; ``rate`` is in trials per second. A cell
    that is not decided at its look will ask for more.
    """

    trained: int
    open: int
    rate: float
    seconds: float
    begun: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """Time for the open trials at the present rate; None where there is no telling."""
        left = max(0.0, self.open - self.begun)
        return max(1.0, left / self.rate) if self.open and self.rate > 0 else None

    @property
    def _begun(self) -> str:
        # Of trials that take moments nobody wants to know.
        slow = self.begun and (self.rate == 0 or self.rate < SLOW)
        return f" and {self.begun:.1f} of the next" if slow else ""

    def line(self) -> str:
        """The state as a sentence, for a log."""
        left = self.seconds_left
        about = f", about {duration(left)} left for these" if left is not None else ""
        pace = f" ({speed(self.rate)})" if self.rate > 0 else ""
        trained = f"{counted(self.trained, 'trial')}{self._begun} trained"
        return (
            f"bnclaims: {trained} in {duration(self.seconds)}{pace}, "
            f"at least {self.open} to go{about}"
        )

    def bar(self, width: int, *, colour: bool, encoding: str = "utf-8") -> str:
        """The state as one line of ``width`` columns at most: a bar, counts, rate, time left.

        Another ``encoding`` than UTF-8 gets a bar of ASCII characters.
        """
        from rich.console import Console
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        left = self.seconds_left
        total = self.trained + self.open
        row = Table.grid(padding=(0, 1))
        row.add_row(
            "bnclaims",
            ProgressBar(
                # Of nothing, rich would draw a full bar.
                total=max(total, 1),
                completed=self.trained + self.begun,
                width=max(10, width // 4),
                # Not its red, which is the colour of REFUTED here.
                complete_style="cyan",
                finished_style="cyan",
            ),
            f"{self.trained}/{total} trials{self._begun}",
            speed(self.rate) if self.rate > 0 else "",
            f"{duration(left)} left" if left is not None else "",
        )
        output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        console = Console(
            file=output,
            width=width,
            force_terminal=colour,
            no_color=not colour,
            color_system="standard" if colour else None,
            highlight=False,
            legacy_windows=False,
        )
        console.print(row, no_wrap=True, overflow="crop", end="")
        output.seek(0)
        return output.read().splitlines()[0]


class Counter:
    """Follows a run; ``first`` are the keys that the first looks of its cells will need."""

    def __init__(self, store: Store, first: Iterable[str], *, started: float) -> None:
        self._store = store
        self._first = set(first)
        self._started = started
        self._seen: collections.deque[tuple[float, float]] = collections.deque([(started, 0.0)])

    def read(self, statuses: Sequence[WorkerStatus], now: float) -> Progress:
        """The state at the time ``now``, from what the processes of the run said last."""
        trained = sum(status.trained for status in statuses)
        # A stored trial stays stored: it need not be looked up again.
        self._first = {key for key in self._first if not self._store.has(key)}
        wanted = {trial.key for status in statuses for trial in status.wanted} - self._first
        still = len(self._first) + sum(not self._store.has(key) for key in wanted)
        begun = sum(status.share for status in statuses)
        if trained > self._seen[-1][1]:
            self._seen.append((now, trained))
        # The first trial's time is mostly that of starting processes.
        while len(self._seen) > 1 and self._seen[0][1] == 0:
            self._seen.popleft()
        workers = max(1, len(statuses))
        enough = max(LEAST, workers)
        while (
            len(self._seen) > 1
            and trained - self._seen[1][1] >= enough
            and now - self._seen[1][0] >= WINDOW
        ):
            self._seen.popleft()
        then, before = self._seen[0]
        rate = (trained - before) / (now - then) if trained - before >= workers else 0.0
        if not rate and begun >= TELLING * workers:
            # Minutes may pass before the first trial is done.
            rate = (trained + begun) / (now - self._started)
        return Progress(
            trained=trained, open=still, rate=rate, seconds=now - self._started, begun=begun
        )
