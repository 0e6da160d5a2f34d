"""The command `bnclaims calibrate`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bnclaims.audit.beside.results import Mostly, Specificity
from bnclaims.audit.verdict import Verdict
from bnclaims.commands.cli import main
from bnclaims.protocol.schema import FAMILY
from bnclaims.run.calibrate import calibration
from bnclaims.run.calibrate.suite import Suite, SuiteVerdict


@pytest.fixture
def suites(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the suites that were asked for; every one supports (v) and nothing else."""
    asked: list[int] = []

    def run(world: str, suite: int, **options: object) -> Suite:
        asked.append(suite)
        said = {"v": SuiteVerdict(verdict=Verdict.SUPPORTED, seeds=16 + 16 * (suite % 2))}
        nothing = SuiteVerdict(verdict=Verdict.INCONCLUSIVE, seeds=64)
        return Suite(
            said=dict.fromkeys(FAMILY, nothing) | said,
            specific=Specificity.SPECIFIC,
            mostly=Mostly.THRESHOLD,
            seconds=0.5,
        )

    monkeypatch.setattr(calibration, "run_suite", run)
    return asked


def test_every_verdict_is_counted_with_its_interval(suites: list[int]) -> None:
    done = CliRunner().invoke(
        main, ["calibrate", "--world=two_majority_effect", "--suites=20", "--json"]
    )
    result = json.loads(done.stdout)
    assert suites == list(range(20))
    assert result["any_wrong"] == {
        "count": 20,
        "rate": 1.0,
        # Clopper and Pearson: (alpha / 2) ** (1 / n) where all n are wrong.
        "low": pytest.approx(0.025 ** (1 / 20)),
        "high": 1.0,
    }
    assert result["claims"]["v"]["wrong_verdicts"] == ["SUPPORTED"]
    assert result["claims"]["v"]["mean_seeds"] == 24
    assert result["claims"]["iv"]["wrong"]["count"] == 0
    assert result["claims"]["iv"]["verdicts"]["INCONCLUSIVE"]["count"] == 20
    # A premise that holds there is a moved threshold.
    assert result["beside"]["specific"]["wrong"]["count"] == 20
    assert result["beside"]["mostly"]["wrong"]["count"] == 0
    assert result["processor_seconds"] == 10


def test_a_true_verdict_is_not_counted_as_wrong(suites: list[int]) -> None:
    done = CliRunner().invoke(main, ["calibrate", "--world=mixed_cells", "--suites=2", "--json"])
    assert json.loads(done.stdout)["any_wrong"]["count"] == 0


def test_another_seed_has_other_suites(suites: list[int]) -> None:
    for seed in (0, 1):
        CliRunner().invoke(main, ["calibrate", "--world=null", "--suites=3", f"--seed={seed}"])
    assert len(set(suites)) == len(suites) == 6


def test_the_table_says_what_is_wrong_and_how_often(
    suites: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    done = CliRunner().invoke(main, ["calibrate", "--world=null", "--suites=4"])
    assert done.exit_code == 0
    assert "any wrong verdict over the family: 100.0% [39.8%, 100.0%]" in done.stdout
    assert "no gain anywhere" in done.stdout


def test_an_unknown_world_is_one_sentence(suites: list[int]) -> None:
    done = CliRunner().invoke(main, ["calibrate", "--world=flat"])
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].startswith("error: --world flat: unknown; use one of null,")
    assert not suites


def test_a_file_of_counts_is_gone_on_with_where_it_ends(suites: list[int], tmp_path: Path) -> None:
    into = tmp_path / "counts" / "null.json"
    for total in (3, 5):
        done = CliRunner().invoke(
            main, ["calibrate", "--world=null", f"--suites={total}", f"--into={into}"]
        )
        assert done.exit_code == 0, done.stderr
    # The first is run once more, to see that the same judge goes on.
    assert suites == [0, 1, 2, 0, 3, 4]
    kept = json.loads(into.read_text(encoding="utf-8"))
    at_once = CliRunner().invoke(main, ["calibrate", "--world=null", "--suites=5", "--json"])
    assert kept == json.loads(at_once.stdout)
    assert kept["claims"]["v"]["said"] == "SSSSS"


@pytest.mark.parametrize(
    ("option", "change", "sentence"),
    [
        ("--world=peak", lambda text: text, "was counted in another world"),
        ("--seed=1", lambda text: text, "was counted in another world"),
        ("--jobs=1", lambda text: text.replace('"SSS"', '"RSS"'), "its first suite says something"),
        ("--jobs=1", lambda text: text.replace('"SSS"', '"SS"'), "is no file of a calibration"),
        ("--jobs=1", lambda text: text[:200], "is no file of a calibration"),
    ],
)
def test_a_file_of_other_counts_is_left_as_it_is(
    suites: list[int], tmp_path: Path, option: str, change: Callable[[str], str], sentence: str
) -> None:
    into = tmp_path / "null.json"
    command = ["calibrate", "--world=null", f"--into={into}"]
    CliRunner().invoke(main, [*command, "--suites=3"])
    text = change(into.read_text(encoding="utf-8"))
    into.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, [*command, "--suites=5", option])
    assert done.exit_code == 2
    assert sentence in done.stderr.splitlines()[-1]
    assert into.read_text(encoding="utf-8") == text
