"""The command `bnclaims calibrate`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from bnclaims.audit.results import Verdict
from bnclaims.commands.cli import main
from bnclaims.protocol.schema import FAMILY
from bnclaims.run.calibrate import calibration
from bnclaims.run.calibrate.calibration import SuiteVerdict


@pytest.fixture
def suites(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the suites that were asked for; every one supports (v) and nothing else."""
    asked: list[int] = []

    def run(world: str, suite: int, **options: object) -> dict[str, SuiteVerdict]:
        asked.append(suite)
        said = {"v": SuiteVerdict(verdict=Verdict.SUPPORTED, seeds=8 + 8 * (suite % 2))}
        nothing = SuiteVerdict(verdict=Verdict.INCONCLUSIVE, seeds=32)
        return dict.fromkeys(("premise", *FAMILY), nothing) | said

    monkeypatch.setattr(calibration, "run_suite", run)
    return asked


def test_every_word_is_counted_with_its_interval(suites: list[int]) -> None:
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
    assert result["claims"]["v"]["wrong_words"] == ["SUPPORTED"]
    assert result["claims"]["v"]["mean_seeds"] == 12
    assert result["claims"]["iv"]["wrong"]["count"] == 0
    assert result["claims"]["iv"]["verdicts"]["INCONCLUSIVE"]["count"] == 20


def test_a_true_word_is_not_counted_as_wrong(suites: list[int]) -> None:
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
    assert "any wrong word over the six claims: 100.0% [39.8%, 100.0%]" in done.stdout
    assert "no gain anywhere" in done.stdout


def test_an_unknown_world_is_one_sentence(suites: list[int]) -> None:
    done = CliRunner().invoke(main, ["calibrate", "--world=flat"])
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].startswith("error: --world flat: unknown; use one of null,")
    assert not suites
