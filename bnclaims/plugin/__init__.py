"""The pytest plugin: options, the evidence fixture, outcome words, the run and its report.

Load it with ``pytest_plugins = ["bnclaims.plugin"]`` in the root ``conftest.py``, or with
``-p bnclaims.plugin``. It does nothing in runs whose arguments name no claim file.
"""

from __future__ import annotations

_PARTS = ("options", "run", "outcomes", "workers", "interruption")
pytest_plugins = [f"bnclaims.plugin.{part}" for part in _PARTS]
