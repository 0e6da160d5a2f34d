"""The command line: what it prints, its exit codes, and one sentence when something is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from bnclaims import datasets, worlds
from bnclaims.audit import audit
from bnclaims.cells import Selection
from bnclaims.claim import discover
from bnclaims.cli import main
from bnclaims.protocol import load_protocol
from bnclaims.report.write import write_report
from bnclaims.trial import FINAL_BN, Trial
from fixtures.projects import CLAIM_FILE, small_protocol

# Eight seeds of two arms under a softmax, which both claims use, and under a sigmoid.
FIRST_LOOKS = 8 * 2 * 2
ALL_LOOKS = 32 * 2 * 2

Invoke = Callable[..., Result]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two small claims and their protocol."""
    root = tmp_path_factory.mktemp("project")
    (root / "claims").mkdir()
    (root / "claims" / "test_small.py").write_text(CLAIM_FILE)
    (root / "small.toml").write_text(small_protocol())
    return root


@pytest.fixture(scope="module")
def written(project: Path) -> Path:
    """The report of an audit of the small claims."""
    protocol = load_protocol(str(project / "small.toml"))
    page = '<meta name="report-sha256" content="{}">'
    made = audit(
        discover(project / "claims"),
        protocol,
        Selection(dataset="digits"),
        worlds.trainer("effect"),
    )
    with pytest.MonkeyPatch.context() as patch:
        # The page takes seconds to draw and is not what is tested here.
        patch.setattr(
            "bnclaims.report.html.render",
            lambda document, trials, *, report_sha256: page.format(report_sha256),
        )
        return write_report(made, project / "report")


