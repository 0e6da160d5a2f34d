"""Leases: one holder at a time, the dead are replaced, the living are left alone."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bnclaims.errors import BnclaimsError
from bnclaims.store import leases as module
from bnclaims.store.leases import Leases
from bnclaims.store.processes import Owner, process_start

ROOT = Path(__file__).parents[2]
KEY = "a" * 64


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Leases]:
    """A process on another machine, which shows no sign of life by itself."""
    owner = Owner(host="elsewhere", pid=1, started="1")
    with Leases(tmp_path, owner=owner, interval=1000, expiry=1001) as leases:
        yield leases


def path_of(root: Path) -> Path:
    return root / "leases" / f"{KEY}.lease"


def start_holder(root: Path) -> subprocess.Popen[str]:
    code = (
        "import sys, time; from pathlib import Path; from bnclaims.store.leases import Leases\n"
        "assert Leases(Path(sys.argv[1])).acquire(sys.argv[2])\n"
        "print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(root), KEY], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def run_script(code: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_held_trial_is_refused_to_everybody_until_it_is_released(tmp_path: Path) -> None:
    mine, yours = Leases(tmp_path), Leases(tmp_path)
    with mine.acquire(KEY) as lease:  # type: ignore[union-attr]
        assert lease.key == KEY
        assert yours.acquire(KEY) is None
        assert mine.acquire(KEY) is None
        other = yours.acquire("b" * 64)
        assert other is not None
    again = yours.acquire(KEY)
    assert again is not None
    lease.release()
    assert path_of(tmp_path).exists()
    yours.close()
    assert os.listdir(tmp_path / "leases") == []
    with pytest.raises(RuntimeError, match="make a new Leases"):
        yours.acquire(KEY)


def test_the_lease_of_a_living_process_is_left_alone_and_of_a_killed_one_taken(
    tmp_path: Path,
) -> None:
    leases = Leases(tmp_path)
    process = start_holder(tmp_path)
    try:
        assert leases.acquire(KEY) is None
        process.kill()
        # Not waited for: the killed process is still in the process table for a while.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        lease = leases.acquire(KEY)
        assert lease is not None
        lease.release()
    finally:
        process.kill()
        process.communicate()
    assert os.listdir(tmp_path / "leases") == []


def test_a_reused_pid_is_not_mistaken_for_the_holder(tmp_path: Path) -> None:
    assert Leases(tmp_path, owner=Owner(started="1")).acquire(KEY)
    assert Leases(tmp_path).acquire(KEY)


def test_a_process_has_one_start_and_a_finished_one_has_none() -> None:
    mine = process_start(os.getpid())
    assert mine is not None
    assert process_start(os.getpid()) == mine
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        process.wait()
    assert process_start(process.pid) is None


def test_without_proc_the_process_table_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[dict[str, Any]] = []

    def run(command: list[str], **options: Any) -> types.SimpleNamespace:
        answers.append(options["env"])
        alive = command[-1] == "7"
        return types.SimpleNamespace(stdout="Mon Nov  3 10:00:00 2025\n" if alive else "")

    monkeypatch.setattr(os.path, "exists", lambda _: False)
    monkeypatch.setattr(subprocess, "run", run)
    assert process_start(7) == "Mon Nov  3 10:00:00 2025"
    assert process_start(8) is None
    assert answers[0]["LC_ALL"] == "C"


def test_another_machine_is_believed_dead_only_after_a_silence_watched_here(
    tmp_path: Path, clock: Clock, elsewhere: Leases
) -> None:
    theirs = elsewhere.acquire(KEY)
    assert theirs is not None
    # A clock that is years off on either side says nothing.
    os.utime(path_of(tmp_path), (0, 0))
    leases = Leases(tmp_path, expiry=120)
    assert leases.acquire(KEY) is None
    clock.now += 119
    assert leases.acquire(KEY) is None
    theirs.beat()
    clock.now += 119
    assert leases.acquire(KEY) is None
    clock.now += 119
    assert leases.acquire(KEY) is None
    clock.now += 1
    assert leases.acquire(KEY) is not None


@pytest.mark.parametrize("years", [-30, 30])
def test_the_date_of_a_lease_does_not_matter(
    tmp_path: Path, elsewhere: Leases, clock: Clock, years: int
) -> None:
    # The other machine's clock is off, or the file server's, or this one's.
    lease = elsewhere.acquire(KEY)
    assert lease is not None
    path = path_of(tmp_path)
    description = json.loads(path.read_bytes())
    description["acquired"] = f"{2026 + years}-01-01T00:00:00+00:00"
    path.write_text(json.dumps(description))
    date = time.time() + years * 365 * 86_400
    os.utime(path, (date, date))
    mine = Leases(tmp_path, interval=1, expiry=10)
    assert mine.acquire(KEY) is None
    clock.now += 9
    assert mine.acquire(KEY) is None
    clock.now += 2
    assert mine.acquire(KEY) is not None


def test_a_watch_starts_anew_with_every_holder(
    tmp_path: Path, clock: Clock, elsewhere: Leases
) -> None:
    leases = Leases(tmp_path, expiry=120)
    for _ in range(3):
        theirs = elsewhere.acquire(KEY)
        assert theirs is not None
        assert leases.acquire(KEY) is None
        clock.now += 100
        assert leases.acquire(KEY) is None
        theirs.release()


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"[" * 9000, b"null", b'{"host": 1}'])
def test_a_lease_that_cannot_be_read_is_dead_after_the_same_silence(
    tmp_path: Path, clock: Clock, content: bytes
) -> None:
    leases = Leases(tmp_path, expiry=120)
    path_of(tmp_path).write_bytes(content)
    assert leases.acquire(KEY) is None
    clock.now += 119
    assert leases.acquire(KEY) is None
    clock.now += 2
    assert leases.acquire(KEY) is not None


def test_a_thread_keeps_held_leases_fresh(tmp_path: Path) -> None:
    with Leases(tmp_path, interval=0.01) as leases:
        assert leases.acquire(KEY)
        os.utime(path_of(tmp_path), (0, 0))
        until = time.monotonic() + 10
        while path_of(tmp_path).stat().st_mtime == 0 and time.monotonic() < until:
            time.sleep(0.01)
        assert path_of(tmp_path).stat().st_mtime > 0


def test_a_holder_that_was_replaced_does_not_disturb_its_successor(
    tmp_path: Path, clock: Clock, elsewhere: Leases
) -> None:
    old = elsewhere.acquire(KEY)
    assert old is not None
    leases = Leases(tmp_path, interval=100, expiry=120)
    leases.acquire(KEY)
    clock.now += 121
    assert leases.acquire(KEY) is not None
    os.utime(path_of(tmp_path), (0, 0))
    content = path_of(tmp_path).read_bytes()
    old.beat()
    assert path_of(tmp_path).stat().st_mtime == 0
    old.release()
    assert path_of(tmp_path).read_bytes() == content


def test_a_lease_that_changed_hands_while_it_was_broken_goes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Leases(tmp_path, owner=Owner(started="1")).acquire(KEY)
    successor = b"somebody was faster"

    def change_hands(*_: object) -> bool:
        path_of(tmp_path).unlink()
        path_of(tmp_path).write_bytes(successor)
        return False

    monkeypatch.setattr(module, "is_alive", change_hands)
    assert Leases(tmp_path).acquire(KEY) is None
    assert path_of(tmp_path).read_bytes() == successor
    assert os.listdir(tmp_path / "leases") == [path_of(tmp_path).name]


def test_a_forked_child_neither_uses_nor_ends_its_parents_leases(tmp_path: Path) -> None:
    code = """if True:
        import os, sys
        from pathlib import Path
        from bnclaims.store.leases import Leases
        leases = Leases(Path(sys.argv[1]))
        with leases.acquire("a" * 64):
            child = os.fork()
            if child == 0:
                try:
                    leases.acquire("b" * 64)
                except RuntimeError:
                    print("refused", flush=True)
                own = Leases(Path(sys.argv[1]))
                print(own.acquire("a" * 64), own.acquire("b" * 64) is not None, flush=True)
            else:
                os.waitpid(child, 0)
                print(os.listdir(sys.argv[1] + "/leases"))
        os._exit(0)
    """
    lines = run_script(code, tmp_path).splitlines()
    assert lines[:2] == ["refused", "None True"]
    assert f"{KEY}.lease" in lines[2]


def test_eight_processes_never_hold_the_same_trial_at_once(tmp_path: Path) -> None:
    # First everybody keeps what it gets: each key goes to exactly one. Then everybody lets go at
    # once and tries again: a witness file, made exclusively, shows any overlap.
    code = """if True:
        import multiprocessing, os, random, sys, time
        from pathlib import Path
        from bnclaims.store.leases import Leases
        root = Path(sys.argv[1])
        keys = [f"{number:064x}" for number in range(100)]

        def compete(number, barrier, counts):
            random.seed(number)
            with Leases(root) as leases:
                barrier.wait()
                kept = [k for k in random.sample(keys, len(keys)) if leases.acquire(k)]
                barrier.wait()
            won = 0
            leases = Leases(root)
            barrier.wait()
            for key in random.choices(keys[:5], k=100):
                lease = leases.acquire(key)
                if lease is not None:
                    with lease:
                        os.close(os.open(root / key, os.O_CREAT | os.O_EXCL))
                        os.unlink(root / key)
                    won += 1
            counts.put((len(kept), won))

        context = multiprocessing.get_context("fork")
        barrier, counts = context.Barrier(8), context.Queue()
        workers = [
            context.Process(target=compete, args=(number, barrier, counts)) for number in range(8)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert not any(worker.exitcode for worker in workers)
        results = [counts.get() for _ in workers]
        print(sum(kept for kept, _ in results), sum(won for _, won in results))
    """
    kept, won = map(int, run_script(code, tmp_path).split())
    assert kept == 100
    assert won > 100
    assert os.listdir(tmp_path / "leases") == []


def test_a_disk_that_refuses_leases_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases = Leases(tmp_path)

    def refuse(*_: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "name")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(BnclaimsError, match=rf"{tmp_path} cannot lease trial.*read-only"):
        leases.acquire(KEY)


def test_a_heartbeat_slower_than_the_expiry_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="less than expiry"):
        Leases(tmp_path, interval=10, expiry=5)
