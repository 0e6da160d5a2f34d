"""Work spread over processes that are started afresh."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any


@contextlib.contextmanager
def mapped(
    jobs: int,
    *,
    initializer: Callable[..., object],
    arguments: tuple[Any, ...] = (),
    chunk: int = 1,
    apart: bool = False,
) -> Iterator[Callable[..., Iterator[Any]]]:
    """A ``map`` over ``jobs`` processes, each prepared by ``initializer(*arguments)``.

    With one job it is this process, unprepared, unless the work is to be done ``apart``. ``chunk``
    items are handed over at a time. What is still waiting when the context is left is not begun.
    """
    if jobs == 1 and not apart:
        yield map
        return
    # Not forked: the parent has threads.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=initializer, initargs=arguments)
    try:
        yield partial(pool.map, chunksize=chunk)
    finally:
        pool.shutdown(cancel_futures=True)
