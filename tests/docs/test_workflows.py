"""The workflows: their form, their rights, and every command in them run as a runner would.

There is no GPU, no network and no GitHub here, so stand-ins take the place of four programs. They
record how they were called and do what is said beside each; everything else is the real thing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bnclaims.protocol import FOLDER
from fixtures.projects import CLAIM_FILE, small_protocol

yaml = pytest.importorskip("yaml", reason="the tests of the workflows need PyYAML")

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

# What the workflows call and cannot have here. `pytest` and `bnclaims` run for real, on a small
# protocol and a synthetic world, without the GPU, with one worker in place of four.
STAND_INS = {
    "python3": """
        case "$*" in
            "-m venv .venv") mkdir -p .venv/bin && cp "$STAND_INS"/* .venv/bin/ ;;
            *) exit 64 ;;
        esac
    """,
    "pip": """ [ -f constraints.txt ] """,
    "pytest": """
        words=()
        for word in "$@"; do
            case "$word" in
                --gpu) ;;
                4) words+=(1) ;;
                nightly) words+=(small.toml --world=effect) ;;
                *) words+=("$word") ;;
            esac
        done
        exec "$PYTHON" -m pytest "${words[@]}" -p no:cacheprovider
    """,
    "bnclaims": """ exec "$PYTHON" -m bnclaims "$@" """,
    "gh": """ [ "$1 $2" != "issue list" ] || printf '%s' "$OPEN_ISSUE" """,
}
RECORD = """#!/usr/bin/env bash
set -eu
"$PYTHON" -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "$(basename "$0")" "$@" >> "$CALLS"
"""


def steps(workflow: str, job: str) -> dict[str, dict[str, Any]]:
    """The steps of a job that run a command, by name."""
    loaded = yaml.safe_load((ROOT / ".github" / "workflows" / workflow).read_text("utf-8"))
    return {step["name"]: step for step in loaded["jobs"][job]["steps"] if "run" in step}


def jobs() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path.name, name, job)
        for path in WORKFLOWS
        for name, job in yaml.safe_load(path.read_text("utf-8"))["jobs"].items()
    ]


# --- form -----------------------------------------------------------------------------------------


def test_the_workflows_are_what_github_reads() -> None:
    files = [str(path) for path in WORKFLOWS]
    if shutil.which("actionlint"):
        command = ["actionlint", *files]
    else:
        pytest.importorskip(
            "check_jsonschema", reason="neither actionlint nor check-jsonschema is installed"
        )
        schema = ["--builtin-schema", "vendor.github-workflows"]
        command = [sys.executable, "-m", "check_jsonschema", *schema, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_check_of_the_form_would_find_a_misspelt_key(tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    text = WORKFLOWS[0].read_text("utf-8").replace("timeout-minutes", "timeout-minuets")
    (tmp_path / "wrong.yml").write_text(text, "utf-8")
    command = ["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run(
        [sys.executable, *command, str(tmp_path / "wrong.yml")], capture_output=True, check=False
    )
    assert done.returncode == 1


def test_every_job_has_an_end_and_every_action_a_major_version() -> None:
    assert {path.name for path in WORKFLOWS} == {"ci.yml", "nightly.yml"}
    for workflow, name, job in jobs():
        assert 0 < job["timeout-minutes"] <= 480, (workflow, name)
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"actions/[a-z/-]+@v[0-9]+", step["uses"]), step["uses"]
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_rights_are_those_to_read_and_one_job_s_to_write_issues() -> None:
    for path in WORKFLOWS:
        loaded = yaml.safe_load(path.read_text("utf-8"))
        assert loaded["permissions"] == {"contents": "read"}
        assert loaded["concurrency"]["group"]
    rights = {(workflow, name): job.get("permissions") for workflow, name, job in jobs()}
    assert {key: value for key, value in rights.items() if value} == {
        ("nightly.yml", "issue"): {"issues": "write"}
    }


def test_no_value_of_github_is_pasted_into_a_command() -> None:
    for workflow, name, job in jobs():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), (workflow, name)


def test_the_protocol_of_the_night_is_built_in() -> None:
    if not (FOLDER / "nightly.toml").is_file():
        pytest.skip("the nightly protocol is not part of this version yet")
    assert "--protocol nightly" in steps("nightly.yml", "audit")["Audit"]["run"]


# --- commands -------------------------------------------------------------------------------------


class Runner:
    """A job's shell, as GitHub's runner starts it, in a small project."""

    def __init__(self, project: Path, variables: Mapping[str, str]) -> None:
        self.project = project
        self.stand_ins = project.parent / "stand_ins"
        self.stand_ins.mkdir()
        for name, body in STAND_INS.items():
            (self.stand_ins / name).write_text(f"{RECORD}{body}\n", "utf-8")
            (self.stand_ins / name).chmod(0o755)
        self.files = {
            name: project.parent / name.lower()
            for name in ("GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "CALLS")
        }
        for path in self.files.values():
            path.touch()
        self.variables = dict(variables)

    def run(self, step: Mapping[str, Any], **variables: str) -> subprocess.CompletedProcess[str]:
        added = [line for line in self.text("GITHUB_PATH").splitlines() if line]
        path = os.pathsep.join([*reversed(added), str(self.stand_ins), os.environ["PATH"]])
        clean = {
            k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "GH_", "GITHUB"))
        }
        environment = {
            **clean,
            **{name: str(file) for name, file in self.files.items()},
            "PATH": path,
            "PYTHON": sys.executable,
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "STAND_INS": str(self.stand_ins),
            "OPEN_ISSUE": "",
            **self.variables,
            **variables,
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.project,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def text(self, name: str) -> str:
        return self.files[name].read_text("utf-8")

    def calls(self, program: str) -> list[list[str]]:
        """How a program was called, word by word."""
        made = map(json.loads, self.text("CALLS").splitlines())
        return [words for name, *words in made if name == program]


def small_project(folder: Path) -> Path:
    """A project whose protocol has two cells and whose claims are judged in seconds."""
    project = folder / "project"
    (project / "claims").mkdir(parents=True)
    (project / "claims" / "test_small.py").write_text(CLAIM_FILE, "utf-8")
    (project / "small.toml").write_text(small_protocol(), "utf-8")
    (project / "conftest.py").write_text('pytest_plugins = ["bnclaims.plugin"]\n', "utf-8")
    (project / "constraints.txt").touch()
    return project


@pytest.fixture(scope="module")
def first_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report that a repository commits once, made by the command of the workflow's comment."""
    project = small_project(tmp_path_factory.mktemp("first"))
    runner = Runner(project, {})
    text = (ROOT / ".github" / "workflows" / "nightly.yml").read_text("utf-8")
    (command,) = re.findall(r"^#   (pytest claims .*)$", text, re.MULTILINE)
    done = runner.run({"run": command})
    # One of the two claims is refuted, which is what fails a run that expects nothing.
    assert done.returncode == 1, done.stdout + done.stderr
    return project / "reports" / "nightly"


@pytest.fixture
def night(tmp_path: Path, first_report: Path) -> Runner:
    """A runner of the nightly job, in a project with a committed report."""
    project = small_project(tmp_path)
    shutil.copytree(first_report, project / "reports" / "nightly")
    loaded = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text("utf-8"))
    return Runner(project, loaded["env"])


def expect_other_words(project: Path) -> None:
    report = project / "reports" / "nightly" / "report.json"
    document = json.loads(report.read_text("utf-8"))
    for entry in (document["claims"][1], document["claims"][1]["cells"][0]):
        entry["verdict"] = "INCONCLUSIVE"
    report.write_text(json.dumps(document), "utf-8")


def test_ci_runs_the_script_that_the_repository_has(tmp_path: Path) -> None:
    (step,) = steps("ci.yml", "ci").values()
    assert step["run"].strip() == ".ci/run"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    # The script itself runs these tests, so that another stands for it here.
    project = small_project(tmp_path)
    (project / ".ci").mkdir()
    (project / ".ci" / "run").write_text("#!/bin/sh\necho ran\nexit 3\n", "utf-8")
    (project / ".ci" / "run").chmod(0o755)
    done = Runner(project, {}).run(step)
    assert (done.returncode, done.stdout) == (3, "ran\n")


def test_a_night_with_the_same_verdicts_is_green_and_opens_no_issue(night: Runner) -> None:
    job = steps("nightly.yml", "audit")
    assert list(job) == ["Install", "Audit", "Verify the report", "Compare"]
    for name, step in job.items():
        done = night.run(step)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
    assert night.calls("python3") == [["-m", "venv", ".venv"]]
    assert night.calls("pip") == [["install", "-q", "-c", "constraints.txt", "-e", "."]]
    assert night.text("GITHUB_PATH").strip() == str(night.project / ".venv" / "bin")
    asked = "claims -n 4 --gpu --protocol nightly --expect=reports/nightly --report=night/report"
    assert night.calls("pytest") == [asked.split()]
    assert night.calls("bnclaims")[0] == ["verify", "night/report"]
    assert night.text("GITHUB_OUTPUT") == "changed=0\n"
    compared = night.project / "night" / "compared"
    assert (compared / "changes.txt").read_text("utf-8") == ""
    assert json.loads((compared / "compare.json").read_text("utf-8"))["verdicts_differ"] is False
    assert (compared / "index.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_night_with_another_verdict_is_red_and_says_so_to_the_job_that_opens_the_issue(
    night: Runner,
) -> None:
    expect_other_words(night.project)
    job = steps("nightly.yml", "audit")
    codes = {name: night.run(step).returncode for name, step in job.items()}
    assert codes == {"Install": 0, "Audit": 1, "Verify the report": 0, "Compare": 0}
    assert night.text("GITHUB_OUTPUT") == "changed=1\n"
    line = "claim (vi): was INCONCLUSIVE, is REFUTED\n"
    assert (night.project / "night" / "compared" / "changes.txt").read_text("utf-8") == line
    assert night.text("GITHUB_STEP_SUMMARY") == line


def test_what_is_uploaded_is_what_the_steps_write_and_is_not_hidden(night: Runner) -> None:
    loaded = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text("utf-8"))
    used = {
        step["uses"].partition("@")[0]: step["with"]
        for job in loaded["jobs"].values()
        for step in job["steps"]
        if "uses" in step and "with" in step
    }
    upload = used["actions/upload-artifact"]
    for name in ("FOUND", "COMPARED"):
        assert Path(loaded["env"][name]).is_relative_to(upload["path"])
    assert not any(part.startswith(".") for part in Path(upload["path"]).parts)
    download = used["actions/download-artifact"]
    assert (download["name"], download["path"]) == (upload["name"], upload["path"])
    for action in ("restore", "save"):
        assert used[f"actions/cache/{action}"]["path"] == ".bnclaims/store"
    assert used["actions/cache/restore"]["key"] == used["actions/cache/save"]["key"]
    assert used["actions/cache/save"]["key"].startswith(
        used["actions/cache/restore"]["restore-keys"]
    )


def test_a_night_that_broke_before_its_report_is_no_changed_verdict(night: Runner) -> None:
    (night.project / "claims" / "test_small.py").write_text("import nothing_of_that_name\n")
    job = steps("nightly.yml", "audit")
    codes = {name: night.run(step).returncode for name, step in job.items() if name != "Install"}
    assert codes.pop("Audit") != 0
    assert codes == {"Verify the report": 2, "Compare": 2}
    assert night.text("GITHUB_OUTPUT") == ""


def test_later_steps_run_after_a_red_audit_and_the_issue_only_after_a_changed_verdict() -> None:
    loaded = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text("utf-8"))
    after = "${{ !cancelled() && steps.audit.outcome != 'skipped' }}"
    conditions = {
        step.get("name", step.get("uses")): step.get("if")
        for step in loaded["jobs"]["audit"]["steps"]
    }
    for name in ("Verify the report", "Compare", "Upload the report"):
        assert conditions[name] == after
    assert conditions["Save the store"] == after.replace("!cancelled()", "always()")
    issue = loaded["jobs"]["issue"]
    assert issue["needs"] == "audit"
    assert issue["if"] == "${{ !cancelled() && needs.audit.outputs.changed == '1' }}"
    assert loaded["jobs"]["audit"]["outputs"]["changed"] == "${{ steps.compare.outputs.changed }}"


@pytest.mark.parametrize("number", ["", "17"])
def test_an_issue_is_opened_once_and_updated_afterwards(tmp_path: Path, number: str) -> None:
    project = tmp_path / "elsewhere"
    compared = project / "night" / "compared"
    compared.mkdir(parents=True)
    (compared / "changes.txt").write_text("claim (vi): was `$(touch x)`, is REFUTED\n", "utf-8")
    (step,) = steps("nightly.yml", "issue").values()
    loaded = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text("utf-8"))
    runner = Runner(project, loaded["env"])
    done = runner.run(step, LABEL=step["env"]["LABEL"], RUN="https://here/7", OPEN_ISSUE=number)
    assert done.returncode == 0, done.stderr
    label, listed, written = runner.calls("gh")
    assert label[:3] == ["label", "create", "verdict-change"]
    assert listed[:2] == ["issue", "list"] and "verdict-change" in listed
    if number:
        assert written == ["issue", "edit", "17", "--body-file", "body.md"]
    else:
        assert written[:2] == ["issue", "create"] and written[-2:] == ["--body-file", "body.md"]
    body = (project / "body.md").read_text("utf-8")
    assert "    claim (vi): was `$(touch x)`, is REFUTED\n" in body and "https://here/7" in body
    assert not (project / "x").exists()
