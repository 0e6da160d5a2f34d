"""How far the trial at hand is: told by what trains it, heard by who runs it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

# Called with the share of the training that is done, above 0 and at most 1.
Listener = Callable[[float], None]

_listeners: list[Listener] = []


@contextlib.contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """A context in which a listener is told how far training is; it must not raise."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.pop()


def tell(share: float) -> None:
    """Tells the innermost listener, if there is one."""
    if _listeners:
        _listeners[-1](share)
