"""Reports verified elsewhere: after a checkout by Windows' rules, and with the oldest versions allowed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bnclaims.audit.claim import discover
from bnclaims.report.verify.verify import verify
from tests.report.verify.test_golden import GOLDEN, ROOT

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of what is committed, with the ends of lines that git for Windows would write."""
    folder = tmp_path_factory.mktemp("windows") / "clone"
    options = ("-c", "core.autocrlf=true", "-c", "core.eol=crlf")
    done = git("clone", "-q", "--shared", *options, str(ROOT), str(folder))
    if done.returncode:
        pytest.skip("not a git checkout")
    return folder


@pytest.mark.parametrize("place", ["reports", "tests/golden", "bnclaims/protocol", "claims"])
def test_no_checkout_changes_the_end_of_a_line(windows: Path, place: str) -> None:
    files = [path for path in (windows / place).rglob("*") if path.is_file()]
    assert files
    for path in files:
        name = path.relative_to(windows).as_posix()
        committed = subprocess.run(
            ["git", "-C", str(windows), "show", f"HEAD:{name}"], capture_output=True, check=True
        )
        assert path.read_bytes() == committed.stdout, name


def test_without_that_rule_the_ends_of_lines_would_have_changed(windows: Path) -> None:
    (windows / ".gitattributes").write_text("")
    name = "tests/golden/schema-4/report.json"
    (windows / name).unlink()
    assert git("-C", str(windows), "checkout", "--", name).returncode == 0
    assert b"\r\n" in (windows / name).read_bytes()
    git("-C", str(windows), "checkout", "--", ".gitattributes")


def test_a_report_with_other_ends_of_lines_does_not_pass_for_the_same(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(GOLDEN / "schema-4", tmp_path / "copy"))
    table = copy / "trials.csv"
    table.write_bytes(table.read_bytes().replace(b"\n", b"\r\n"))
    problems = verify(copy, discover(ROOT / "claims")).problems
    assert any(problem.startswith("trials.csv: has sha256") for problem in problems)


@pytest.mark.long
@pytest.mark.parametrize("versions", ["oldest", "newest"])
def test_the_wheel_verifies_every_report_with_versions_that_are_allowed(versions: str) -> None:
    """Downloads them: a second environment, without torch."""
    done = subprocess.run(
        [str(ROOT / ".ci" / "elsewhere"), versions, sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    verified = re.findall(r"^verified: .*/(reports|golden)/", done.stdout, re.MULTILINE)
    assert verified.count("reports") >= 8 and verified.count("golden") >= 2
