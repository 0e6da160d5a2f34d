"""The guard against slow-downs: it sees them, and there is none."""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
# Other tests load the machine and this one must never fail for that: only what has become several
# times slower is named here. `python benchmarks/guard.py` is stricter.
LENIENT = 3.0


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("guard")


def busy(seconds: float) -> Callable[[], None]:
    def work() -> None:
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass

    return work


def test_a_work_that_has_become_twice_as_slow_is_named(guard: Any, tmp_path: Path) -> None:
    pair = guard.Pair(make=lambda folder: (busy(0.02), busy(0.01)), factor=1.5)
    measured = {"a / b": guard.ratio(pair, 3, tmp_path)}
    (said,) = guard.slower(measured, {"a / b": 1.0}, {"a / b": pair.factor})
    assert said.startswith("a / b: ") and "was 1" in said
    assert guard.slower(measured, {"a / b": 2.0}, {"a / b": pair.factor}) == []


def test_the_least_time_counts_so_that_a_busy_moment_does_not(guard: Any, tmp_path: Path) -> None:
    slow_first = iter([0.05, 0.01, 0.01])
    pair = guard.Pair(
        make=lambda folder: (lambda: busy(next(slow_first))(), busy(0.01)), factor=1.5
    )
    assert guard.ratio(pair, 3, tmp_path) == pytest.approx(1, abs=0.3)


def test_every_pair_has_a_known_ratio(guard: Any) -> None:
    assert json.loads(guard.RATIOS.read_text("utf-8")).keys() == guard.PAIRS.keys()


@pytest.mark.parametrize(
    "name",
    [
        "loop / plain eager loop, 8 px",
        "lease and write a record / write a file",
        "test of a verdict / sums of fractions",
    ],
)
def test_nothing_is_several_times_slower_than_it_was(guard: Any, tmp_path: Path, name: str) -> None:
    known = json.loads(guard.RATIOS.read_text("utf-8"))
    measured = {name: guard.ratio(guard.PAIRS[name], 3, tmp_path)}
    assert guard.slower(measured, known, {name: LENIENT}) == []
