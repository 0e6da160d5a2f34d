"""Workers of pytest-xdist: how they are started, and what becomes of the work of one that is lost."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from typing import Any

import pytest

from bnclaims.plugin.state import SESSION

# How often the cell of a crashed worker is given to another before the run gives up on it.
CRASHES_FORGIVEN = 2
CRASHES = pytest.StashKey[dict[str, int]]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[Any]) -> None:
    if SESSION not in config.stash:
        return
    devices = _visible_devices() if config.option.gpu else []
    for index, spec in enumerate(specs):
        # Here, and not in conftest: libraries read these when the interpreter loads them, and a
        # replacement for a crashed worker is started from the same spec.
        spec.env.setdefault("OMP_NUM_THREADS", "1")
        spec.env.setdefault("MKL_NUM_THREADS", "1")
        if devices:
            spec.env["CUDA_VISIBLE_DEVICES"] = devices[index % len(devices)]


def _visible_devices() -> list[str]:
    """The CUDA devices of the caller's own list, UUIDs included, or all that torch sees."""
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed is not None:
        names = [name.strip() for name in listed.split(",") if name.strip()]
        # What follows an impossible device is hidden, too: that is how CUDA reads the list.
        return list(itertools.takewhile(lambda name: not name.startswith("-"), names))
    import torch

    return [str(index) for index in range(torch.cuda.device_count())]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    audit = node.config.stash.get(SESSION, None)
    if audit is not None and audit.run is not None:
        node.workerinput["bnclaims_run"] = str(audit.run.path.resolve())


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
