"""The workflows: their form, their rights, and every command in them run as a runner would.

There is no GPU, no network and no GitHub here, so stand-ins take the place of four programs. They
record how they were called and do what is said beside each; everything else is the real thing.
"""

from __future__ import annotations

import hashlib
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
from click.testing import CliRunner

from bnclaims.commands.cli import main
from bnclaims.protocol.load import FOLDER
from fixtures.projects import CLAIM_FILE, small_protocol
from fixtures.shell import shellcheck

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
    "gh": """
        case "$1 $2 $*" in
            "issue list "*"--state open"*) printf '%s' "$OPEN_ISSUE" ;;
            "issue list "*"--state closed"*) printf '%s' "$CLOSED_ISSUE" ;;
        esac
    """,
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


def commands() -> list[tuple[str, str]]:
    """Every command of the workflows and the script that they call, by the place where it stands."""
    found = [
        (f"{path.name}, {name}", step["run"])
        for path in WORKFLOWS
        for job in yaml.safe_load(path.read_text("utf-8"))["jobs"]
        for name, step in steps(path.name, job).items()
    ]
    scripts = [(f".ci/{path.name}", path.read_text("utf-8")) for path in (ROOT / ".ci").iterdir()]
    return [*found, *scripts]


def test_shellcheck_finds_nothing_in_any_command() -> None:
    assert {place: shellcheck(text) for place, text in commands() if shellcheck(text)} == {}
    # It would have found something.
    assert "SC2086" in shellcheck("for file in $1; do rm $file; done")


# What may stand within ${{ }}: the fields of `github` that are used, and functions.
GIVEN = {f"github.{name}" for name in ("ref", "run_id", "run_attempt", "server_url", "repository")}
GIVEN |= {"github.token"}
FUNCTIONS = {"cancelled", "always"}


def unknown_names(workflow: str) -> list[str]:
    """Names in the expressions of a workflow that nothing gives: misspelt, or of a later step."""
    loaded = yaml.safe_load(workflow)
    unknown = names_in({k: v for k, v in loaded.items() if k != "jobs"}) - GIVEN
    for job in loaded["jobs"].values():
        needed = job.get("needs", [])
        outputs = {
            f"needs.{name}.outputs.{output}"
            for name in ([needed] if isinstance(needed, str) else needed)
            for output in loaded["jobs"][name].get("outputs", {})
        }
        matrix = job.get("strategy", {}).get("matrix", {})
        known = GIVEN | outputs | {f"matrix.{name}" for name in matrix.keys() - {"include"}}
        unknown |= names_in({k: v for k, v in job.items() if k not in ("steps", "outputs")}) - known
        for step in job["steps"]:
            unknown |= names_in(step) - known
            if "id" in step:
                written = re.findall(r'echo "(\w+)=.*>> "\$GITHUB_OUTPUT"', step.get("run", ""))
                known |= {f"steps.{step['id']}.outputs.{name}" for name in written}
                known |= {f"steps.{step['id']}.outcome"}
        unknown |= names_in(job.get("outputs", {})) - known
    return sorted(unknown)


def names_in(part: Any) -> set[str]:
    texts = re.findall(r"\$\{\{(.*?)\}\}", json.dumps(part))
    words = {
        name for text in texts for name in re.findall(r"[a-z][\w.-]*", re.sub("'.*?'", "", text))
    }
    return words - FUNCTIONS


def test_expressions_name_steps_outputs_and_jobs_that_are_there() -> None:
    for path in WORKFLOWS:
        assert unknown_names(path.read_text("utf-8")) == [], path.name


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("steps.compare.outputs.changed", "steps.compared.outputs.changed"),
        ("steps.compare.outputs.changed", "steps.compare.outputs.change"),
        ("needs.audit.outputs.changed", "needs.audits.outputs.changed"),
        ("github.run_id", "github.runid"),
        ("!cancelled()", "!canceled()"),
        ("id: audit", "id: audited"),
    ],
)
def test_the_check_of_the_expressions_would_find_a_misspelt_name(right: str, wrong: str) -> None:
    text = (ROOT / ".github" / "workflows" / "nightly.yml").read_text("utf-8")
    assert right in text
    assert unknown_names(text.replace(right, wrong)) != []


def test_the_labels_of_the_own_runner_are_made_known_to_actionlint() -> None:
    runs_on = {
        label
        for _, _, job in jobs()
        if isinstance(job["runs-on"], list)
        for label in job["runs-on"]
    }
    config = yaml.safe_load((ROOT / ".github" / "actionlint.yaml").read_text("utf-8"))
    assert runs_on - {"self-hosted", "linux"} == set(config["self-hosted-runner"]["labels"])


