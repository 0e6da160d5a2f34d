"""Processes as others see them: which machine, which pid, started when, alive or not."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path


@functools.cache
def this_host() -> str:
    """A name shared exactly by the processes whose pids this process can look up."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def process_start(pid: int) -> str | None:
    """When a process started, in words that only equal themselves; ``None`` when it is gone.

    Raises ``OSError`` on systems that cannot tell.
    """
    if not os.path.exists("/proc/self/stat"):
        return _process_start_from_ps(pid)
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # proc(5): the name, in parentheses, may itself contain spaces and parentheses; state is the
    # field after it (number 3), the start in clock ticks since boot number 22.
    fields = text[text.rindex(")") + 1 :].split()
    # A killed process that its parent has not waited for yet will not train any more.
    return None if fields[0] in "ZX" else fields[19]


def _process_start_from_ps(pid: int) -> str | None:
    done = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None


def _own_start() -> str | None:
    with contextlib.suppress(OSError):
        return process_start(os.getpid())
    return None


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A process: its machine, pid and start, so that a reused pid is not mistaken for it.

    ``host`` stands for all processes that see each other's pids: a machine since it was started,
    and within it a container. ``started`` is ``None`` where the system cannot tell, and then the
    heartbeat decides. By default, the running process.
    """

    host: str = field(default_factory=this_host)
    pid: int = field(default_factory=os.getpid)
    started: str | None = field(default_factory=_own_start)


def is_alive(description: bytes, host: str) -> bool | None:
    """Whether the `Owner` that a JSON text describes lives; ``None`` where ``host`` cannot tell."""
    try:
        holder = json.loads(description)
        if holder["host"] != host or holder["started"] is None:
            return None
        with contextlib.suppress(OSError):
            return process_start(int(holder["pid"])) == str(holder["started"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        # Written by something else, or just being written.
        pass
    return None
