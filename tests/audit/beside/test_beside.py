"""What stands beside the verdicts of an audit, on records of synthetic worlds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bnclaims.audit.beside.audit import with_beside
from bnclaims.audit.beside.networks import beats_chance, only_chance
from bnclaims.audit.beside.results import (
    CellBeside,
    Mostly,
    NetworkCount,
    Retention,
    Size,
    Specificity,
    Summary,
)
from bnclaims.audit.beside.summary import summary_of
from bnclaims.audit.claim import claim, claim_of, discover
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.judge import audit
from bnclaims.audit.results import Audit, Verdict
from bnclaims.audit.statements.paired_effects import Effect
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import (
    FINAL_BN,
    KEPT,
    PLAIN,
    PRIOR_SHIFTED,
    REMOVED,
    WEIGHTED_LOSS,
)
from bnclaims.protocol.trial import Trial
from bnclaims.run.inventory import selection_here
from bnclaims.store.record import Record
from bnclaims.training.synthetic import trainer
from fixtures.projects import with_every_claim

CLAIMS = discover(Path(__file__).parents[3] / "claims")
IDS = ("premise", "i", "v", "alt-threshold", "lasting")
Train = Callable[[Trial], Record]


def audited(train: Train, *ids: str) -> Audit:
    claims = [claim for claim in CLAIMS if claim.id in ids]
    protocol = with_every_claim(claim.id for claim in claims)
    return with_beside(audit(claims, protocol, selection_here("digits"), train))


@cache
def in_world(name: str, **changes: float) -> Audit:
    return audited(trainer(name, **changes), *IDS)


def row(made: Audit, id: str) -> Summary:
    return next(summary_of(made, judged) for judged in made.claims if judged.claim.id == id)


def beside(made: Audit, id: str) -> CellBeside:
    assert made.beside is not None
    return next(iter(made.beside[id].values()))


def constant(trial: Trial) -> Record:
    """A network that calls every image a minority."""
    record = trainer("effect")(trial)
    scores = {place: np.zeros_like(given) for place, given in record.scores.items()}
    for given in scores.values():
        given[:, 0] = -1.0
    return dataclasses.replace(record, scores=scores)


def test_a_layer_that_only_moves_the_threshold_holds_because_of_that() -> None:
    made = in_world("effect")
    for id in ("premise", "i", "lasting"):
        found = row(made, id)
        assert found.verdict is Verdict.SUPPORTED
        assert found.threshold is not None and found.threshold.low > 0.9
        assert found.mostly == {Mostly.THRESHOLD: 1}
        assert found.lasting is Verdict.SUPPORTED
        # Sixteen seeds cannot show that a rare collapse of the threshold would not matter.
        seeds = beside(made, id).effects[0].seeds
        matched = Specificity.MOVED_THRESHOLD if seeds > 16 else Specificity.NOT_KNOWN
        assert found.specific == {matched: 1}
    assert row(made, "premise").specific == {Specificity.MOVED_THRESHOLD: 1}
    assert row(made, "i").retained == {Retention.MOST: 1}
    assert row(made, "premise").retained == {}


def test_a_layer_that_ranks_better_is_specific_and_no_moved_threshold() -> None:
    def better(trial: Trial) -> Record:
        ability = 2.5 if trial.arm == FINAL_BN else 0.3
        return trainer("effect", ability=ability)(trial)

    found = row(audited(better, "premise"), "premise")
    assert found.specific == {Specificity.SPECIFIC: 1}
    assert found.mostly == {Mostly.RANKING: 1}
    assert found.lasting is None


def test_claim_i_is_explained_by_the_network_without_its_layer() -> None:
    def useless_without(trial: Trial) -> Record:
        """All is as it should be with the layer; without it every image is called the majority."""
        record = trainer("effect")(trial)
        scores = dict(record.scores)
        if (REMOVED, "test") in scores and trial.setting.epochs != 10:
            scores[REMOVED, "test"] = np.zeros_like(scores[REMOVED, "test"])
        return dataclasses.replace(record, scores=scores)

    made = in_world("effect", removed=0.5)
    (premise,), (i,) = beside(made, "premise").effects, beside(made, "i").effects
    assert i.threshold_share is not None and premise.threshold_share is not None
    assert i.threshold_share.gain.estimate < premise.threshold_share.gain.estimate - 0.05
    assert i.retained is not None
    assert i.specific != premise.specific
    # Networks that were trained to an end keep nothing once their layer is gone.
    lost = audited(useless_without, "premise", "i", "lasting")
    assert row(lost, "lasting").lasting is row(lost, "premise").lasting is Verdict.SUPPORTED
    assert row(lost, "i").verdict is Verdict.SUPPORTED
    assert row(lost, "i").lasting is not Verdict.SUPPORTED


def test_both_readings_of_a_sigmoid_say_what_makes_their_gain() -> None:
    found = beside(audited(trainer("effect"), "vi"), "vi").effects
    assert {"sigmoid", "sigmoid_k"} <= {effect.setting for effect in found}
    for effect in found:
        assert effect.threshold_share is not None
        assert effect.threshold_share.word is Mostly.THRESHOLD
        # A moved threshold is all that this world has, which knows one prior, that of one logit.
        if effect.setting != "sigmoid_k":
            assert effect.specific.word is not Specificity.SPECIFIC
            assert abs(effect.specific.scores[1].estimate or 0.0) < 0.1


def test_the_premise_and_claim_i_are_judged_on_the_same_networks() -> None:
    made = in_world("effect")
    (premise,), (i,) = beside(made, "premise").effects, beside(made, "i").effects
    seeds = {judged.claim.id: judged.cells[0].seeds for judged in made.claims}
    assert seeds["premise"] < seeds["i"] == premise.seeds == i.seeds


def test_three_classes_have_no_threshold_and_no_share_of_it() -> None:
    assert all(effect.threshold_share is None for effect in beside(in_world("effect"), "v").effects)
    assert row(in_world("effect"), "v").threshold is None


def test_a_comparison_is_no_effect_and_has_an_answer_at_both_prevalences() -> None:
    found = beside(in_world("effect"), "alt-threshold")
    assert found.effects == () and found.at_training_prevalence is not None
    assert found.at_training_prevalence.answer is not None
    premise = beside(in_world("effect"), "premise").at_training_prevalence
    assert premise is not None and premise.answer is None
    assert premise.f1.metric == "natural_f1"


def test_an_effect_of_another_intervention_has_nothing_of_the_layer_beside_it() -> None:
    """Its claim trained no final BN."""

    @claim("premise", "A weighted loss raises both scores.", arms=(PLAIN, WEIGHTED_LOSS))
    def weighted(evidence: Evidence) -> Effect:
        """Gain of a weighted loss."""
        return Effect("gain", evidence.both(WEIGHTED_LOSS) - evidence.both(PLAIN))

    declared = claim_of(weighted)
    assert declared is not None
    protocol = with_every_claim(["premise"])
    made = with_beside(audit([declared], protocol, selection_here("digits"), trainer("effect")))
    found = beside(made, "premise")
    assert {counted.arm for counted in found.networks} == {PLAIN, WEIGHTED_LOSS}
    assert found.effects == () and found.at_training_prevalence is None


def test_networks_are_counted_by_arm_and_readout() -> None:
    found = {(n.arm, n.readout): n for n in beside(in_world("effect"), "i").networks}
    assert {(PLAIN, KEPT), (FINAL_BN, KEPT), (FINAL_BN, REMOVED)} <= found.keys()
    assert found[FINAL_BN, KEPT].dead == found[FINAL_BN, KEPT].one_sided == 0
    assert (PLAIN, PRIOR_SHIFTED) not in found
    plain = found[PLAIN, KEPT]
    low, high = plain.dead_interval
    assert plain.dead > plain.seeds / 2 and low < plain.dead / plain.seeds < high


def test_a_network_that_calls_all_a_minority_is_dead_and_one_sided() -> None:
    made = audited(constant, "premise")
    for counted in beside(made, "premise").networks:
        assert counted.dead == counted.one_sided == counted.seeds
        assert counted.often_one_sided and counted.j.estimate == 0
    assert row(made, "premise").one_sided and not row(in_world("effect"), "premise").one_sided


@pytest.mark.parametrize(
    ("train", "chance"),
    [
        (constant, True),
        (trainer("broken_trainer"), True),
        (trainer("effect"), False),
        (trainer("null", ability=0.0, plain=0.0), True),
    ],
)
def test_where_nothing_beats_chance_that_is_known(train: Train, chance: bool) -> None:
    assert only_chance(audited(train, "premise", "i")) is chance


@pytest.mark.parametrize(
    ("protocol", "seeds", "known"),
    [("quick", 7, False), ("quick", 16, True), ("nightly", 12, False), ("nightly", 60, True)],
)
def test_too_few_networks_to_show_anything_are_not_called_chance(
    protocol: str, seeds: int, known: bool
) -> None:
    network = NetworkCount(
        setting="main",
        arm=PLAIN,
        readout=KEPT,
        seeds=seeds,
        dead=0,
        dead_interval=(0.0, 0.5),
        one_sided=0,
        j=Size(metric="j", estimate=0.9, interval=(0.8, 1.0)),
        p_above_chance=1.0,
    )
    cell = CellBeside(networks=(network,), effects=(), at_training_prevalence=None)
    assert beats_chance([cell], load_protocol(protocol).rules) is (False if known else None)


def test_a_lasting_gain_is_one_of_the_same_setting_and_arms_have_rates_of_their_own() -> None:
    made = in_world("effect")
    (cell,) = made.cells["lasting"]
    trials = cell.trials([PLAIN, FINAL_BN], [0])
    rates = {trial.arm: trial.setting.learning_rate for trial in trials}
    assert len(trials) == 2 and rates[PLAIN] != rates[FINAL_BN]
    other = dataclasses.replace(
        made, cells={**made.cells, "lasting": (dataclasses.replace(cell, settings={}),)}
    )
    assert row(other, "premise").lasting is None


@pytest.mark.parametrize(
    ("id", "counts_as", "settings"), [("premise", None, 1), ("iv", None, 0), ("iv", "dataset", 1)]
)
def test_without_a_primary_cell_all_count_but_in_a_replication_those_that_stand_for_one(
    id: str, counts_as: str | None, settings: int
) -> None:
    made = in_world("effect")
    (judged,) = (one for one in made.claims if one.claim.id == "premise")
    (iv,) = (one for one in CLAIMS if one.id == "iv")
    (cell,) = made.cells["premise"]
    cell = dataclasses.replace(cell, primary=False, counts_as=counts_as)
    one = dataclasses.replace(
        judged,
        claim=judged.claim if id == "premise" else dataclasses.replace(iv, id="premise"),
        cells=tuple(
            dataclasses.replace(at, primary=False, counts_as=counts_as) for at in judged.cells
        ),
    )
    other = dataclasses.replace(made, cells={**made.cells, "premise": (cell,)})
    assert summary_of(other, one).settings == settings


def test_it_is_made_once_and_changes_no_verdict() -> None:
    made = in_world("effect")
    assert with_beside(made) is made
    bare = dataclasses.replace(made, beside=None)
    assert bare.claims == with_beside(bare).claims
