"""Registration of a protocol: the commit that put it down, before the evidence judged by it.

Seeds that are judged must not have had a part in the choice of the rules. Git's history is the witness:
a report names the commit with which its protocol came to be what it is, and the commit at which it was
made; whoever has the history can check that the one came before the other.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
from pathlib import Path

# Seconds; a history of some thousand commits takes a tenth of one.
PATIENCE = 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Registration:
    """The commit that registered a protocol, its date (ISO 8601), and the commit of the report."""

    protocol_commit: str
    protocol_committed: str
    commit: str


def registration_of(file: Path) -> Registration | None:
    """The registration of a protocol's file as it is now.

    None where it stands in no clone with its history, or differs from what is committed: a protocol
    that can still be changed without a trace is registered nowhere.
    """
    folder, name = file.parent, file.name
    shallow = _git(folder, "rev-parse", "--is-shallow-repository")
    committed = _git(folder, "rev-parse", f"HEAD:./{name}")
    if shallow != "false" or committed != _git(folder, "hash-object", "--no-filters", "--", name):
        return None
    head = _git(folder, "rev-parse", "HEAD")
    # The first commit that had these very bytes: what was taken back and brought again was known then.
    order = ("--topo-order", "--reverse", "--format=%H %cI")
    since = _git(folder, "log", *order, f"--find-object={committed}", "--", name)
    if not head or not since:
        return None
    commit, date = since.splitlines()[0].split()
    return Registration(protocol_commit=commit, protocol_committed=date, commit=head)


def in_history(registration: Registration, folder: Path) -> bool:
    """Whether the clone in which ``folder`` stands has both commits of a registration."""
    return all(
        _is_commit(commit) and _git(folder, "cat-file", "-t", commit) == "commit"
        for commit in (registration.protocol_commit, registration.commit)
    )


def fault_in(registration: Registration, file: Path, sha256: str) -> str | None:
    """What is wrong with the registration of a built-in protocol, None where nothing is.

    ``file`` is where that protocol stands here, ``sha256`` that of the report's. The history must be
    there, see `in_history`.
    """
    since, made = registration.protocol_commit, registration.commit
    text = _git_bytes(file.parent, "show", f"{since}:./{file.name}")
    if text is None or hashlib.sha256(text).hexdigest() != sha256:
        return f"commit {since[:12]} registered another protocol {file.stem}"
    if _git(file.parent, "merge-base", "--is-ancestor", since, made) is None:
        return f"commit {since[:12]}, which registered {file.stem}, is no ancestor of {made[:12]}"
    return None


def _is_commit(text: str) -> bool:
    # A name that began with a dash would be an option of git.
    return 7 <= len(text) <= 64 and set(text) <= set("0123456789abcdef")


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, without its last line end; None where it refuses or is not there."""
    said = _git_bytes(folder, *arguments)
    return None if said is None else said.decode("utf-8", "replace").rstrip("\n")


def _git_bytes(folder: Path, *arguments: str) -> bytes | None:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
            env=environment,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
