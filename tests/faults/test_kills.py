"""Processes killed at random moments: no record is lost or half-read, none is trained again."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from bnclaims.store.store import Store
from fixtures.faults import Project, content, kill_at_random
from fixtures.projects import TWO_LOOKS, small_protocol

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="children are found in /proc")

MORE_LOOKS = "seeds = [8, 16, 32, 128], weights = [0.25, 0.25, 0.25, 0.25]"


def test_a_run_survives_a_few_random_kills(
    project: Project, undisturbed: dict[str, object]
) -> None:
    project.trial_seconds = 0.1
    lost = kill_at_random(project, random.Random(5), kills=4, workers=2)
    project.trial_seconds = 0.0
    assert project.run() == pytest.ExitCode.TESTS_FAILED, project.output()
    project.assert_sound(lost=lost)
    assert content(project.report) == undisturbed


@pytest.mark.long
def test_a_run_survives_fifty_random_kills(tmp_path: Path, measured: Callable[..., None]) -> None:
    looks = "seeds = [16, 32, 64], weights = [0.5, 0.25, 0.25]"
    text = small_protocol().replace(looks, MORE_LOOKS).replace(TWO_LOOKS, MORE_LOOKS)
    text = text.replace("value = 99999", "value = 9999")
    assert MORE_LOOKS in text
    # Nothing is decided early there, so that there is enough to train between the kills.
    calm = Project(tmp_path / "calm", world="grey_zone")
    rough = Project(tmp_path / "rough", world="grey_zone", trial_seconds=0.2)
    for project in (calm, rough):
        (project.folder / "small.toml").write_text(text)
    assert calm.run() in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), calm.output()
    kills = 50
    lost = kill_at_random(rough, random.Random(7), kills=kills, workers=3)
    rough.trial_seconds = 0.0
    assert rough.run() in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), rough.output()
    rough.assert_sound(lost=lost)
    assert content(rough.report) == content(calm.report)
    stored, begun = Store.open(rough.store).keys(), rough.trainings()
    measured(
        kills=kills,
        trials=len(stored),
        trained_in_vain=len(begun) - len(stored),
        trained_again=sum(again for _, again in begun),
        lost=len(Store.open(calm.store).keys() - stored),
    )
