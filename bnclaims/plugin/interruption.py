"""Ctrl-C and SIGTERM: every process of the run drops what it trains, and the run ends in seconds."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from types import FrameType
from typing import Any

import pytest

from bnclaims.plugin.state import INTERRUPTED, LATE, SESSION, is_worker

# Seconds that xdist waits for its workers, which stop by themselves, before it kills them: its own
# ten are longer than some schedulers leave between SIGTERM and SIGKILL.
WORKERS_END = 1.0
# After the tests pytest guards nothing: a signal is noted there, and what comes next looks. This many
# are, so that an end that hangs can be left.
NOTED = 3


def stop(config: pytest.Config) -> None:
    """Asks every process of the run to drop the trial it trains and to begin no other."""
    audit = config.stash.get(SESSION, None)
    if audit is None or audit.run is None:
        return
    audit.run.stop()
    # xdist has no hook and no option for this.
    nodes = getattr(config.pluginmanager.get_plugin("dsession"), "nodemanager", None)
    if nodes is not None:
        nodes.EXIT_TIMEOUT = WORKERS_END


@contextlib.contextmanager
def interruptible(config: pytest.Config) -> Iterator[None]:
    """A context after the tests that a signal leaves by `KeyboardInterrupt`; at once after a late one."""
    late = config.stash.get(LATE, 0)
    if late:
        raise KeyboardInterrupt
    with contextlib.suppress(KeyError):
        del config.stash[LATE]
    try:
        yield
    finally:
        config.stash[LATE] = config.stash.get(LATE, 0)


class _Handler:
    """What a signal does: it leaves a note, asks the processes of the run to stop, and raises.

    What it raises is lost where a library calls Python and drops its exceptions, such as in a
    ``__del__``. The note is not.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def __call__(self, number: int, frame: FrameType | None) -> None:
        stash = self._config.stash
        stash[INTERRUPTED] = True
        stop(self._config)
        if stash.get(LATE, NOTED) < NOTED:
            stash[LATE] += 1
            return
        # Not pytest.exit(): an ordinary exception, which a trainer might take for its own fault.
        raise KeyboardInterrupt(signal.Signals(number).name)


# The signals, and what Python does about them where nobody has asked for anything else.
_DEFAULTS: dict[signal.Signals, Callable[[int, FrameType | None], Any] | signal.Handlers] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    # Workers simply die of it: what they had finished is stored, and their leases die with them.
    if (
        SESSION not in config.stash
        or is_worker(config)
        or threading.current_thread() is not threading.main_thread()
    ):
        return
    for number, default in _DEFAULTS.items():
        if signal.getsignal(number) is default:
            signal.signal(number, _Handler(config))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    try:
        return (yield)
    finally:
        session.config.stash[LATE] = 0


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    # Also after a run that never came to its tests.
    session.config.stash.setdefault(LATE, 0)


def pytest_unconfigure() -> None:
    for number, default in _DEFAULTS.items():
        if isinstance(signal.getsignal(number), _Handler):
            signal.signal(number, default)
