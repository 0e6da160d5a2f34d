"""Leases: who trains what at the moment, so that two processes seldom train the same trial.

They save work and decide nothing: a trial trained twice is harmless, because the store keeps one
record of it. So every doubt is settled in favour of carrying on.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import errno
import os
import secrets
import threading
import time
from pathlib import Path
from typing import Final, Self

from bnclaims.errors import storage_errors
from bnclaims.protocol.trial import canonical_json
from bnclaims.store.atomic_files import give_name, without_waiting
from bnclaims.store.processes import Owner, is_alive

_TRIES: Final = 3
MAX_BYTES: Final = 4096


class Lease:
    """The right to train one trial, until `release`; made by `Leases.acquire`, and a context."""

    def __init__(self, leases: Leases, key: str, descriptor: int, content: bytes) -> None:
        self.key = key
        self._leases = leases
        self._descriptor = descriptor
        self._content = content
        self._lock = threading.Lock()
        self._held = True

    def beat(self) -> None:
        """A sign of life for processes on other machines."""
        # Through the open file, not its name: a lease that was taken away must not keep alive the
        # one that has its name now.
        with self._lock, contextlib.suppress(OSError):
            if self._held:
                os.utime(self._descriptor)

    def release(self) -> None:
        """The end of the lease; nothing more happens the second time, or in a forked child."""
        # A child leaves its parent's ``with`` block too; its copy of the lock may never be free.
        if self._leases._is_forked():
            return
        with self._lock:
            if not self._held:
                return
            self._held = False
            os.close(self._descriptor)
        self._leases._give_up(self, self._content)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class Leases:
    """The leases of one process in the store at ``root``.

    A daemon thread touches the held ones every ``interval`` seconds. A lease from another machine
    counts as abandoned once this process has watched it stay untouched for ``expiry`` seconds of
    its own clock; one from this machine as soon as its process is gone. A forked child makes its
    own `Leases`. Raises `BnclaimsError` when the disk refuses.
    """

    def __init__(
        self,
        root: Path,
        *,
        owner: Owner | None = None,
        interval: float = 5.0,
        # Longer than the minute for which network file systems may show an old modification time.
        expiry: float = 120.0,
    ) -> None:
        if not 0 < interval < expiry:
            raise ValueError(f"interval {interval} must be positive and less than expiry {expiry}")
        self.root = root
        # A string: paths are put together for every trial.
        self._folder = str(root / "leases")
        self._owner = owner or Owner()
        self._described = canonical_json(dataclasses.asdict(self._owner))[1:-1]
        self._process = os.getpid()
        self._interval = interval
        self._expiry = expiry
        self._held: set[Lease] = set()
        self._watched: dict[str, tuple[tuple[int, int, bytes], float]] = {}
        self._heart: threading.Thread | None = None
        self._stop = threading.Event()
        with storage_errors(root, "keep leases"):
            os.makedirs(self._folder, exist_ok=True)

    def acquire(self, key: str) -> Lease | None:
        """The lease of ``key``, or ``None`` while somebody else holds it."""
        if self._is_forked() or self._stop.is_set():
            raise RuntimeError("leases were closed, or come from the parent: make a new Leases")
        path = self._path(key)
        with storage_errors(self.root, f"lease trial {key}"):
            for _ in range(_TRIES):
                with contextlib.suppress(FileExistsError):
                    return self._create(key, path)
                if not self._break_if_dead(key, path):
                    return None
        return None

    def close(self) -> None:
        """The release of everything that is held, and the end of the heartbeat."""
        self._stop.set()
        for lease in tuple(self._held):
            lease.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _create(self, key: str, path: str) -> Lease:
        acquired = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        # In canonical order, around what stays the same.
        content = (
            f'{{"acquired":"{acquired}",{self._described},"token":"{secrets.token_hex(8)}"}}\n'
        ).encode()
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        try:
            os.write(descriptor, content)
        except OSError:
            os.close(descriptor)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            raise
        lease = Lease(self, key, descriptor, content)
        self._held.add(lease)
        self._watched.pop(key, None)
        if self._heart is None:
            self._heart = threading.Thread(target=self._beat, name="lease heartbeat", daemon=True)
            self._heart.start()
        return lease

    def _beat(self) -> None:
        while not self._stop.wait(self._interval):
            for lease in tuple(self._held):
                lease.beat()

    def _path(self, key: str) -> str:
        return f"{self._folder}/{key}.lease"

    def _is_forked(self) -> bool:
        return os.getpid() != self._process

    def _give_up(self, lease: Lease, content: bytes) -> None:
        self._held.discard(lease)
        # A release that fails costs others a wait, which is no reason to fail a finished trial.
        with contextlib.suppress(OSError):
            take_away(self._path(lease.key), content)

    def _break_if_dead(self, key: str, path: str) -> bool:
        """Whether another attempt to create the lease makes sense."""
        try:
            with open(path, "rb", opener=without_waiting) as file:
                content = file.read(MAX_BYTES) or b""
                state = os.fstat(file.fileno())
        except FileNotFoundError:
            return True
        except OSError as error:
            # On a network share: the file was replaced while it was read.
            if error.errno != errno.ESTALE:
                raise
            return False
        alive = is_alive(content, self._owner.host)
        if alive is None:
            alive = self._is_fresh(key, (state.st_ino, state.st_mtime_ns, content))
        return not alive and take_away(path, content)

    def _is_fresh(self, key: str, seen: tuple[int, int, bytes]) -> bool:
        now = time.monotonic()
        before, since = self._watched.get(key, (None, now))
        if before != seen:
            since = now
            self._watched[key] = (seen, now)
        return now - since < self._expiry


def take_away(path: str, content: bytes) -> bool:
    """Whether the lease with this content is gone, made so by this process or by another one."""
    # Two processes may find the same lease dead. To read it and then unlink its name would be two
    # steps, between which the first of them may have a new lease under that name, and the second
    # would delete it. A rename is one step that one process wins: what it moved is looked at in peace.
    folder, name = os.path.split(path)
    moved = os.path.join(folder, f".{name.removesuffix('.lease')}.{secrets.token_hex(4)}.broken")
    try:
        os.rename(path, moved)
    except FileNotFoundError:
        return True
    try:
        # Without a file object, which would take longer than what it does.
        file = os.open(moved, os.O_RDONLY)
        try:
            if os.read(file, MAX_BYTES) == content:
                return True
        finally:
            os.close(file)
        # Somebody broke the dead lease first and holds a new one: that one goes back, unless its
        # name is taken again by now.
        give_name(moved, path)
        return False
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(moved)
