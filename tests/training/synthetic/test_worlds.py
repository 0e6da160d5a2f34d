"""Worlds with known truth: the whole path from claims to words, with only the trainer replaced."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from bnclaims.audit.claim import Claim, discover
from bnclaims.audit.judge import audit
from bnclaims.audit.results import Audit, CellJudgement, CellState, Verdict
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.names import FINAL_BN, KEPT, PLAIN, REMOVED
from bnclaims.protocol.schema import FAMILY
from bnclaims.protocol.trial import Trial
from bnclaims.run.inventory import selection_here
from bnclaims.store.record import Record
from bnclaims.training.synthetic import WORLDS, trainer, world
from fixtures.projects import with_every_claim
from fixtures.trials import setting_of, task_of

CLAIMS = discover(Path(__file__).parents[3] / "claims")
EVERY_CLAIM = with_every_claim(claim.id for claim in CLAIMS)
SUPPORTED, REFUTED = Verdict.SUPPORTED, Verdict.REFUTED
INCONCLUSIVE, INVALID = Verdict.INCONCLUSIVE, Verdict.INVALID


def chosen(*ids: str) -> list[Claim]:
    found = [claim for claim in CLAIMS if claim.id in ids]
    assert len(found) == len(ids)
    return found


def audited(read: Callable[[Trial], Record | None], claims: list[Claim]) -> Audit:
    return audit(claims, EVERY_CLAIM, selection_here("digits"), read)


@pytest.fixture(scope="module")
def effect() -> Audit:
    return audited(trainer("effect"), CLAIMS)


@pytest.fixture(scope="module")
def broken() -> Audit:
    return audited(trainer("broken_trainer"), CLAIMS)


@pytest.fixture(scope="module")
def diverging() -> Audit:
    return audited(trainer("diverging"), chosen("premise", "iv", "vi"))


def words(result: Audit) -> Mapping[str, Verdict]:
    return {judged.claim.id: judged.verdict for judged in result.claims}


def cells(result: Audit) -> list[CellJudgement]:
    return [cell for judged in result.claims for cell in judged.cells]


def test_the_claims_of_the_paper_are_all_there() -> None:
    ids = [claim.id for claim in CLAIMS]
    assert {"premise", *FAMILY} <= set(ids)
    assert len(set(ids)) == len(ids)


def test_a_broken_trainer_gives_no_word_for_or_against_anything(broken: Audit) -> None:
    assert set(words(broken)) == {claim.id for claim in CLAIMS}
    assert {cell.verdict for cell in cells(broken)} <= {INVALID, INCONCLUSIVE}
    assert words(broken)["premise"] is INVALID


def test_a_broken_trainer_is_called_out_wherever_absence_would_have_passed(broken: Audit) -> None:
    # Every difference is 0, so that each of these would have its absence but for the gates.
    found = words(broken)
    for id in ("premise", "iii", "iv", "v", "vi"):
        assert found[id] is INVALID
    # A constant whose threshold or prior is moved calls everything a minority: 0.667 F1, and no J.
    moved = {"alt-threshold", "alt-prior-shift"}
    others = {id for id in found if id.startswith(("alt", "part"))} - moved
    assert {found[id] for id in moved} == {INCONCLUSIVE}
    assert {found[id] for id in others} == {INVALID}


def test_an_effect_is_found_early_and_wherever_it_is(effect: Audit) -> None:
    found = words(effect)
    assert (found["premise"], found["i"], found["iv"]) == (SUPPORTED,) * 3
    premise = next(judged for judged in effect.claims if judged.claim.id == "premise")
    assert [cell.seeds for cell in premise.cells] == [16]
    replication = next(judged for judged in effect.claims if judged.claim.id == "iv")
    assert replication.holds_in == sum(cell.seeds > 0 for cell in replication.cells) == 2


def test_an_effect_refutes_the_claims_that_it_is_absent_somewhere(effect: Audit) -> None:
    # This world's layer helps with two majorities and with a sigmoid as much as elsewhere.
    assert (words(effect)["v"], words(effect)["vi"]) == (REFUTED, REFUTED)


def test_an_effect_that_is_the_same_everywhere_has_no_peak_and_no_trend(effect: Audit) -> None:
    assert (words(effect)["ii"], words(effect)["iii"]) == (REFUTED, REFUTED)


def test_absence_is_never_shown_before_thirty_two_seeds(effect: Audit) -> None:
    for cell in cells(effect):
        if cell.verdict is REFUTED and cell.claim in ("ii", "iii", "uncertainty-balanced"):
            assert cell.seeds >= 32


def test_a_world_without_any_effect_supports_nothing() -> None:
    result = audited(trainer("null"), chosen("premise", "i", "v", "vi"))
    for cell in cells(result):
        assert cell.verdict is not SUPPORTED
        assert cell.p_support > 0.05


def test_trials_that_diverge_cost_words_and_turn_none_around(
    effect: Audit, diverging: Audit
) -> None:
    for id, word in words(diverging).items():
        assert word in (words(effect)[id], INCONCLUSIVE)
    findings = [cell.finding for cell in cells(diverging) if cell.finding]
    assert findings and all(finding.missing > 0 for finding in findings)
    assert all(finding.missing == 0 for cell in cells(effect) if (finding := cell.finding))


def test_one_trial_in_five_diverges_in_the_diverging_world() -> None:
    train = trainer("diverging")
    diverged = sum(train(trial_of(seed)).diverged for seed in range(300))
    assert 35 <= diverged <= 85


def test_holm_p_values_stand_beside_the_six(effect: Audit) -> None:
    for judged in effect.claims:
        assert (judged.holm_support is not None) is (judged.claim.id in FAMILY)


def test_an_audit_keeps_the_records_it_rests_on_and_no_others(effect: Audit) -> None:
    assert {key for key, _ in effect.used} == set(effect.records)
    seeds = Counter(record.trial.seed for record in effect.records.values())
    last = effect.protocol.rules.seeds(max(cell.seeds for cell in cells(effect)))[-1]
    assert max(seeds) == last


def test_a_cell_with_a_missing_trial_is_not_judged_and_spoils_no_other() -> None:
    train = trainer("effect")

    def read(trial: Trial) -> Record | None:
        lost = trial.setting.head == "sigmoid" and (trial.arm, trial.seed) == (PLAIN, 10003)
        return None if lost else train(trial)

    result = audited(read, chosen("premise", "vi"))
    by_name = {(cell.claim, cell.cell): cell for cell in cells(result)}
    lost = by_name["vi", "sigmoid, both readings"]
    assert (lost.verdict, lost.reason) == (INCONCLUSIVE, "not judged: trials are missing")
    assert lost.state is CellState.TRIALS_MISSING
    assert words(result) == {"premise": SUPPORTED, "vi": INCONCLUSIVE}


def test_claims_that_share_trials_read_each_of_them_once() -> None:
    counted: Counter[str] = Counter()
    train = trainer("effect")

    def read(trial: Trial) -> Record:
        counted[trial.key] += 1
        return train(trial)

    result = audited(read, chosen("premise", "i"))
    assert set(counted.values()) == {1}
    assert len(counted) == 2 * max(cell.seeds for cell in cells(result))


def test_an_audit_of_the_same_records_says_the_same() -> None:
    train = functools.cache(trainer("diverging"))
    first, second = (audited(train, chosen("premise", "vi")) for _ in range(2))
    assert first.claims == second.claims


# --- the records of a world -----------------------------------------------------------------------


def trial_of(seed: int, arm: str = FINAL_BN) -> Trial:
    setting = setting_of(task_of(test_images=20, validation_majority_images=30))
    return Trial(setting=setting, arm=arm, seed=seed)


@pytest.mark.parametrize("name", WORLDS)
def test_a_record_of_a_world_depends_on_the_trial_alone(name: str) -> None:
    first, second = (trainer(name)(trial_of(5)) for _ in range(2))
    assert first.scores.keys() == second.scores.keys()
    for place, scores in first.scores.items():
        assert np.array_equal(scores, second.scores[place])
        assert scores.dtype == np.float16 and not scores.max(axis=1).any()


def test_the_arms_of_a_seed_see_the_same_images_and_other_seeds_do_not() -> None:
    train = trainer("effect")
    final_bn, plain = train(trial_of(5)), train(trial_of(5, PLAIN))
    other = train(trial_of(6))
    for split in ("validation", "test"):
        assert final_bn.splits[split].images == plain.splits[split].images
        assert final_bn.splits[split].images != other.splits[split].images
    assert not set(plain.splits["validation"].images) & set(plain.splits["test"].images)
    assert (REMOVED, "test") in final_bn.scores and (REMOVED, "test") not in plain.scores


def test_a_broken_trainer_scores_every_image_alike() -> None:
    scores = trainer("broken_trainer")(trial_of(5)).scores[KEPT, "test"]
    assert len(np.unique(scores, axis=0)) == 1


def test_an_unknown_world_is_refused_with_those_there_are() -> None:
    with pytest.raises(BnclaimsError) as caught:
        world("flat")
    assert str(caught.value) == f"--world flat: unknown; use one of {', '.join(WORLDS)}."
