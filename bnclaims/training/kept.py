"""Things that are expensive to make and asked for again, kept up to a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Kept(Generic[Thing]):
    """The things that were asked for last, as many as ``most`` bytes hold, and always the last one.

    ``size`` tells the bytes of a thing.
    """

    def __init__(self, most: int, size: Callable[[Thing], int]) -> None:
        self._most = most
        self._size = size
        self._things: OrderedDict[Hashable, tuple[Thing, int]] = OrderedDict()
        self._held = 0

    def get(self, key: Hashable, make: Callable[[], Thing]) -> Thing:
        """The thing of this key, made if it is not kept."""
        if key not in self._things:
            thing = make()
            self._things[key] = thing, self._size(thing)
            self._held += self._things[key][1]
            while self._held > self._most and len(self._things) > 1:
                _, (_, size) = self._things.popitem(last=False)
                self._held -= size
        self._things.move_to_end(key)
        return self._things[key][0]
