"""The command line: what it prints, its exit codes, and one sentence when something is wrong."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from bnclaims import datasets
from bnclaims.audit.claim import discover
from bnclaims.audit.judge import audit
from bnclaims.commands.cli import COMMANDS, main
from bnclaims.commands.datasets import _fitted
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import FINAL_BN
from bnclaims.protocol.trial import Trial
from bnclaims.report.write import write_report
from bnclaims.run.inventory import selection_here
from bnclaims.store.store import Store
from bnclaims.training import synthetic
from fixtures.projects import CLAIM_FILE, small_protocol

# Sixteen seeds of two arms under a softmax, which both claims use, and under a sigmoid.
FIRST_LOOKS = 16 * 2 * 2
ALL_LOOKS = 64 * 2 * 2
# Where the softmax gains and a sigmoid does not.
AS_THE_PAPER = "mixed_cells"

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
        selection_here("digits"),
        synthetic.trainer("effect"),
    )
    with pytest.MonkeyPatch.context() as patch:
        # The page takes seconds to draw and is not what is tested here.
        patch.setattr(
            "bnclaims.report.page.html.render",
            lambda document, trials, *, report_sha256, **others: page.format(report_sha256),
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


@pytest.mark.parametrize("name", ["", *COMMANDS])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself(invoke: Invoke, name: str, option: str) -> None:
    result = invoke(*name.split(), option)
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")
    command = main.get_command(click.Context(main), name) if name else main
    assert command is not None
    assert command.help is not None
    assert command.help.splitlines()[0] in " ".join(result.output.split())
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.opts[0] in result.output
            assert parameter.help, f"{name} {parameter.opts[0]} has no help"


def test_the_list_of_commands_cuts_no_sentence_short() -> None:
    listed = (
        CliRunner().invoke(main, ["--help"], terminal_width=80).output.partition("Commands:")[2]
    )
    lines = listed.strip().splitlines()
    assert len(lines) == len(COMMANDS)
    assert [line for line in lines if not line.endswith(".") or line.endswith("...")] == []


def test_the_help_lists_every_command(invoke: Invoke) -> None:
    listed = invoke("--help").output
    for name in COMMANDS:
        assert f"\n  {name} " in listed


def test_datasets_break_between_words_on_a_terminal_and_stay_whole_in_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = (
        "a clone of github.com/spMohanty/PlantVillage-Dataset; the pack was made from it, resized"
    )
    assert _fitted("    from     ", text) == f"    from     {text}"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    first, *more = _fitted("    from     ", text).splitlines()
    assert first.startswith("    from     a clone")
    assert more and all(len(line) <= 60 and line.startswith(" " * 13) for line in more)
    assert " ".join([first, *more]).split()[1:] == text.split()


# --- plan -----------------------------------------------------------------------------------------


def test_a_plan_lists_trials_groups_and_cells_without_a_store(
    invoke: Invoke, tmp_path: Path
) -> None:
    result = invoke("plan", small=True)
    assert result.exit_code == 0
    rows = [re.split(r"\s{2,}", line.strip()) for line in result.output.splitlines()]
    assert ["trials", str(FIRST_LOOKS), str(ALL_LOOKS)] in rows
    assert ["groups (settings)", "2", "2"] in rows
    assert ["stored already", "0", "0"] in rows
    cells = {row[0]: row[1:] for row in rows if row[0].startswith(("premise", "(vi)"))}
    gain, none = cells["premise simple_cnn*: effect ≥ 0.1"], cells["(vi) one logit*: within ±0.1"]
    assert gain[0] == none[0] == "(0.15?)"
    assert none[1] == "–"  # no look of absence at 16 seeds
    assert (gain[-1], none[-1]) == ("16 to first look",) * 2
    assert "protocol small on digits" in result.output
    assert f"Times of {ALL_LOOKS} trials, from 0 stored ones: {ALL_LOOKS} assumed" in result.output
    # Nothing is stored: what is still wanted is all of it.
    assert "time in all, one worker" in result.output and "time still" not in result.output
    assert "90 GFLOP/s" in result.output
    assert any(row[0] == "core-hours in all" for row in rows)
    assert list(tmp_path.iterdir()) == []


def test_the_trials_of_a_plan_are_one_json_object_per_line(invoke: Invoke) -> None:
    result = invoke("plan", "--trials-json", small=True)
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    keys = [line.pop("key") for line in lines]
    assert [Trial.from_dict(line).key for line in lines] == keys
    assert len(set(keys)) == len(keys) == ALL_LOOKS


def told(result: Result) -> dict[str, Any]:
    """The plan that ``--json`` printed."""
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def cells_told(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {claim["id"]: claim["cells"][0] for claim in document["claims"]}


def test_a_plan_as_json_has_what_the_table_has_and_more(invoke: Invoke) -> None:
    document = told(invoke("plan", "--json", small=True))
    assert document["store"] == {"path": None, "timed_trials": 0, "damaged": []}
    assert document["unit"] == "core-hours"
    for name, trials in (("first_looks", FIRST_LOOKS), ("all_looks", ALL_LOOKS)):
        total = document["totals"][name]
        assert (total["trials"], total["groups"], total["stored"]) == (trials, 2, 0)
        assert total["left"] == total["whole"]["basis"]["assumed"] == trials
        assert total["whole"]["unknown"] == 0 < total["whole"]["hours"]
    assert [group["all_looks"] for group in document["groups"]] == [128, 128]
    for group in document["groups"]:
        assert {arm: told["basis"] for arm, told in group["arms"].items()} == {
            "plain": "assumed",
            "final_bn": "assumed",
        }
    premise = cells_told(document)["premise"]
    assert (premise["status"], premise["looks"]) == ("open", [16, 32, 64])
    assert (premise["seeds_missing"], premise["seeds_to_next_look"]) == (None, 16)
    (contrast,) = premise["contrasts"]
    assert (contrast["spread"], contrast["assumed"]) == (pytest.approx(0.15), True)
    wider = told(invoke("plan", "--json", "--assumed-spread=0.3", small=True))
    for claim, per_spread in (("premise", (1, 2)), ("vi", (2, 2))):
        (contrast,), (other,) = (cells_told(at)[claim]["contrasts"] for at in (document, wider))
        ratios = [
            wide["smallest"] / narrow["smallest"]
            for narrow, wide in zip(contrast["looks"], other["looks"], strict=True)
            if narrow["smallest"] is not None
        ]
        # The guard against rare collapses asks for a large effect however small the spread.
        least, most = per_spread
        assert all(least < ratio < most or ratio == pytest.approx(most) for ratio in ratios)


@pytest.mark.parametrize("simulated", [AS_THE_PAPER], indirect=True)
def test_a_plan_tells_what_is_decided_and_how_many_seeds_are_missing(
    invoke: Invoke, simulated: None, tmp_path: Path
) -> None:
    assert invoke("train", small=True).exit_code == 0
    document = told(invoke("plan", "--json", small=True))
    cells = cells_told(document)
    # 16 seeds support the premise and are too few to show that there is no gain with a sigmoid.
    assert (cells["premise"]["status"], cells["premise"]["verdict"]) == ("decided", "SUPPORTED")
    assert (cells["vi"]["status"], cells["vi"]["verdict"]) == ("open", None)
    assert (cells["vi"]["seeds_missing"], cells["vi"]["pilot_seeds"]) == (16, 16)
    assert cells["vi"]["chances"][-1]["seeds"] == 32
    assert cells["vi"]["chances"][-1]["supported"] > 0
    (contrast,) = cells["vi"]["contrasts"]
    assert contrast["assumed"] is False and contrast["spread"] < 0.15
    low, high = contrast["spread_interval"]
    assert low < contrast["spread"] < high
    every = document["totals"]["all_looks"]
    assert (every["stored"], every["left"]) == (FIRST_LOOKS, ALL_LOOKS - FIRST_LOOKS)
    # A store of a synthetic world took no time.
    assert document["store"]["timed_trials"] == 0
    table = invoke("plan", small=True)
    assert re.search(r"premise simple_cnn\*.*SUPPORTED at 16", table.output)
    assert re.search(r"\(vi\) one logit\*.*16 more \(\d+%\)", table.output)
    assert invoke("train", "--looks=all", small=True).exit_code == 0
    # Both are decided by 32 seeds: a later one that is missing is wanted by neither.
    later = next(
        json.loads(line)["key"]
        for line in invoke("plan", "--trials-json", small=True).stdout.splitlines()
        if json.loads(line)["seed"] == 10040
    )
    Store.open(tmp_path / ".bnclaims" / "store").path(later).unlink()
    done = told(invoke("plan", "--json", small=True))
    assert cells_told(done)["vi"]["verdict"] == "SUPPORTED"
    every = done["totals"]["all_looks"]
    assert (every["stored"], every["left"]) == (ALL_LOOKS - 1, 0)


def test_the_cost_of_a_plan_rests_on_stored_times(
    invoke: Invoke, simulated: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = synthetic.trainer(AS_THE_PAPER)

    def timed(trial: Trial) -> Any:
        took = 36.0 if trial.setting.head == "softmax" else 72.0
        seconds = {"train": took, "read": 0.0, "processor": took / 2}
        return dataclasses.replace(make(trial), seconds=seconds)

    monkeypatch.setattr("bnclaims.training.trainer.NetworkTrainer", lambda executor, sources: timed)
    assert invoke("train", small=True).exit_code == 0
    document = told(invoke("plan", "--json", small=True))
    first, every = document["totals"]["first_looks"], document["totals"]["all_looks"]
    assert first["whole"]["seconds"] == pytest.approx(32 * 36 + 32 * 72)
    assert first["whole"]["basis"] == {"stored": FIRST_LOOKS}
    assert first["to_do"]["seconds"] == 0
    assert every["whole"]["seconds"] == pytest.approx(128 * 36 + 128 * 72)
    assert every["whole"]["basis"] == {
        "stored": FIRST_LOOKS,
        "measured": ALL_LOOKS - FIRST_LOOKS,
    }
    # The premise is decided, claim (vi) may go on with both heads.
    assert every["to_do"]["hours"] == pytest.approx(96 * (36 + 72) / 2 / 3600)
    table = invoke("plan", "--workers=2", "--groups", small=True).output
    assert re.search(r"time in all, 2 workers +29 min +1 h 55 min", table)
    assert "time still wanted, 2 workers" in table
    assert re.search(r"sigmoid.* plain, final_bn +32 +128 +32 +72 +measured", table)
    # 32 seeds are proposed, the first 16 of which are these.
    proposed = told(invoke("plan", "--json", "--target-power=0.8", "--draws=20", small=True))
    assert proposed["proposed"]["basis"] == {"stored": FIRST_LOOKS, "measured": 128 - FIRST_LOOKS}


@pytest.mark.parametrize("simulated", [AS_THE_PAPER], indirect=True)
def test_numbers_of_seeds_are_proposed_from_a_pilot_for_a_power(
    invoke: Invoke, simulated: None, tmp_path: Path
) -> None:
    assert invoke("train", small=True).exit_code == 0
    words = ("plan", "--json", "--target-power=0.8", "--draws=20")
    first = invoke(*words, small=True)
    document = told(first)
    assert invoke(*words, small=True).stdout == first.stdout
    proposals = {claim: cell["proposal"] for claim, cell in cells_told(document).items()}
    assert proposals["premise"]["reached"] and 8 < proposals["premise"]["seeds"] < 32
    assert proposals["premise"]["chance"]["supported"] > 0
    # Absence is not looked for before.
    assert proposals["vi"]["reached"] and proposals["vi"]["seeds"] == 32
    assert proposals["vi"]["chance"]["supported"] > proposals["vi"]["chance"]["refuted"]
    # The softmax is shared.
    assert document["proposed"]["trials"] == 4 * 32
    table = invoke("plan", "--target-power=0.8", "--draws=20", small=True).output
    assert "seeds for a verdict with 80% power" in table
    assert re.search(r"\(vi\) one logit\* +16 +\d+% by 64 +32 +\d+% +\d+% +SUPPORTED", table)


def test_a_plan_without_a_pilot_proposes_no_seeds(invoke: Invoke) -> None:
    document = told(invoke("plan", "--json", "--target-power=0.8", small=True))
    assert {cell["proposal"] for cell in cells_told(document).values()} == {None}
    assert document["proposed"]["trials"] == 0
    assert "no pilot" in invoke("plan", "--target-power=0.8", small=True).output


def test_a_plan_names_damaged_trials_and_counts_them_as_not_stored(
    invoke: Invoke, simulated: None, tmp_path: Path
) -> None:
    assert invoke("train", small=True).exit_code == 0
    damaged = next((tmp_path / ".bnclaims" / "store" / "trials").rglob("*.trial"))
    damaged.write_bytes(b"nothing")
    document = told(invoke("plan", "--json", small=True))
    assert document["totals"]["all_looks"]["stored"] == FIRST_LOOKS - 1
    (words,) = document["store"]["damaged"]
    assert damaged.name in words


@pytest.mark.parametrize(("words", "loads"), [(["--trials-json"], 0), ([], 3)])
def test_a_plan_loads_torch_only_to_count_what_nothing_was_timed_of(
    project: Path, words: list[str], loads: int
) -> None:
    code = (
        "import sys; from bnclaims.commands.cli import COMMANDS, main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: sys.exit(end.code or ('torch' in sys.modules) * 3)"
    )
    options = [f"--claims={project / 'claims'}", f"--protocol={project / 'small.toml'}"]
    done = subprocess.run(
        [sys.executable, "-c", code, "plan", *options, *words],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == loads, done.stderr
    assert ("protocol small on digits" in done.stdout) == (not words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--target-power=0"], "--target-power 0: give a number between 0 and 1"),
        (["--target-power=nan"], "--target-power nan: give a number between 0 and 1"),
        (["--target-power=1"], "--target-power 1: give a number between 0 and 1"),
        (["--assumed-spread=0"], "--assumed-spread 0: give a standard deviation above 0"),
        (["--assumed-spread=inf"], "--assumed-spread inf: give a standard deviation above 0"),
        (["--json", "--trials-json"], "--json and --trials-json: choose one of the two"),
        (["--store=file"], "file is a file, not a store"),
        (["--store=full"], "full holds files (such as a.txt) but is not a store"),
    ],
)
def test_a_plan_refuses_what_means_nothing_in_one_sentence(
    invoke: Invoke, tmp_path: Path, options: list[str], words: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").touch()
    assert sentence(invoke("plan", *options, small=True)).startswith(words)


@pytest.mark.parametrize(
    ("dataset", "why"),
    [
        (
            "digits",
            "(iv) digits, simple_cnn: this is the premise's own setting here, no replication",
        ),
        ("leaves", "lasting trained to T**: left out on leaves by protocol quick"),
    ],
)
def test_a_plan_says_why_a_cell_is_left_out(invoke: Invoke, dataset: str, why: str) -> None:
    result = invoke("plan", f"--dataset={dataset}")
    assert result.exit_code == 0
    assert re.search(re.escape(why) + " +not run", result.output)


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


@pytest.mark.parametrize("store", ["file", "file/store"])
def test_a_store_that_is_a_file_is_refused_in_one_sentence(
    invoke: Invoke, simulated: None, tmp_path: Path, store: str
) -> None:
    (tmp_path / "file").touch()
    message = sentence(invoke("train", f"--store={store}", small=True))
    assert message == "file is a file, not a store: choose a folder with --store=DIR."


@pytest.fixture
def simulated(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks from a synthetic world, `effect` unless a test names another, and no images."""
    world = getattr(request, "param", "effect")
    monkeypatch.setattr(
        "bnclaims.training.trainer.NetworkTrainer",
        lambda executor, sources: synthetic.trainer(world),
    )
    monkeypatch.setattr("bnclaims.datasets.check", lambda task, *, sources: None)


