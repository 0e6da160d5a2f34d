"""A watch over training: it ends what takes too long, and what nobody wants any more."""

from __future__ import annotations

import _thread
import contextlib
import dataclasses
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

# Seconds between two looks at a training, and between an interruption and the next attempt at it.
POLL: Final = 0.25
INSIST: Final = 1.0
# Seconds that a training which took too long may take to react, before its process is ended.
GRACE: Final = 10.0
# The exit status of a process that its watch has ended ("internal software error").
EXIT_STATUS: Final = 70


class Interruption(BaseException):
    """A training was interrupted; no ``Exception``, so that a trainer does not take it for a fault."""


class TookTooLong(Interruption):
    """The training exceeded the limit of its watch."""


class Unwanted(Interruption):
    """Nobody wants the result any more: the run was stopped, or its controller is gone."""


@dataclasses.dataclass
class _Training:
    """A training under watch; ``reason`` and the times are the watch's own notes."""

    since: float
    on_main_thread: bool
    last_words: Callable[[], None]
    reason: type[Interruption] | None = None
    first: float = 0.0
    last: float = 0.0


class Watch:
    """Interrupts a training that exceeds ``limit`` seconds, or as soon as ``unwanted()`` says so.

    A daemon thread looks after it. It interrupts the main thread by a signal, as Ctrl-C would, which
    leaves Python code and waiting system calls at once, but with an `Interruption`. Code that is
    stuck outside Python for `GRACE` seconds after the limit can only be ended with its process; so
    can code on another thread. Code that never lets another thread run is beyond it.
    """

    def __init__(self, *, limit: float | None, unwanted: Callable[[], bool]) -> None:
        self._limit = limit
        self._unwanted = unwanted
        self._training: _Training | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def over(self, last_words: Callable[[], None]) -> Iterator[None]:
        """A context to train in; ``last_words`` is called if the process has to be ended."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="training watch", daemon=True)
            self._thread.start()
        main = threading.current_thread() is threading.main_thread()
        training = _Training(time.monotonic(), main, last_words)
        inside = False

        def on_signal(number: int, frame: FrameType | None) -> None:
            if training.reason is not None:
                # One that comes late must not spoil what was trained in time.
                if inside:
                    raise training.reason
            elif callable(previous):
                previous(number, frame)

        previous = signal.signal(signal.SIGINT, on_signal) if main else None
        self._training = training
        try:
            try:
                inside = True
                yield
            finally:
                inside = False
        finally:
            with self._lock:
                self._training = None
            # No signal is sent from here on, and Python delivers earlier ones before this call.
            if main:
                signal.signal(signal.SIGINT, previous)

    def close(self) -> None:
        """Ends the thread."""
        self._closing.set()

    def _look(self) -> None:
        while not self._closing.wait(POLL):
            if self._training is None:
                continue
            unwanted = self._unwanted()
            with self._lock:
                if self._training is not None:
                    self._judge(self._training, time.monotonic(), unwanted)

    def _judge(self, training: _Training, now: float, unwanted: bool) -> None:
        if training.reason is None:
            if self._limit is not None and now - training.since > self._limit:
                training.reason, training.first = TookTooLong, now
            elif unwanted:
                training.reason, training.first = Unwanted, now
            else:
                return
        elif training.reason is TookTooLong and now - training.first > GRACE:
            training.last_words()
            os._exit(EXIT_STATUS)
        if training.on_main_thread and now - training.last > INSIST:
            training.last = now
            _interrupt_main_thread()


def _interrupt_main_thread() -> None:
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        # A signal to the thread itself ends its waiting system calls, too.
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main(signal.SIGINT)
