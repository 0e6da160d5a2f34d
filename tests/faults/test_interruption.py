"""Ctrl-C and SIGTERM: the run ends within seconds, says what is stored, and goes on from there."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bnclaims.store.store import Store
from fixtures.faults import Project, all_gone, children, content, ended, patience

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="children are found in /proc")

# Far beyond the end of the test: what is being trained has to be dropped.
LONG = 600.0
ENDS_WITHIN = 5.0


# A terminal sends Ctrl-C to every process of the run, a scheduler SIGTERM to one at least.
SIGNALS = {"Ctrl-C": (signal.SIGINT, os.killpg), "SIGTERM": (signal.SIGTERM, os.kill)}


def interrupt(project: Project, workers: int, name: str) -> float:
    """Interrupts a run in the middle of its trials; seconds until none of its processes is left."""
    number, send = SIGNALS[name]
    option = project.add_plugin("slower", SLOWER)
    with ended(project.start(f"-n{workers}", option)) as process:
        project.await_trainings(11, process)
        time.sleep(0.5)
        running = [process.pid, *children(process.pid)]
        started = time.monotonic()
        send(process.pid, number)
        status = process.wait(timeout=patience(60))
        seconds = time.monotonic() - started
        assert all_gone(running, patience(ENDS_WITHIN)), "a process outlives the run"
    assert status == pytest.ExitCode.INTERRUPTED, project.output()
    return seconds


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("name", SIGNALS)
def test_an_interrupted_run_drops_what_it_trains_and_says_what_is_stored(
    project: Project, undisturbed: dict[str, object], workers: int, name: str
) -> None:
    assert interrupt(project, workers, name) < patience(ENDS_WITHIN), project.output()
    told = re.search(
        r"(\d+) trials? (?:is|are) in \S+, and the same command goes on", project.output()
    )
    assert told is not None, project.output()
    # The other process may have begun the eleventh before the tenth ended.
    assert int(told[1]) == len(Store.open(project.store).keys()) >= 9
    assert not list((project.store / "leases").glob("*.lease"))
    assert not list((project.store / "runs").iterdir())
    assert project.run() == pytest.ExitCode.TESTS_FAILED, project.output()
    project.assert_sound(lost=max(1, workers))
    assert content(project.report) == undisturbed


@pytest.mark.long
def test_interrupted_runs_end_within_seconds(tmp_path: Path, measured: Callable[..., None]) -> None:
    load = os.getloadavg()[0]
    seconds = {
        f"{name}, {workers or 'no'} workers": [
            interrupt(Project(tmp_path / f"{name}-{workers}-{number}"), workers, name)
            for number in range(5)
        ]
        for name in SIGNALS
        for workers in (0, 2)
    }
    assert max(map(max, seconds.values())) < patience(ENDS_WITHIN), seconds
    longest = {
        f"longest of 5 in seconds: {what}": round(max(each), 1) for what, each in seconds.items()
    }
    measured(**longest, load_per_core=round(load / (os.cpu_count() or 1), 1))


# Ten trials of the run take no time, the others are without end.
SLOWER = f"""
import time
from pathlib import Path
from bnclaims.training import synthetic

made = synthetic.trainer


def trainer(name):
    train = made(name)

    def slower(trial):
        record = train(trial)
        if len(Path("trainings.log").read_text().splitlines()) > 10:
            time.sleep({LONG})
        return record

    return slower


synthetic.trainer = trainer
"""


# Python and libraries drop what is raised while they clean up.
SWALLOWED = """
import os, signal, time
from bnclaims.training import synthetic

made = synthetic.trainer
count = 0


class Cleaner:
    def __del__(self):
        os.kill(os.getpid(), {sent})
        time.sleep(0.01)


def trainer(name):
    train = made(name)

    def interrupted(trial):
        global count
        count += 1
        if count == 5:
            Cleaner()
        return train(trial)

    return interrupted


synthetic.trainer = trainer
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_whose_exception_is_lost_ends_the_run_all_the_same(
    project: Project, sent: int
) -> None:
    swallowed = project.add_plugin("swallowed", SWALLOWED.format(sent=int(sent)))
    assert project.run(swallowed) == pytest.ExitCode.INTERRUPTED, project.output()
    stored = len(Store.open(project.store).keys())
    assert 4 <= stored <= 5
    assert f"{stored} trials are in" in project.output()


def test_a_second_run_may_start_at_once_and_does_not_wait_for_leases(project: Project) -> None:
    project.trial_seconds = LONG
    with ended(project.start("-n2")) as process:
        project.await_trainings(2, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    project.trial_seconds = 0.0
    assert len(list((project.store / "leases").glob("*.lease"))) == 2
    assert project.run() == pytest.ExitCode.TESTS_FAILED, project.output()
    project.assert_sound(lost=2)
