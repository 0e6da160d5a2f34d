"""Runs on CUDA devices: what workers are given, who trains, what needs no device; without any."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bnclaims.plugin import workers as plugin


def pinned(workers: int, *, gpu: bool = True) -> list[dict[str, str]]:
    specs: list[Any] = [SimpleNamespace(env={}) for _ in range(workers)]
    config: Any = SimpleNamespace(stash={plugin.SESSION: None}, option=SimpleNamespace(gpu=gpu))
    plugin.pytest_xdist_setupnodes(config, specs)
    return [spec.env for spec in specs]


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("3, GPU-8f0e", ["3", "GPU-8f0e", "3", "GPU-8f0e"]),
        ("MIG-7a,MIG-GPU-1/2/0", ["MIG-7a", "MIG-GPU-1/2/0", "MIG-7a", "MIG-GPU-1/2/0"]),
        ("7", ["7", "7", "7", "7"]),
        ("0,1,2,3,4,5", ["0", "1", "2", "3"]),
        (",1,,2,", ["1", "2", "1", "2"]),
        # CUDA sees only what stands before an impossible device.
        ("2,-1,3", ["2", "2", "2", "2"]),
    ],
)
def test_workers_take_turns_on_the_devices_the_caller_may_use(
    monkeypatch: pytest.MonkeyPatch, listed: str, expected: list[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", listed)
    assert [env["CUDA_VISIBLE_DEVICES"] for env in pinned(4)] == expected


@pytest.mark.parametrize("listed", ["", "-1"])
def test_a_caller_who_hides_all_devices_is_not_given_any(
    monkeypatch: pytest.MonkeyPatch, listed: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", listed)
    assert not any("CUDA_VISIBLE_DEVICES" in env for env in pinned(2))


def test_without_a_list_all_devices_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [env["CUDA_VISIBLE_DEVICES"] for env in pinned(3)] == ["0", "1", "0"]


def test_without_gpu_no_device_is_touched_and_each_worker_has_one_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    for env in pinned(2, gpu=False):
        assert "CUDA_VISIBLE_DEVICES" not in env
        assert env["OMP_NUM_THREADS"] == "1"


def test_workers_judge_and_one_process_trains_on_their_device(
    small_audit: Callable[..., pytest.RunResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A synthetic world trains on a device that is not there.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    small_audit("--world=effect", "--gpu", "-n", "2", "--store=gpu", "--report=gpu-report")
    small_audit("--world=effect", "--store=cpu", "--report=cpu-report")
    on_gpu, on_cpu = (
        json.loads(Path(f"{name}-report/report.json").read_bytes()) for name in ("gpu", "cpu")
    )
    stored = list(Path("gpu/trials").rglob("*.trial"))
    assert on_gpu["run"]["trained"] == len(stored) > 0
    # Two that judge and one that trains.
    assert on_gpu["run"]["workers"] == 3 and not any(Path("gpu/runs").iterdir())
    assert [claim["verdict"] for claim in on_gpu["claims"]] == [
        claim["verdict"] for claim in on_cpu["claims"]
    ]


def test_a_gpu_is_needed_to_train_and_not_to_judge_what_was_trained(
    small_audit: Callable[..., pytest.RunResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    refused = small_audit("--gpu", "--store=gpu", "--report=one")
    refused.stderr.fnmatch_lines(["*--gpu: torch * sees no CUDA device here*"])
    assert not Path("one").exists()
    small_audit("--world=effect", "--gpu", "--store=gpu", "--report=two")
    small_audit("--gpu", "--store=gpu", "--report=three")
    one, other = (json.loads(Path(f"{name}/report.json").read_bytes()) for name in ("two", "three"))
    assert other["run"]["trained"] == 0 and other["claims"] == one["claims"]
    assert other["selection"]["device"] == "cuda"
