"""Options of Ray, checked before anything is trained; runs without Ray."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from importlib.machinery import ModuleSpec

import pytest

from bnclaims.errors import BnclaimsError
from bnclaims.training.runners import RayOptions

Audit = Callable[..., pytest.RunResult]


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5, math.nan, math.inf])
def test_an_actor_gets_a_share_of_one_gpu_or_whole_gpus(share: float) -> None:
    with pytest.raises(BnclaimsError, match="--ray-gpus-per-actor"):
        RayOptions(gpus_per_actor=share)


@pytest.mark.parametrize("share", [None, 0.25, 1.0, 2.0])
def test_a_possible_share_is_accepted(share: float | None) -> None:
    assert RayOptions(gpus_per_actor=share).gpus_per_actor == share


@pytest.mark.parametrize(
    ("installed", "options", "sentence"),
    [
        (True, ["--ray-actors=2"], "--ray-actors: goes with --runner ray"),
        (True, ["--ray-address=head:6379"], "--ray-address: goes with --runner ray"),
        (True, ["--runner=ray", "--ray-gpus-per-actor=0.5"], "goes with --gpu"),
        (True, ["--runner=ray", "-n", "2"], "does not go with -n; leave -n out"),
        (True, ["--runner=ray", "--ray-actors=0"], "--ray-actors 0: give at least 1"),
        (True, ["--runner=ray", "--ray-address=ray://head:10001"], "cannot stream records"),
        (False, ["--runner=ray"], "Ray is not installed; pip install 'bnclaims"),
    ],
)
def test_what_ray_cannot_do_is_a_usage_error(
    pytester: pytest.Pytester,
    small_audit: Audit,
    monkeypatch: pytest.MonkeyPatch,
    installed: bool,
    options: list[str],
    sentence: str,
) -> None:
    # Ray counts as installed, or as missing, whatever is so on this machine.
    spec, find = ModuleSpec("ray", None) if installed else None, importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: spec if name == "ray" else find(name, *more),
    )
    result = small_audit("--world=effect", *options, here=True)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert sentence in result.stderr.str()
    assert not (pytester.path / ".bnclaims").exists()
