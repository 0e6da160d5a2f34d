"""Whole audits on disks that are full, read-only, slow, shared or of another time."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from bnclaims.store.store import Store
from fixtures.disks import mounted, remounted
from fixtures.faults import Project, content, ended, patience


@pytest.fixture
def disk(tmp_path: Path):
    """A disk of 300 KiB, less than the small audit needs."""
    folder = tmp_path / "disk"
    mounted(folder, "160k")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_ends_the_run_and_more_space_goes_on(
    tmp_path: Path, disk: Path, undisturbed: dict[str, object]
) -> None:
    project = Project(tmp_path / "project", store_folder=disk / "store")
    assert project.run("-n2") == pytest.ExitCode.TESTS_FAILED
    assert "the disk is full; the records already there are whole" in project.output()
    assert "Traceback" not in project.output() and "INTERNALERROR" not in project.output()
    stored = Store.open(project.store).keys()
    assert stored
    begun = len(project.trainings())
    remounted(disk, "size=30m")
    assert project.run("-n2") == pytest.ExitCode.TESTS_FAILED, project.output()
    project.assert_sound(lost=begun - len(stored))
    assert content(project.report) == undisturbed


def test_a_read_only_store_is_refused_before_anything_is_trained(
    tmp_path: Path, disk: Path, undisturbed: dict[str, object]
) -> None:
    project = Project(tmp_path / "project", store_folder=disk / "store")
    Store.open(project.store)
    remounted(disk, "ro")
    assert project.run() == pytest.ExitCode.USAGE_ERROR
    lines = [line for line in project.output().splitlines() if line]
    assert len(lines) == 1 and "read-only" in lines[0] and "--store=DIR" in lines[0]
    assert project.trainings() == []
    remounted(disk, "rw,size=30m")
    assert project.run() == pytest.ExitCode.TESTS_FAILED, project.output()
    assert content(project.report) == undisturbed


def test_a_report_that_cannot_be_written_is_named_and_costs_no_trial(
    tmp_path: Path, disk: Path, undisturbed: dict[str, object]
) -> None:
    project = Project(tmp_path / "project")
    remounted(disk, "size=16k")
    assert project.run(f"--report={disk / 'report'}") == pytest.ExitCode.INTERNAL_ERROR
    assert "no report was written: --report" in project.output()
    assert "Traceback" not in project.output()
    assert project.run() == pytest.ExitCode.TESTS_FAILED
    project.assert_sound(lost=0)
    assert content(project.report) == undisturbed


@pytest.mark.parametrize("name", ["report", "new/report"])
def test_a_report_on_a_read_only_disk_is_refused_before_anything_is_trained(
    tmp_path: Path, disk: Path, name: str
) -> None:
    project = Project(tmp_path / "project")
    (disk / "report").mkdir()
    remounted(disk, "ro")
    assert project.run(f"--report={disk / name}") == pytest.ExitCode.USAGE_ERROR
    (line,) = filter(None, project.output().splitlines())
    assert f"--report {disk / name}: " in line and "read-only" in line and "--report=DIR" in line
    assert project.trainings() == []


def test_two_runs_on_one_store_share_the_work(
    project: Project, undisturbed: dict[str, object]
) -> None:
    project.trial_seconds = 0.1
    other = project.folder / "other"
    with ended(project.start("-n2")) as one, ended(project.start(f"--report={other}")) as two:
        assert one.wait(timeout=patience(120)) == pytest.ExitCode.TESTS_FAILED
        assert two.wait(timeout=patience(120)) == pytest.ExitCode.TESTS_FAILED
    project.assert_sound(lost=0)
    assert content(project.report) == content(other) == undisturbed


# A disk as a network shows it: every call takes a while, a name that another process has made is
# seen late, the first reading of a file may fail because it was replaced, and a reply may be lost,
# so that a name which was given is said to be taken.
NETWORK = """
import builtins, errno, os, pathlib, random, time

chance = random.Random(os.getpid())
born = {}
LATE = 0.3


def is_shared(path):
    return isinstance(path, (str, os.PathLike)) and "/store/" in os.fspath(path) + "/"


def slow(call):
    def delayed(path, *more, **options):
        if is_shared(path):
            time.sleep(chance.uniform(0, 0.004))
        return call(path, *more, **options)
    return delayed


def fresh(path):
    try:
        made = real_stat(path).st_mtime
    except OSError:
        return False
    return os.fspath(path) not in born and time.time() - made < LATE


real_stat, real_exists, real_listdir = os.stat, os.path.exists, os.listdir
real_link, real_rename, real_replace, real_open = os.link, os.rename, os.replace, builtins.open


def exists(path):
    if is_shared(path) and str(path).endswith(".trial") and fresh(path):
        return False
    return real_exists(path)


def listdir(path="."):
    names = real_listdir(path)
    if is_shared(path) and "/trials" in str(path):
        names = [n for n in names if not fresh(os.path.join(path, n))]
    return names


def link(source, target, **options):
    real_link(source, target, **options)
    born[os.fspath(target)] = True
    if is_shared(target) and chance.random() < 0.1:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(source))


def opened(file, *more, **options):
    if is_shared(file) and str(file).endswith((".lease", ".trial")) and chance.random() < 0.05:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(file))
    return real_open(file, *more, **options)


os.path.exists, os.listdir, os.link = slow(exists), slow(listdir), slow(link)
os.rename, os.replace, builtins.open = slow(real_rename), slow(real_replace), slow(opened)
"""


def test_a_slow_and_forgetful_network_disk_costs_time_and_nothing_else(
    project: Project, undisturbed: dict[str, object]
) -> None:
    network = project.add_plugin("network", NETWORK)
    assert project.run("-n3", network) == pytest.ExitCode.TESTS_FAILED, project.output()
    assert content(project.report) == undisturbed
    store = Store.open(project.store)
    keys = store.keys()
    assert keys and all(store.read(key) is not None for key in keys)
    # What was seen late may have been trained twice: harmless, and found to be the same.
    assert store.disagreements() == [] and store.damaged == []


def test_a_clock_that_is_off_by_years_changes_nothing(
    project: Project, undisturbed: dict[str, object]
) -> None:
    # The wall clock of every process is its own, and jumps.
    clock = project.add_plugin(
        "clock",
        """
import os, random, time

real = time.time
chance = random.Random(os.getpid())
time.time = lambda: real() + chance.choice((-3e8, -1e5, 0, 1e5, 3e8))
""",
    )
    assert project.run("-n3", clock) == pytest.ExitCode.TESTS_FAILED, project.output()
    project.assert_sound(lost=0)
    assert content(project.report) == undisturbed


def test_a_writer_whose_unfinished_file_is_swept_away_writes_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another machine, whose clock is a day ahead, takes it for one that a killed process left.
    from bnclaims.store import atomic_files as module

    give_name, swept = module.give_name, threading.Event()

    def sweep_first(source: str, target: str) -> bool:
        if not swept.is_set():
            swept.set()
            os.unlink(source)
        return give_name(source, target)

    monkeypatch.setattr(module, "give_name", sweep_first)
    assert module.write_whole(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
