"""State that the parts of the plugin share: the audit of a run, and which process this is."""

from __future__ import annotations

import pytest

from bnclaims.plugin.junit import Junit
from bnclaims.protocol.cells import Cell
from bnclaims.run.session import AuditSession

SESSION = pytest.StashKey[AuditSession]()
JUNIT = pytest.StashKey[Junit]()
# Whether somebody asked this process to end.
INTERRUPTED = pytest.StashKey[bool]()
# How often somebody did so after the tests had ended.
LATE = pytest.StashKey[int]()

# Options of pytest that tell of tests and run none.
_TELLING = (
    "collectonly",
    "setuponly",
    "setupplan",
    "showfixtures",
    "show_fixtures_per_test",
    "markers",
    "cacheshow",
)


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


def judges_nothing(config: pytest.Config) -> bool:
    """Whether the run only tells what it would do, so that store and report stay as they are."""
    return any(config.getoption(name, None) for name in _TELLING)


def cell_of(item: pytest.Function) -> Cell:
    """The cell that an item judges."""
    cell = item.callspec.params["evidence"]
    assert isinstance(cell, Cell)
    return cell
