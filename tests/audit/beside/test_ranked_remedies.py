"""The ranked table of remedies: its words where the truth is known, and the advice that follows from it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bnclaims.audit.beside.remedies import RANKED_BY, advice, effort, standings
from bnclaims.audit.beside.results import RemedyRow, Size, Standing
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import FINAL_BN, FOCAL, KEPT, PLAIN, TUNED_THRESHOLD
from docs.calibration.remedies import WORLDS, calibrated, drawn
from fixtures.columns import column

RULES = dataclasses.replace(load_protocol("remedies").rules, draws=999)
SUITES = 12


@pytest.mark.parametrize("world", ["none differs", "one is best", "several are equal"])
def test_its_words_are_right_in_worlds_of_known_truth(world: str) -> None:
    """The whole proof is docs/calibration/remedies.json; a judge without any correction fails here."""
    found = calibrated(world, 16, SUITES, RULES)
    assert found["any_wrong"] == 0


def test_the_best_is_found_and_the_others_are_told_to_be_worse() -> None:
    random = np.random.default_rng(5)
    found = standings(drawn("one is best", 32, random), RULES)
    assert [standing.gains for standing in found] == [False] * 17 + [True]
    assert [standing.among_best for standing in found] == [False] * 17 + [True]


def test_a_missing_network_never_helps_a_remedy() -> None:
    better = [0.8] * 16
    whole = standings([column([0.2] * 16), column(better)], RULES)
    lacking = standings([column([0.2] * 16), column([*better[:8], *[None] * 8])], RULES)
    assert whole[1].gains and not lacking[1].gains
    assert not whole[0].among_best and lacking[0].among_best


def test_a_missing_plain_network_might_have_been_perfect() -> None:
    remedy = column([0.8] * 16)
    lacking = standings([column([*[0.2] * 8, *[None] * 8]), remedy], RULES)
    assert not lacking[1].gains and lacking[0].among_best


@pytest.mark.parametrize(("gain", "helps"), [(0.05, False), (0.099, False), (0.15, True)])
def test_a_gain_too_small_to_matter_is_better_and_does_not_help(gain: float, helps: bool) -> None:
    found = standings([column([0.2] * 16), column([0.2 + gain] * 16)], RULES)
    assert found[1].gains is helps
    assert found[1].among_best and not found[0].among_best


def test_worlds_have_the_gains_that_they_name() -> None:
    random = np.random.default_rng(3)
    for world, truth in WORLDS.items():
        columns = drawn(world, 2000, random)
        means = [float(np.mean([float(value) for value in one.low])) for one in columns]
        assert [mean - means[0] for mean in means] == pytest.approx(list(truth), abs=0.02)


def row(
    name: str, arm: str, readout: str, j: float, words: tuple[tuple[bool, bool], tuple[bool, bool]]
) -> RemedyRow:
    """A row whose words in J and in F1 are (gains, among the best)."""
    size = Size(metric="j", estimate=j, interval=(j, j))
    return RemedyRow(
        name=name,
        arm=arm,
        readout=readout,
        j=size,
        natural_f1=size,
        gain_j=size,
        gain_f1=size,
        gain_natural_f1=size,
        standings=tuple(
            Standing(metric=metric.name, p_gain=0, gains=gains, p_worse=1, among_best=best)
            for metric, (gains, best) in zip(RANKED_BY, words, strict=True)
        ),
        ece=size,
        effort=effort(arm, readout),
    )


YES, NO = (True, True), (False, False)


def test_what_changes_least_is_taken_of_those_that_help_in_both_scores() -> None:
    layer = row("final BN", FINAL_BN, KEPT, 0.5, (YES, YES))
    moved = row("threshold tuned", PLAIN, TUNED_THRESHOLD, 0.4, (YES, YES))
    loss = row("focal loss", FOCAL, KEPT, 0.6, (YES, YES))
    taken, said = advice([loss, layer, moved], prevalence=0.05, beats_chance=True)
    assert taken == "threshold tuned"
    assert said.startswith("Take threshold tuned: it gains +0.40 in J and +0.40 in F1 where the")
    assert "5 %" in said
    assert advice([loss, layer], prevalence=0.05, beats_chance=True)[0] == "focal loss"


def test_each_prevalence_has_its_own_where_none_helps_in_both() -> None:
    even = row("focal loss", FOCAL, KEPT, 0.5, (YES, NO))
    rare = row("final BN", FINAL_BN, KEPT, 0.4, (NO, YES))
    taken, said = advice([even, rare], prevalence=0.01, beats_chance=True)
    assert taken is None
    assert "as frequent, take focal loss" in said and "is 1 %, take final BN" in said
    alone = advice([even], prevalence=0.01, beats_chance=True)[1]
    assert alone.endswith(
        "where the minority is 1 %, keep the plain network: no gain in F1 is shown."
    )


def test_without_a_gain_the_plain_network_stays() -> None:
    same = row("focal loss", FOCAL, KEPT, 0.02, ((False, True), (False, True)))
    assert advice([same], prevalence=0.01, beats_chance=True) == (
        None,
        "Keep the plain network: no remedy is shown to gain what matters.",
    )
    beaten = row("focal loss", FOCAL, KEPT, 0.2, ((True, False), (False, True)))
    assert "another one" in advice([beaten], prevalence=0.01, beats_chance=True)[1]


@pytest.mark.parametrize("beats_chance", [True, None])
def test_chance_is_said_before_all_else(beats_chance: bool | None) -> None:
    good = row("focal loss", FOCAL, KEPT, 0.5, (YES, YES))
    assert advice([good], prevalence=0.01, beats_chance=beats_chance)[0] == "focal loss"
    taken, said = advice([good], prevalence=0.01, beats_chance=False)
    assert taken is None and said.startswith("Nothing here beats chance")
