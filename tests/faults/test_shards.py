"""Shards on one store, as processes of their own: together, one after the other, and one killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from bnclaims.commands.cli import main
from bnclaims.store.store import Store
from fixtures.projects import CLAIM_FILE, small_protocol, with_small_networks

# Real networks, but the smallest: 32 trials for the one look.
PROTOCOL = with_small_networks(small_protocol())
FIRST_LOOKS = 32
PATIENCE = 300.0

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "test_small.py").write_text(CLAIM_FILE)
    (tmp_path / "small.toml").write_text(PROTOCOL)
    started: list[subprocess.Popen[str]] = []

    def shard(*options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "bnclaims", "train", "--protocol=small.toml"]
        started.append(
            subprocess.Popen(
                [*command, "--store=store", *options],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return started[-1]

    yield shard
    for process in started:
        process.kill()
        process.wait()


def end(process: subprocess.Popen[str]) -> tuple[int, int]:
    """Exit status, and how many trials the process says it trained."""
    output, _ = process.communicate(timeout=PATIENCE)
    counts = re.search(r"(\d+) trained(?:, (\d+) of other shares)?", output)
    assert counts is not None, output
    return process.returncode, sum(int(count or 0) for count in counts.groups())


def records(root: Path) -> int:
    return len(list((root / "store" / "trials").glob("*/*.trial")))


def wait_for_records(root: Path, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while records(root) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_shards_at_once_train_every_trial_once_and_end(start: Start, tmp_path: Path) -> None:
    processes = [start(f"--shard={index}/2") for index in (1, 2)]
    ends = [end(process) for process in processes]
    assert [status for status, _ in ends] == [0, 0]
    assert sum(trained for _, trained in ends) == records(tmp_path) == FIRST_LOOKS
    assert not (tmp_path / "store" / "determinism.jsonl").exists()


def test_a_shard_that_is_killed_in_the_middle_of_a_trial_is_finished_by_another(
    start: Start, tmp_path: Path
) -> None:
    first, second = start("--shard=1/2"), start("--shard=2/2")
    wait_for_records(tmp_path, 3)
    freeze_in_a_trial(first.pid, tmp_path / "store" / "leases")
    assert records(tmp_path) < FIRST_LOOKS
    first.kill()
    first.wait()
    status, _ = end(second)
    assert status == 0
    store = Store.open(tmp_path / "store")
    keys = store.keys()
    assert sum(store.read(key) is not None for key in keys) == FIRST_LOOKS
    assert store.damaged == []
    assert not (tmp_path / "store" / "determinism.jsonl").exists()


def freeze_in_a_trial(pid: int, leases: Path) -> None:
    """Stops a process while it holds a lease."""
    deadline = time.monotonic() + PATIENCE
    while True:
        os.kill(pid, signal.SIGSTOP)
        if f'"pid":{pid},' in "".join(path.read_text() for path in leases.glob("*.lease")):
            return
        assert time.monotonic() < deadline
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.003)


def test_a_terminated_shard_frees_its_trial_and_says_what_it_did(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start("--shard=1/1")
    wait_for_records(tmp_path, 1)
    process.terminate()
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert re.search(r"interrupted: \d+ trained, and the same command goes on from there", output)
    assert not list((tmp_path / "store" / "leases").glob("*.lease"))
    monkeypatch.chdir(tmp_path)
    words = ["train", "--protocol=small.toml", "--store=store", "--shard=1/1"]
    rest = CliRunner().invoke(main, words)
    assert rest.exit_code == 0, rest.output
    trained = re.search(r"(\d+) trained", rest.output)
    assert trained is not None and 0 < int(trained[1]) < FIRST_LOOKS
    assert records(tmp_path) == FIRST_LOOKS
