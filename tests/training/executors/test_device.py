"""The device, the process settings and the fingerprint."""

from __future__ import annotations

import pytest
import torch

from bnclaims.errors import BnclaimsError
from bnclaims.training import EXECUTORS, executor
from bnclaims.training.executors import loop
from bnclaims.training.executors.device import device, environment_fingerprint, prepare_process
from fixtures.training import draw_of, trial_of


def test_an_unknown_device_is_named() -> None:
    with pytest.raises(BnclaimsError, match="device 'tpu'"):
        device("tpu")


def test_a_missing_gpu_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BnclaimsError, match="no GPU"):
        device("cuda")


def test_the_process_can_be_prepared_again_after_work_has_begun() -> None:
    prepare_process()
    torch.ones(64, 64) @ torch.ones(64, 64)
    prepare_process()
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()


def test_tf32_is_a_precision_that_is_asked_for_and_ends_with_the_next_trial() -> None:
    flags = torch.backends.cuda.matmul, torch.backends.cudnn
    for tf32 in (False, True, False):
        prepare_process(tf32=tf32)
        assert [flag.allow_tf32 for flag in flags] == [tf32, tf32]
    with pytest.raises(BnclaimsError, match="precision 'tf32' is a GPU's"):
        loop.train(trial_of(precision="tf32"), draw_of())
    assert trial_of(precision="tf32").key != trial_of().key


def test_the_fingerprint_names_what_could_change_a_number() -> None:
    prepare_process()
    found = environment_fingerprint(device("cpu"))
    assert found["threads"] == "1"
    assert found["torch"] == torch.__version__
    assert {"python", "numpy", "device", "processor"} < found.keys()
    assert all(value and isinstance(value, str) for value in found.values())


def test_every_listed_executor_can_be_imported() -> None:
    for name in EXECUTORS:
        assert callable(executor(name).train)


def test_an_unknown_executor_is_named() -> None:
    with pytest.raises(BnclaimsError, match="executor 'warp'"):
        executor("warp")
