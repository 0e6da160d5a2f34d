"""Memory that a step frees stays with the process, unless its user has set another way."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from bnclaims.training.executors.malloc import keep_freed_memory

glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")

# Blocks as large as the gradients of images: without the settings each is new to the process.
FAULTS = """
import resource, torch
from bnclaims.training.executors.malloc import keep_freed_memory
print(keep_freed_memory())
def work(times):
    for _ in range(times):
        torch.ones(2**23)
# Until the small pieces that alignment leaves over are in their bins.
work(12)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work(2)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def run(**environment: str) -> tuple[bool, int]:
    """Whether the settings were made, and the page faults of taking the same memory again."""
    made = subprocess.run(
        [sys.executable, "-c", FAULTS],
        env={"PYTHONPATH": ":".join(sys.path), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    kept, faults = made.stdout.split()
    return kept == "True", int(faults)


@glibc
def test_memory_that_is_freed_and_taken_again_is_not_new_to_the_process() -> None:
    # Which also shows that settings of the user stand.
    kept, faults = run(MALLOC_ARENA_MAX="2")
    assert not kept
    if faults < 10_000:
        pytest.skip("this kernel gives memory in huge pages, so there are few faults to be avoided")
    kept, fewer = run()
    assert kept and fewer < faults / 10


def test_tunables_of_the_user_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=2")
    keep_freed_memory.cache_clear()
    assert not keep_freed_memory()
    keep_freed_memory.cache_clear()