def stored(root: Path) -> set[str]:
    return {path.stem for path in (root / ".bnclaims" / "store" / "trials").rglob("*.trial")}


def test_shards_train_every_trial_of_the_first_looks_once(
    invoke: Invoke, simulated: None, tmp_path: Path, project: Path
) -> None:
    trained = 0
    for shard in ("1/3", "2/3", "3/3"):
        before = len(stored(tmp_path))
        result = invoke("train", "--shard", shard, "--own-share-only", small=True)
        assert result.exit_code == 0
        own = len(stored(tmp_path)) - before
        assert result.stdout == f"{own} trained, 0 stored before.\n"
        assert 0 < own < FIRST_LOOKS
        trained += own
    assert trained == len(stored(tmp_path)) == FIRST_LOOKS
    again = invoke("train", small=True)
    assert again.stdout == f"0 trained, {FIRST_LOOKS} stored before.\n"


def test_a_shard_trains_what_the_others_have_not_once_its_own_is_done(
    invoke: Invoke, simulated: None, tmp_path: Path
) -> None:
    invoke("train", "--shard=1/3", "--own-share-only", small=True)
    first = len(stored(tmp_path))
    result = invoke("train", "--shard=3/3", small=True)
    assert result.exit_code == 0
    own, of_others = map(int, re.findall(r"(\d+) (?:trained|of other shares)", result.stdout))
    assert own > 0 and of_others > 0
    assert first + own + of_others == len(stored(tmp_path)) == FIRST_LOOKS


