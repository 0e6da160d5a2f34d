"""Ctrl-C and SIGTERM: every process of the run drops what it trains, and the run ends in seconds."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import pytest

from bnclaims.plugin.state import SESSION, is_worker

# Seconds that xdist waits for its workers, which stop by themselves, before it kills them: its own
# ten are longer than some schedulers leave between SIGTERM and SIGKILL.
WORKERS_END = 1.0


def stop(config: pytest.Config) -> None:
    """Asks every process of the run to drop the trial it trains and to begin no other."""
    audit = config.stash.get(SESSION, None)
    if audit is None or audit.run is None:
        return
    audit.run.stop()
    nodes = getattr(config.pluginmanager.get_plugin("dsession"), "nodemanager", None)
    if nodes is not None:
        nodes.EXIT_TIMEOUT = WORKERS_END


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    # Workers simply die of it: what they had finished is stored, and their leases die with them.
    if (
        SESSION in config.stash
        and not is_worker(config)
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    ):
        signal.signal(signal.SIGTERM, _end)


def pytest_unconfigure() -> None:
    if signal.getsignal(signal.SIGTERM) is _end:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> None:
    # Not pytest.exit(): that is an ordinary exception, which a trainer might take for its own fault.
    raise KeyboardInterrupt("SIGTERM")
