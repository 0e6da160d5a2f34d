"""Turns on a GPU: one process at a time, and none on a processor."""

from __future__ import annotations

import threading
import types
from pathlib import Path

import pytest
import torch

from bnclaims.training.executors import gpu_lock

CUDA = torch.device("cuda")


@pytest.fixture
def gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    properties = types.SimpleNamespace(uuid="5ebe9fb7")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    monkeypatch.setattr(gpu_lock.tempfile, "gettempdir", lambda: str(tmp_path))


@pytest.mark.usefixtures("gpu")
def test_a_turn_on_a_gpu_waits_for_the_one_before() -> None:
    seen: list[str] = []
    taken = threading.Event()

    def other() -> None:
        taken.wait(10)
        with gpu_lock.turn(CUDA):
            seen.append("other")

    thread = threading.Thread(target=other)
    thread.start()
    with gpu_lock.turn(CUDA):
        taken.set()
        thread.join(0.3)
        assert thread.is_alive()
        seen.append("first")
    thread.join(10)
    assert seen == ["first", "other"]


@pytest.mark.usefixtures("gpu")
def test_nobody_waits_on_a_processor() -> None:
    with gpu_lock.turn(torch.device("cpu")), gpu_lock.turn(torch.device("cpu")):
        pass
