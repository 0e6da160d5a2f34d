"""The package installed from its wheel, where there is no clone: it brings the claims along."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bnclaims.commands.cli import main
from fixtures.installed import ROOT, run
from fixtures.pageless import PAGELESS

REPORT = ROOT / "reports" / "nightly"
AUDIT = (
    "bnclaims",
    "audit",
    "--world=effect",
    "-k",
    "premise or removal",
    "-p",
    "no:cacheprovider",
)


def verified_here(report: Path) -> str:
    """What the clone of this process says of a report that it verifies."""
    done = CliRunner().invoke(main, ["verify", str(report)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_wheel_holds_the_claims_byte_for_byte_and_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    prefix = "bnclaims/claims/"
    carried = {name.removeprefix(prefix): data for name, data in files.items() if prefix in name}
    assert carried == {path.name: path.read_bytes() for path in (ROOT / "claims").glob("*.py")}
    places = {name.split("/")[0] for name in files}
    assert {place for place in places if not place.endswith(".dist-info")} == {"bnclaims"}


def test_a_report_is_verified_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "bnclaims", "verify", str(REPORT))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == verified_here(REPORT)
    (note,) = done.stderr.splitlines()
    assert "registered the protocol before" in note and "this is no clone with that history" in note
    assert not list(tmp_path.iterdir())


def test_a_package_named_claims_beside_it_is_not_taken_for_them(
    installed: Path, tmp_path: Path
) -> None:
    other, folder = tmp_path / "other" / "claims", tmp_path / "here"
    folder.mkdir()
    other.mkdir(parents=True)
    (other.parent / "bnclaims").symlink_to(installed / "bnclaims")
    done = run(other.parent, folder, "bnclaims", "verify", str(REPORT))
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def elsewhere(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the installed package has audited a world."""
    # A project around the folder has settings of its own, which are nothing to the audit.
    project = tmp_path_factory.mktemp("project")
    (project / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    folder = project / "empty"
    folder.mkdir()
    done = run(installed, folder, *AUDIT)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert "check it: bnclaims verify reports/latest\n" in done.stdout
    return folder


def stated(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    return document


def test_the_audit_in_an_empty_folder_states_what_one_in_a_clone_does(
    elsewhere: Path, tmp_path: Path
) -> None:
    options = (f"--report={tmp_path / 'report'}", f"--store={tmp_path / 'store'}")
    here = run(ROOT, ROOT, *AUDIT, *options, *PAGELESS)
    assert here.returncode == 0, here.stdout[-3000:] + here.stderr[-2000:]
    one, other = stated(elsewhere / "reports" / "latest"), stated(tmp_path / "report")
    assert one["claims"] == other["claims"] and one["protocol"] == other["protocol"]
    # What only a clone can know, and what no two runs share.
    own = {"generated", "run", "files", "environment"}
    assert {k: v for k, v in one.items() if k not in own} == {
        k: v for k, v in other.items() if k not in own
    }
    judged = [claim["id"] for claim in one["claims"] if claim["cells"][0]["finding"]]
    assert judged == ["i", "premise"] or judged == ["premise", "i"]


def test_either_place_verifies_the_report_of_the_other(installed: Path, elsewhere: Path) -> None:
    report = elsewhere / "reports" / "latest"
    done = run(installed, elsewhere, "bnclaims", "verify", str(report))
    assert done.returncode == 0, done.stdout + done.stderr
    assert verified_here(report) == done.stdout


def test_the_exit_code_of_the_audit_is_that_of_pytest(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "bnclaims", "audit", "--protocol=nowhere.toml")
    assert done.returncode == 4 and "nowhere.toml" in done.stderr
