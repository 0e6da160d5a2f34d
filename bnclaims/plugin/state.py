"""What the parts of the plugin share: the audit of a run, and which process this is."""

from __future__ import annotations

import pytest

from bnclaims.protocol.cells import Cell
from bnclaims.run.session import AuditSession

SESSION = pytest.StashKey[AuditSession]()
# Whether somebody asked this process to end.
INTERRUPTED = pytest.StashKey[bool]()


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


def cell_of(item: pytest.Function) -> Cell:
    """The cell that an item judges."""
    cell = item.callspec.params["evidence"]
    assert isinstance(cell, Cell)
    return cell
