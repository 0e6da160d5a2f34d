"""Workers of pytest-xdist: how they are started, and what becomes of the work of one that is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bnclaims.plugin.state import SESSION
from bnclaims.training.runners.device_lock import visible_devices

# How often the cell of a crashed worker is given to another before the run gives up on it.
CRASHES_FORGIVEN = 2
# Options that the controller has decided, once for all processes: the night a run began in, the
# cells that a budget left.
DECIDED = ("protocol", "budget", "night")
CRASHES = pytest.StashKey[dict[str, int]]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[Any]) -> None:
    if SESSION not in config.stash:
        return
    devices = visible_devices() if config.option.gpu else []
    for index, spec in enumerate(specs):
        # Here, and not in conftest: libraries read these when the interpreter loads them, and a
        # replacement for a crashed worker is started from the same spec.
        spec.env.setdefault("OMP_NUM_THREADS", "1")
        spec.env.setdefault("MKL_NUM_THREADS", "1")
        if devices:
            spec.env["CUDA_VISIBLE_DEVICES"] = devices[index % len(devices)]


def at_once(config: pytest.Config) -> int:
    """How many trials a run trains at the same time: workers or actors, or GPUs if those are fewer.

    One process trains on each GPU, however many workers judge.
    """
    option = config.option
    if option.runner == "ray":
        return int(option.ray_actors or 1)
    counts = [spec.partition("*")[0] for spec in getattr(option, "tx", None) or ["1"]]
    workers = sum(int(count) if count.isdecimal() else 1 for count in counts)
    return max(1, min(workers, len(visible_devices()))) if option.gpu else workers


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    audit = node.config.stash.get(SESSION, None)
    if audit is not None and audit.run is not None:
        node.workerinput["bnclaims_run"] = str(audit.run.path.resolve())
        # A worker parses the command line anew: what the controller made of it is handed on.
        decided = {name: getattr(audit.request, name) for name in DECIDED}
        node.workerinput["bnclaims_options"] = decided


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(crashitem: str, report: pytest.TestReport, sched: Any) -> None:
    config = sched.config
    audit = config.stash.get(SESSION, None)
    if audit is None:
        return
    crashes = config.stash.setdefault(CRASHES, {})
    crashes[crashitem] = crashes.get(crashitem, 0) + 1
    if crashes[crashitem] <= CRASHES_FORGIVEN:
        # What the lost worker had finished is in the store; another takes the cell from there.
        sched.mark_test_pending(crashitem)
        report.outcome = "passed"
        report.when = "crash"  # type: ignore[assignment]
