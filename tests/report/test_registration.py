"""Registration of a protocol in git's history, and what is found where it does not hold."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
from pathlib import Path

import pytest

from bnclaims.report.registration import Registration, fault_in, in_history, registration_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A protocol in a clone of its own: changed twice, then left alone for one commit."""
    git(tmp_path, "init", "-q")
    path = tmp_path / "protocol" / "quick.toml"
    path.parent.mkdir()
    for text in ("first", "second"):
        path.write_text(text)
        commit(tmp_path, text)
    (tmp_path / "report").touch()
    commit(tmp_path, "a report")
    return path


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(folder: Path, message: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    git(folder, "add", "-A")
    git(folder, *who, "commit", "-q", "-m", message)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_protocol_is_registered_by_the_first_commit_that_had_it(file: Path) -> None:
    found = registration_of(file)
    assert found is not None
    assert found.protocol_commit == git(file.parent, "rev-parse", "HEAD~1")
    assert found.commit == git(file.parent, "rev-parse", "HEAD")
    assert in_history(found, file.parent)
    assert fault_in(found, file, sha256("second")) is None


def test_a_protocol_that_was_taken_back_and_brought_again_was_registered_the_first_time(
    file: Path,
) -> None:
    registered = git(file.parent, "rev-parse", "HEAD~1")
    for text in ("first", "second"):
        file.write_text(text)
        commit(file.parents[1], "again")
    found = registration_of(file)
    assert found is not None and found.protocol_commit == registered
    assert fault_in(found, file, sha256("second")) is None


def test_a_protocol_that_differs_from_what_is_committed_is_registered_nowhere(file: Path) -> None:
    file.write_text("third")
    assert registration_of(file) is None
    (file.parent / "new.toml").write_text("new")
    assert registration_of(file.parent / "new.toml") is None


def test_without_a_clone_or_its_history_there_is_no_registration(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", file.parents[1].as_uri(), "shallow")
    assert registration_of(tmp_path / "shallow" / "protocol" / "quick.toml") is None
    monkeypatch.setenv("PATH", "")
    assert registration_of(file) is None


def test_a_protocol_registered_after_the_report_was_made_is_a_fault(file: Path) -> None:
    found = registration_of(file)
    assert found is not None
    swapped = dataclasses.replace(found, protocol_commit=found.commit, commit=found.protocol_commit)
    fault = fault_in(swapped, file, sha256("second"))
    assert fault is not None and "is no ancestor of" in fault


def test_a_commit_with_another_protocol_is_a_fault(file: Path) -> None:
    found = registration_of(file)
    assert found is not None
    first = git(file.parent, "rev-parse", "HEAD~2")
    fault = fault_in(dataclasses.replace(found, protocol_commit=first), file, sha256("second"))
    assert fault == f"commit {first[:12]} registered another protocol quick"


@pytest.mark.parametrize("commit", ["", "0" * 40, "--output=x", "HEAD"])
def test_what_is_no_commit_of_this_history_is_not_looked_for(file: Path, commit: str) -> None:
    stated = Registration(protocol_commit=commit, protocol_committed="", commit=commit)
    assert not in_history(stated, file.parent)
