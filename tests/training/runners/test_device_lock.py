"""Turns on a GPU: one process at a time, and none on a processor."""

from __future__ import annotations

import threading
import types
from pathlib import Path

import pytest
import torch

from bnclaims.training.runners import device_lock


@pytest.fixture
def gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    properties = types.SimpleNamespace(uuid="5ebe9fb7")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    monkeypatch.setattr(device_lock.tempfile, "gettempdir", lambda: str(tmp_path))


@pytest.mark.usefixtures("gpu")
def test_a_turn_on_a_gpu_waits_for_the_one_before() -> None:
    seen: list[str] = []
    taken = threading.Event()

    def other() -> None:
        taken.wait(10)
        with device_lock.turn("cuda"):
            seen.append("other")

    thread = threading.Thread(target=other)
    thread.start()
    with device_lock.turn("cuda"):
        taken.set()
        thread.join(0.3)
        assert thread.is_alive()
        seen.append("first")
    thread.join(10)
    assert seen == ["first", "other"]


@pytest.mark.usefixtures("gpu")
def test_nobody_waits_on_a_processor() -> None:
    with device_lock.turn("cpu"), device_lock.turn("cpu"):
        pass


@pytest.mark.usefixtures("gpu")
def test_who_is_not_wanted_any_more_stops_waiting() -> None:
    with device_lock.turn("cuda") as first:
        assert first
        looks = iter([True, False])
        with device_lock.turn("cuda", lambda: next(looks)) as second:
            assert not second