def test_the_protocol_of_the_night_is_built_in() -> None:
    if not (FOLDER / "nightly.toml").is_file():
        pytest.skip("the nightly protocol is not part of this version yet")
    assert "--protocol nightly" in steps("nightly.yml", "audit")["Audit"]["run"]


def test_a_report_is_committed_that_nights_of_that_protocol_are_held_against() -> None:
    loaded = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text("utf-8"))
    expected = ROOT / loaded["env"]["EXPECTED"]
    assert (expected / "protocol.toml").read_bytes() == (FOLDER / "nightly.toml").read_bytes()
    # What a machine without a store begins with: every network of its first night, whole.
    assert CliRunner().invoke(main, ["verify", str(expected)]).exit_code == 0


def test_a_machine_without_a_store_begins_with_that_report(tmp_path: Path) -> None:
    store = tmp_path / "store"
    done = CliRunner().invoke(
        main, ["store", "add", str(ROOT / "reports" / "nightly"), "--store", str(store)]
    )
    assert done.exit_code == 0, done.output
    assert (
        "Nights noted that these are the seeds of: 1." in done.output
        and "not added" not in done.output
    )
    night = ["--protocol", "nightly", "--store", str(store), "--json"]
    plan = json.loads(CliRunner().invoke(main, ["plan", *night]).stdout)
    first, both = plan["totals"]["first_looks"], plan["totals"]["all_looks"]
    # The next night is the second, and trains its own seeds alone.
    assert first["left"] == 0 < first["stored"] == both["left"] == both["trials"] / 2


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
            "CLOSED_ISSUE": "",
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


def test_ci_verifies_reports_on_every_python_and_with_the_oldest_and_newest_versions() -> None:
    loaded = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    matrix = loaded["jobs"]["elsewhere"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert {entry["versions"] for entry in matrix["include"]} == {"oldest", "newest"}
    assert "windows-latest" in {entry["os"] for entry in matrix["include"]}
    step = steps("ci.yml", "elsewhere")["Verify every report with the wheel"]
    assert step["run"].split()[0] == ".ci/elsewhere"
    assert os.access(ROOT / ".ci" / "elsewhere", os.X_OK)


def test_a_night_with_the_same_verdicts_is_green_and_opens_no_issue(night: Runner) -> None:
    job = steps("nightly.yml", "audit")
    assert list(job) == [
        "Look for the expected report",
        "Install",
        "Fill an empty store",
        "Audit",
        "Verify the report",
        "Compare",
    ]
    for name, step in job.items():
        done = night.run(step)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
    assert night.calls("python3") == [["-m", "venv", ".venv"]]
    assert night.calls("pip") == [["install", "-q", "-c", "constraints.txt", "-e", "."]]
    assert night.text("GITHUB_PATH").strip() == str(night.project / ".venv" / "bin")
    asked = "claims -n 4 --gpu --protocol nightly --expect=reports/nightly --report=night/report"
    assert night.calls("pytest") == [asked.split()]
    added, verified, *_ = night.calls("bnclaims")
    assert added == ["store", "add", "reports/nightly"]
    assert verified == ["verify", "night/report"]
    # What the committed report was judged on is not trained again.
    document = json.loads((night.project / "night" / "report" / "report.json").read_text("utf-8"))
    assert document["run"]["trained"] == 0
    assert night.text("GITHUB_OUTPUT") == "changed=0\n"
    compared = night.project / "night" / "compared"
    assert (compared / "changes.txt").read_text("utf-8") == ""
    assert json.loads((compared / "compare.json").read_text("utf-8"))["verdicts_differ"] is False
    assert "| claim, cell |" in (compared / "compare.md").read_text("utf-8")


def test_a_night_with_another_verdict_is_red_and_says_so_to_the_job_that_opens_the_issue(
    night: Runner,
) -> None:
    expect_other_words(night.project)
    job = steps("nightly.yml", "audit")
    codes = {name: night.run(step).returncode for name, step in job.items()}
    assert codes.pop("Look for the expected report") == 0
    assert codes == {
        "Install": 0,
        "Fill an empty store": 0,
        "Audit": 1,
        "Verify the report": 0,
        "Compare": 0,
    }
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


def test_a_store_that_is_there_is_left_as_it_is(night: Runner) -> None:
    store = night.project / ".bnclaims" / "store"
    store.mkdir(parents=True)
    (store / "store.json").write_text("not read")
    assert night.run(steps("nightly.yml", "audit")["Fill an empty store"]).returncode == 0
    assert night.calls("bnclaims") == []


def test_a_first_night_without_an_expected_report_says_what_to_do_and_trains_nothing(
    night: Runner,
) -> None:
    shutil.rmtree(night.project / "reports" / "nightly")
    # GitHub leaves out the later steps: they want an audit that was begun.
    first = next(iter(steps("nightly.yml", "audit").values()))
    done = night.run(first)
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert line.startswith("::error::reports/nightly holds no report")
    assert line.endswith(
        "make the first one on this machine with the command at the top of nightly.yml, and commit it."
    )
    assert done.stderr == ""


def test_what_another_night_left_behind_is_not_taken_for_tonight_s_report(night: Runner) -> None:
    # Its store stays, so the checkout removes nothing.
    store = night.project / ".bnclaims" / "store" / "trials"
    stale = night.project / "night" / "report"
    for folder in (store, stale, night.project / ".venv" / "old"):
        folder.mkdir(parents=True)
    shutil.copy(night.project / "reports" / "nightly" / "report.json", stale)
    job = steps("nightly.yml", "audit")
    assert night.run(job["Install"]).returncode == 0
    assert store.is_dir()
    assert not stale.exists() and not (night.project / ".venv" / "old").exists()
    loaded = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text("utf-8"))
    assert loaded["jobs"]["audit"]["steps"][0]["with"]["clean"] is False