def test_training_all_looks_trains_the_whole_plan(
    invoke: Invoke, simulated: None, tmp_path: Path
) -> None:
    assert invoke("train", "--looks=all", small=True).exit_code == 0
    planned = invoke("plan", "--trials-json", small=True).stdout.splitlines()
    assert stored(tmp_path) == {json.loads(line)["key"] for line in planned}


def test_a_trial_that_fails_is_named_and_the_others_are_trained(
    invoke: Invoke, simulated: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = synthetic.trainer("effect")

    def fragile(trial: Trial) -> Any:
        if (trial.setting.head, trial.arm, trial.seed) == ("sigmoid", FINAL_BN, 10002):
            raise RuntimeError("no sigmoid today")
        return make(trial)

    monkeypatch.setattr(
        "bnclaims.training.trainer.NetworkTrainer", lambda executor, sources: fragile
    )
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
    assert result.stdout.startswith(f"verified: {written}: 2 claims, ")


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


def test_without_claims_anywhere_the_folder_with_them_is_asked_for(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As when the package was copied without them."""
    monkeypatch.setattr("bnclaims.run.claims_folder.CLAIMS", (tmp_path / "copied" / "claims",))
    (tmp_path / "report").mkdir()
    said = sentence(invoke("verify", str(tmp_path / "report")))
    assert said == (
        "--claims is not given, and there is no folder claims here; give the folder with the claim "
        "files, e.g. --claims my_claims."
    )


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("nowhere", "nowhere: no such folder; give that of a report"),
        ("report/report.json", "report/report.json: is a file; give the folder that holds"),
        ("empty", "empty/report.json: cannot be read"),
    ],
)
@pytest.mark.parametrize("command", ["verify", "compare"])
def test_what_is_no_folder_of_a_report_is_named_as_what_it_is(
    invoke: Invoke, written: Path, tmp_path: Path, command: str, folder: str, words: str
) -> None:
    shutil.copytree(written, tmp_path / "report")
    (tmp_path / "empty").mkdir()
    more = {"compare": ["report"]}.get(command, [])
    message = sentence(invoke(command, folder, *more))
    assert message.startswith(words)


# --- datasets -------------------------------------------------------------------------------------


def test_datasets_are_listed_with_their_licences(invoke: Invoke) -> None:
    result = invoke("datasets")
    assert result.exit_code == 0
    for name in datasets.DATASETS:
        info = datasets.info(name)
        files = [file for release in info.releases for file in release.files]
        for words in (name, info.title, info.licence, info.citation, *info.classes, *files):
            assert words in result.output
    assert "--dataset folder:PATH" in result.output
    assert "left out 295 images with defect probability 1/3, 106 images with" in result.output


def test_a_contact_sheet_is_drawn_of_a_named_dataset(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("datasets", "--contact-sheet=sheet.png", "--dataset=digits")
    assert (result.exit_code, result.output) == (0, "wrote sheet.png: digits\n")
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    unknown = invoke("datasets", "--contact-sheet=other.png", "--dataset=digit")
    assert "did you mean digits" in sentence(unknown)


def test_a_contact_sheet_of_no_dataset_is_of_all_that_are_here(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two that are always here and take no seconds to draw, and one that is not.
    known = {name: datasets.DATASETS[name] for name in ("digits", "mnist", "mnist-5k")}
    monkeypatch.setattr(datasets, "DATASETS", known)
    result = invoke("datasets", "--contact-sheet=sheet.png")
    assert (result.exit_code, result.output) == (0, "wrote sheet.png: digits, mnist-5k\n")
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    assert "--json" in sentence(invoke("datasets", "--contact-sheet=sheet.png", "--json"))


def test_what_is_known_of_datasets_is_told_as_json(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "train-images-idx3-ubyte.gz").write_bytes(b"")
    facts = json.loads(invoke("datasets", "--json", "--data-root=.").output)
    assert list(facts) == list(datasets.DATASETS)
    assert facts["digits"]["here"] and not facts["cifar10"]["here"]
    assert facts["mnist"]["where"] == "complete, in ."
    assert facts["cifar10"]["releases"][0]["download_bytes"] == 170_052_171
    assert sum(facts["elpv"]["releases"][0]["left_out"].values()) == 401
    for name, fact in facts.items():
        for release in fact["releases"]:
            assert release["images"] == sum(release["counts"].values()), name
            assert list(release["counts"]) == fact["classes"]
    alone = json.loads(invoke("datasets", "--json", "--dataset=leaves").output)
    assert alone["leaves"]["releases"][0]["groups"] == 3420


@pytest.mark.parametrize("name", ["digits", "leaves", "mnist-5k"])
def test_what_is_stated_of_a_dataset_is_what_it_holds(name: str) -> None:
    images = datasets.load(name, image_size=8, sources=datasets.Sources())
    (release,) = datasets.info(name).releases
    counts = [int((images.class_of == index).sum()) for index in range(len(images.classes))]
    assert dict(zip(images.classes, counts, strict=True)) == release.counts
    assert release.groups in (len(set(images.groups)), None)


def test_offline_a_dataset_that_is_not_here_has_no_contact_sheet(invoke: Invoke) -> None:
    options = ("--contact-sheet=sheet.png", "--dataset=mnist", "--offline")
    assert sentence(invoke("datasets", *options)).startswith("--offline")
