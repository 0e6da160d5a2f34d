"""What every test needs: shared fixtures, a cache of its own, and properties without a deadline."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest import pytester as pytester_module
from _pytest.pytester import SysModulesSnapshot

from fixtures.browser import chromium
from fixtures.faults import measured, project, undisturbed
from fixtures.installed import installed, wheel
from fixtures.projects import report_folder, small_audit

# Fixtures of this folder.
__all__ = [
    "chromium",
    "installed",
    "measured",
    "project",
    "report_folder",
    "small_audit",
    "undisturbed",
    "wheel",
]

# pytest loads this file for a mistyped path, too, where a user of the audit need not have Hypothesis.
with contextlib.suppress(ModuleNotFoundError):
    from hypothesis import settings

    settings.register_profile("busy machines", deadline=None)
    settings.load_profile("busy machines")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Callable[..., Any]) -> Any:
    """Neighbours on one worker, so that what a module prepares is prepared once and not by every worker.

    The claims' own way, one item at a time, is for items of minutes.
    """
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getoption("dist") == "load" else None


# Reports and fractions are many small objects: at its usual pace the collector takes a tenth of the time.
gc.set_threshold(100_000, 50, 50)


def kept(name: str) -> bool:
    """Whether a module stays when pytester forgets what an audit in this process has imported.

    Numerical libraries do not bear a second import. What a test wrote itself is forgotten.
    """
    return name.partition(".")[0] in INSTALLED


INSTALLED = {
    "bnclaims",
    *sys.stdlib_module_names,
    *(path.stem for path in Path(sysconfig.get_path("purelib")).iterdir()),
}
pytester_module.SysModulesSnapshot = lambda **_: SysModulesSnapshot(preserve=kept)  # type: ignore

# Folders whose tests train next to nothing and start no process: what to run after every change.
FAST = ("stats", "protocol", "store", "audit/evidence", "audit/statements", "audit/beside")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that run while one works: ``pytest tests -m fast``."""
    here = Path(__file__).parent
    for item in items:
        if not item.path.is_relative_to(here) or item.get_closest_marker("long"):
            continue
        if item.path.relative_to(here).as_posix().startswith(FAST):
            item.add_marker(pytest.mark.fast)


# Plugins that tests install and no audit needs: a third of the start of one.
NOT_NEEDED = "-p no:hypothesispytest -p no:anyio"


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither use nor fill the cache of the user who runs them; the audits that they start find
    the plugins of ``fixtures`` and load none that they do not need; nor does anything here wait for a
    disk, since no test takes the power away."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BNCLAIMS_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("PYTEST_ADDOPTS", NOT_NEEDED)
        patch.setattr(os, "fsync", lambda file: None)
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)
        yield
