"""Runs whose trials are trained by a real Ray on this machine."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bnclaims.errors import BnclaimsError
from bnclaims.store.codec import differences
from bnclaims.store.store import Store
from bnclaims.training.runners import LocalRunner, RayOptions, TrialFailed
from bnclaims.training.spec import TrainerSpec
from bnclaims.training.trainer import trainer_of
from fixtures.trials import digits_trials

pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")

import ray
from ray.cluster_utils import Cluster

from bnclaims.datasets import Sources
from bnclaims.training.runners.ray.pool import ActorPool
from bnclaims.training.runners.ray.runner import RayRunner

Audit = Callable[..., pytest.RunResult]
NETWORKS = TrainerSpec(executor="loop", world=None, data_root=None, folder=None)
NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 100_000_000}
# Seconds; generous, for machines that do other things as well.
PATIENCE = 60.0


@pytest.fixture(scope="module", autouse=True)
def _no_token() -> Iterator[None]:
    """Ray keeps a token in the home folder of whoever starts it first, and pytester changes that folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        yield


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster whose head holds one actor; tests add nodes."""
    made = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
    yield made
    ray.shutdown()
    made.shutdown()


@pytest.fixture
def local_records(tmp_path: Path) -> Store:
    """Twelve small networks, trained in this process."""
    store = Store.open(tmp_path / "local")
    runner = LocalRunner(store, trainer_of("loop", None, Sources()))
    runner.obtain(digits_trials(6, epochs=100))
    runner.close()
    return store


def both_ready(pool: ActorPool) -> None:
    deadline = time.monotonic() + PATIENCE
    while pool.free < 2:
        assert time.monotonic() < deadline
        list(pool.listen(0.5))
    assert pool.free == pool.idle == 2


def assert_same(one: Store, other: Store) -> None:
    keys = one.keys()
    assert keys == other.keys() != set()
    for key in keys:
        first, second = one.read(key), other.read(key)
        assert first is not None and second is not None
        assert differences(first, second) == ()


def test_a_lost_node_costs_no_record_and_the_records_are_those_of_a_local_run(
    cluster: Cluster, local_records: Store, tmp_path: Path
) -> None:
    second = cluster.add_node(**NODE)
    store = Store.open(tmp_path / "ray")
    pool = ActorPool(RayOptions(address=cluster.address), NETWORKS)
    both_ready(pool)
    killed: list[int] = []

    def kill_a_node() -> None:
        if not killed and runner.trained == 4:
            killed.append(pool.idle)
            cluster.remove_node(second, allow_graceful=False)

    runner = RayRunner(store, RayOptions(), NETWORKS, on_progress=kill_a_node)
    runner._pool = pool
    try:
        assert len(runner.obtain(digits_trials(6, epochs=100))) == 12
    finally:
        runner.close()
    # Both actors were at work, and one of them died over a trial.
    assert killed == [0] and sum(runner._deaths.values()) == 1
    assert runner.trained == 12
    assert_same(local_records, store)
    assert not (store.root / "determinism.jsonl").exists()
    assert not list((store.root / "leases").glob("*.lease"))


def test_a_trial_that_hangs_is_given_up_in_its_actor_and_sigterm_stays_ours(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    spec = dataclasses.replace(NETWORKS, trial_timeout=6.0)
    store = Store.open(tmp_path / "ray")
    runner = RayRunner(store, RayOptions(actors=1), spec)
    endless, *_ = digits_trials(1, epochs=1_000_000)
    try:
        with pytest.raises(TrialFailed, match="did not end within 6 s"):
            runner.obtain([endless])
        assert "in train" in (store.read_error(endless.key) or "")
        # The actor lives on.
        assert len(runner.obtain(digits_trials(1))) == 2
        assert not runner._deaths
        assert signal.getsignal(signal.SIGTERM) is before
    finally:
        runner.close()


def test_actors_share_a_gpu_by_the_given_fraction(cluster: Cluster) -> None:
    cluster.add_node(**NODE | {"num_cpus": 4, "num_gpus": 1})
    world = TrainerSpec(executor="loop", world="effect", data_root=None, folder=None)
    options = RayOptions(address=cluster.address, gpus_per_actor=0.5)
    pool = ActorPool(options, world)
    try:
        both_ready(pool)
        assert ray.available_resources().get("GPU", 0) == 0
    finally:
        pool.close()


def test_a_cluster_without_room_for_an_actor_is_a_clear_error(cluster: Cluster) -> None:
    pool = ActorPool(RayOptions(address=cluster.address, gpus_per_actor=1), NETWORKS, patience=0.5)
    try:
        with pytest.raises(
            BnclaimsError, match="needs 1 CPU and 1 GPUs and the cluster has 1 and 0"
        ):
            for _ in range(20):
                list(pool.listen(0.2))
    finally:
        pool.close()


def test_an_address_without_a_cluster_is_a_clear_error(small_audit: Audit) -> None:
    result = small_audit("--world=effect", "--runner=ray", "--ray-address=127.0.0.1:1")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*not judged: --ray-address 127.0.0.1:1: Ray cannot be reached*"])


def test_a_run_on_ray_gives_the_verdicts_and_records_of_a_local_run(small_audit: Audit) -> None:
    small_audit("--world=effect", "--store=one", "--report=one-report")
    result = small_audit(
        "--world=effect", "--store=two", "--report=two-report", "--runner=ray", "--ray-actors=2"
    )
    result.stdout.fnmatch_lines(["device: cpu, world effect, store: two, runner: ray"])
    assert_same(Store.open(Path("one")), Store.open(Path("two")))
    for name in ("trials.csv", "protocol.toml"):
        assert (Path("one-report") / name).read_bytes() == (Path("two-report") / name).read_bytes()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see processes")
def test_an_interrupt_ends_the_actors_and_says_what_is_stored(
    pytester: pytest.Pytester, small_audit: Audit
) -> None:
    command = [sys.executable, "-m", "pytest", "claims", "--protocol=small.toml"]
    options = ["--runner=ray", "--ray-actors=2", "-p", "no:cacheprovider"]
    # A session of its own, so that a Ctrl-C of the terminal can be played: it reaches all of it.
    process = subprocess.Popen(
        [*command, *options],
        cwd=pytester.path,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    trials = pytester.path / ".bnclaims" / "store" / "trials"
    try:
        deadline = time.monotonic() + 2 * PATIENCE
        while not list(trials.glob("*/*.trial")):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        actors = descendants(process.pid)
        assert any("TrialActor" in name for name in actors.values())
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert re.search(r"trials? (is|are) in \.bnclaims/store", output), output
    assert not list((pytester.path / ".bnclaims/store/leases").glob("*.lease"))
    gone = time.monotonic() + PATIENCE
    while alive := [pid for pid in actors if running(pid)]:
        assert time.monotonic() < gone, {pid: actors[pid] for pid in alive}
        time.sleep(0.1)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def descendants(root: int) -> dict[int, str]:
    """Command lines of the processes below ``root``, by pid."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found: dict[int, str] = {}
    added = {root}
    while added := {pid for pid, parent in parents.items() if parent in added}:
        for pid in added:
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
            except OSError:
                continue
            found[pid] = words.decode(errors="replace")
    return found