@pytest.fixture
def invoke(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Runs a command in an empty folder; ``small=True`` adds the small claims and protocol."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "250")

    def run(*words: str, small: bool = False) -> Result:
        if small:
            words += (f"--claims={project / 'claims'}", f"--protocol={project / 'small.toml'}")
        return CliRunner().invoke(main, words)

    return run


def sentence(result: Result) -> str:
    """The one sentence of a command that was refused."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: ") and line.endswith(".")
    return line.removeprefix("error: ")


# --- help -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", *main.commands])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself(invoke: Invoke, name: str, option: str) -> None:
    result = invoke(*name.split(), option)
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")
    command = main.commands[name] if name else main
    assert command.help is not None
    assert command.help.splitlines()[0] in " ".join(result.output.split())
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.opts[0] in result.output
            assert parameter.help, f"{name} {parameter.opts[0]} has no help"


def test_the_help_lists_every_command(invoke: Invoke) -> None:
    assert set(main.commands) == {"calibrate", "plan", "train", "verify", "datasets"}
    for name in main.commands:
        assert f"\n  {name}" in invoke("--help").output


# --- plan -----------------------------------------------------------------------------------------


def test_a_plan_lists_cells_with_looks_and_trials(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("plan", small=True)
    assert result.exit_code == 0
    rows = [line.split("│")[1:-1] for line in result.output.splitlines() if line.count("│") == 7]
    cells = {row[0].strip(): [part.strip() for part in row] for row in rows}
    assert cells["premise"][1:5] == ["simple_cnn *", "1", "8 / 16 / 32", "64"]
    assert cells["vi"][1:5] == ["one logit *", "2", "8 / 16 / 32", "128"]
    assert "protocol small on digits" in result.output
    assert f"{FIRST_LOOKS} trials for the first looks, at most {ALL_LOOKS} in all" in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_plan_as_json_is_one_trial_per_line(invoke: Invoke) -> None:
    result = invoke("plan", "--json", small=True)
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    keys = [line.pop("key") for line in lines]
    assert [Trial.from_dict(line).key for line in lines] == keys
    assert len(set(keys)) == len(keys) == ALL_LOOKS


def test_a_plan_says_why_a_cell_is_left_out(invoke: Invoke) -> None:
    result = invoke("plan", "--dataset=leaves")
    assert result.exit_code == 0
    assert "this is the premise's own setting here, no replication" in result.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--protocol=nowhere"], "--protocol nowhere: no such file; use one of"),
        (["--dataset=dogs"], "--dataset dogs: protocol quick has no section"),
        (["--dataset=folder:nowhere"], "--dataset folder:nowhere: no such folder"),
        (["--data-root=nowhere"], "--data-root nowhere: no such folder"),
        (["--majority=cats"], "--majority and --minority go with --dataset folder:PATH"),
        (["--claims=nowhere"], "--claims nowhere: no such folder"),
    ],
)
def test_a_wrong_option_is_refused_in_one_sentence(
    invoke: Invoke, options: list[str], words: str
) -> None:
    for command in ("plan", "train"):
        assert sentence(invoke(command, *options)).startswith(words)


# --- train ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shard", ["0/4", "5/4", "1", "1/", "/4", "a/b", "-1/4", "1/4/2", "1.0/4", "²/3", "1/0", ""]
)
def test_a_shard_that_is_none_is_refused_in_one_sentence(
    invoke: Invoke, tmp_path: Path, shard: str
) -> None:
    message = sentence(invoke("train", f"--shard={shard}"))
    assert message == f"--shard {shard}: give I/N with 1 <= I <= N, e.g. 1/4."
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_executor_is_refused_before_any_work(invoke: Invoke, tmp_path: Path) -> None:
    assert sentence(invoke("train", "--executor=warp")).startswith("--executor warp: unknown; use")
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_a_file_is_refused_in_one_sentence(
    invoke: Invoke, synthetic: None, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    assert "--store" in sentence(invoke("train", "--store=file", small=True))


@pytest.fixture
def synthetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks from the synthetic world, and no images."""
    monkeypatch.setattr(
        "bnclaims.trainer.NetworkTrainer", lambda executor, sources: worlds.trainer("effect")
    )
    monkeypatch.setattr("bnclaims.datasets.check", lambda task, *, sources: None)


def stored(root: Path) -> set[str]:
    return {path.stem for path in (root / ".bnclaims" / "store" / "trials").rglob("*.trial")}


def test_shards_train_every_trial_of_the_first_looks_once(
    invoke: Invoke, synthetic: None, tmp_path: Path, project: Path
) -> None:
    trained = 0
    for shard in ("1/3", "2/3", "3/3"):
        before = len(stored(tmp_path))
        result = invoke("train", "--shard", shard, small=True)
        assert result.exit_code == 0
        own = len(stored(tmp_path)) - before
        assert result.stdout == f"{own} trained, 0 stored before.\n"
        assert 0 < own < FIRST_LOOKS
        trained += own
    assert trained == len(stored(tmp_path)) == FIRST_LOOKS
    again = invoke("train", small=True)
    assert again.stdout == f"0 trained, {FIRST_LOOKS} stored before.\n"


def test_training_all_looks_trains_the_whole_plan(
    invoke: Invoke, synthetic: None, tmp_path: Path
) -> None:
    assert invoke("train", "--looks=all", small=True).exit_code == 0
    planned = invoke("plan", "--json", small=True).stdout.splitlines()
    assert stored(tmp_path) == {json.loads(line)["key"] for line in planned}


def test_a_trial_that_fails_is_named_and_the_others_are_trained(
    invoke: Invoke, synthetic: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = worlds.trainer("effect")

    def fragile(trial: Trial) -> Any:
        if (trial.setting.head, trial.arm, trial.seed) == ("sigmoid", FINAL_BN, 2):
            raise RuntimeError("no sigmoid today")
        return make(trial)

    monkeypatch.setattr("bnclaims.trainer.NetworkTrainer", lambda executor, sources: fragile)
    result = invoke("train", small=True)
    assert result.exit_code == 1
    assert "no sigmoid today" in result.stderr and "Traceback" not in result.output
    assert result.stdout == f"{FIRST_LOOKS - 1} trained, 0 stored before.\n"
    assert len(stored(tmp_path)) == FIRST_LOOKS - 1


# --- verify ---------------------------------------------------------------------------------------


def verify(invoke: Invoke, project: Path, report: Path) -> Result:
    return invoke("verify", str(report), f"--claims={project / 'claims'}")


def test_a_report_that_follows_from_its_predictions_is_verified(
    invoke: Invoke, project: Path, written: Path
) -> None:
    result = verify(invoke, project, written)
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"verified: {written}: 2 claims, ")


def test_a_report_with_another_word_is_not_verified_and_the_word_is_named(
    invoke: Invoke, project: Path, written: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(written, tmp_path / "copy")
    document = json.loads((copy / "report.json").read_text())
    assert document["claims"][1]["verdict"] == "REFUTED"
    document["claims"][1]["verdict"] = "SUPPORTED"
    (copy / "report.json").write_text(json.dumps(document))
    result = verify(invoke, project, copy)
    assert result.exit_code == 1
    assert "SUPPORTED" in result.output and "REFUTED" in result.output
    assert f"NOT VERIFIED: {copy}: " in result.output


def test_what_is_no_report_cannot_be_verified(
    invoke: Invoke, project: Path, written: Path, tmp_path: Path
) -> None:
    assert "nowhere" in sentence(verify(invoke, project, tmp_path / "nowhere"))
    copy = shutil.copytree(written, tmp_path / "copy")
    (copy / "report.json").write_text("{")
    assert "report.json" in sentence(verify(invoke, project, copy))
    assert "--claims" in sentence(verify(invoke, tmp_path, written))


# --- datasets -------------------------------------------------------------------------------------


def test_datasets_are_listed_with_their_licences(invoke: Invoke) -> None:
    result = invoke("datasets")
    assert result.exit_code == 0
    for name in datasets.DATASETS:
        info = datasets.info(name)
        for words in (name, info.title, info.licence, info.citation, *info.files):
            assert words in result.output
    assert "--dataset folder:PATH" in result.output


def test_a_contact_sheet_is_drawn_of_a_named_dataset(invoke: Invoke, tmp_path: Path) -> None:
    assert sentence(invoke("datasets", "--contact-sheet=sheet.png")).startswith("--contact-sheet")
    result = invoke("datasets", "--contact-sheet=sheet.png", "--dataset=digits")
    assert (result.exit_code, result.output) == (0, "wrote sheet.png\n")
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    unknown = invoke("datasets", "--contact-sheet=other.png", "--dataset=digit")
    assert "did you mean digits" in sentence(unknown)