def test_a_long_night_ends_before_its_job_so_that_it_is_compared() -> None:
    loaded = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text("utf-8"))
    job = loaded["jobs"]["audit"]
    (audit,) = [step for step in job["steps"] if step.get("id") == "audit"]
    assert audit["timeout-minutes"] + 30 <= job["timeout-minutes"]


def test_a_night_that_broke_before_its_report_is_no_changed_verdict(night: Runner) -> None:
    (night.project / "claims" / "test_small.py").write_text("import nothing_of_that_name\n")
    job = steps("nightly.yml", "audit")
    codes = {name: night.run(step).returncode for name, step in job.items() if name != "Install"}
    assert codes.pop("Audit") != 0
    assert codes.pop("Fill an empty store") == 0
    assert codes.pop("Look for the expected report") == 0
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
    issue = loaded["jobs"]["issue"]
    assert issue["needs"] == "audit"
    assert issue["if"] == "${{ !cancelled() && needs.audit.outputs.changed == '1' }}"
    assert loaded["jobs"]["audit"]["outputs"]["changed"] == "${{ steps.compare.outputs.changed }}"


# What the last closed issue names, and what becomes of a night with a change.
CHANGE = "claim (vi): was `$(touch x)`, is REFUTED\n"
SAME = f"(these are {hashlib.sha256(CHANGE.encode()).hexdigest()[:16]})"


@pytest.mark.parametrize(
    ("opened", "closed", "written"),
    [
        ("", "", "issue create"),
        ("17", "", "issue edit"),
        ("17", SAME, "issue edit"),
        ("", SAME, None),
        ("", "(these are 0123456789abcdef)", "issue create"),
    ],
    ids=["first", "open", "open again", "closed for the same", "closed for another"],
)
def test_an_issue_is_opened_once_updated_afterwards_and_left_closed(
    tmp_path: Path, opened: str, closed: str, written: str | None
) -> None:
    project = tmp_path / "elsewhere"
    compared = project / "night" / "compared"
    compared.mkdir(parents=True)
    (compared / "changes.txt").write_text(CHANGE, "utf-8")
    (compared / "compare.md").write_text("| premise | SUPPORTED | REFUTED |\n", "utf-8")
    (step,) = steps("nightly.yml", "issue").values()
    loaded = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text("utf-8"))
    runner = Runner(project, loaded["env"])
    issues = {"OPEN_ISSUE": opened, "CLOSED_ISSUE": f"Changes {closed}\nmore" if closed else ""}
    done = runner.run(step, LABEL=step["env"]["LABEL"], RUN="https://here/7", **issues)
    assert done.returncode == 0, done.stderr
    label, *lists = runner.calls("gh")[:3]
    assert label[:3] == ["label", "create", "verdict-change"]
    assert all(call[:2] == ["issue", "list"] and "verdict-change" in call for call in lists)
    wrote = [" ".join(call[:2]) for call in runner.calls("gh")[3:]]
    assert wrote == ([written] if written else [])
    if written == "issue edit":
        assert runner.calls("gh")[3] == ["issue", "edit", "17", "--body-file", "body.md"]
    elif written:
        assert runner.calls("gh")[3][-2:] == ["--body-file", "body.md"]
    else:
        assert "::notice::The same changes as in the issue that was closed last" in done.stdout
    body = (project / "body.md").read_text("utf-8")
    assert f"    {CHANGE}" in body and "https://here/7" in body
    assert SAME in body and "| premise | SUPPORTED | REFUTED |\n" in body
    assert not (project / "x").exists()
