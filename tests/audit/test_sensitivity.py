"""What would have been said under other choices: the same judge, the same records, one thing changed."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bnclaims import stats
from bnclaims.audit.claim import Claim, claim
from bnclaims.audit.evidence.both_scores import Scores
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.evidence.per_seed import Column, Test, rank_and_flip
from bnclaims.audit.judge import audit
from bnclaims.audit.results import Audit, CellJudgement, Flip, Sensitivity, Variation, Verdict
from bnclaims.audit.sensitivity import (
    _FAR,
    MARGINS,
    METRICS,
    OWN,
    _Again,
    _deciding,
    _margin_flips,
    _seed_flips,
    _without_seeds,
    with_sensitivity,
)
from bnclaims.audit.statements.comparison import Comparison
from bnclaims.audit.statements.paired_effects import AllOf, Effect, NoEffect, NotWorse, Statement
from bnclaims.audit.statements.statement import Finding, Gate
from bnclaims.audit.verdicts import judge_cell, judge_claim
from bnclaims.protocol.cells import cells_of
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import FINAL_BN, ORACLE_THRESHOLD, PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.run.inventory import selection_here
from bnclaims.store.record import Record
from bnclaims.training import synthetic

SUPPORTED, REFUTED = Verdict.SUPPORTED, Verdict.REFUTED
INCONCLUSIVE, INVALID = Verdict.INCONCLUSIVE, Verdict.INVALID
PROTOCOL = load_protocol("quick")
FIRST = PROTOCOL.rules.first_seed


def claim_of(assertion: Callable[[Evidence], Statement], id: str = "premise") -> Claim:
    combine = "replication" if id == "iv" else "primary"
    claim(id, "It holds.", arms=(PLAIN, FINAL_BN), combine=combine)(assertion)
    return assertion.bnclaims_claim  # type: ignore[attr-defined]


def judged(assertion: Callable[[Evidence], Statement], world: str, id: str = "premise") -> Audit:
    read = functools.cache(synthetic.trainer(world))
    made = audit([claim_of(assertion, id)], PROTOCOL, selection_here("digits"), read)
    return with_sensitivity(made)


def sensitivity_of(made: Audit) -> Sensitivity:
    assert made.sensitivity is not None
    (found,) = made.sensitivity.values()
    return found


def words(variations: Sequence[Variation]) -> dict[Any, Verdict | None]:
    return {at.choice: at.verdict for at in variations}


def effect(evidence: Evidence) -> Effect:
    """F1 gain, with the premise's own gate."""
    plain, accuracy = evidence.f1(PLAIN), evidence.balanced_accuracy(PLAIN)
    threshold = evidence.balanced_accuracy(PLAIN, ORACLE_THRESHOLD) - accuracy
    gates = (Gate(label="threshold", gain=threshold, plain=plain),)
    return Effect("F1 gain", evidence.f1(FINAL_BN) - plain, gates)


def given_gains(gains: Sequence[float]) -> Callable[[Evidence], Effect]:
    """A claim whose gain is written beforehand, by seed; an assay that always shows something."""

    def column(evidence: Evidence, values: Sequence[float]) -> Column:
        exact = tuple(Fraction(repr(values[seed - FIRST])) for seed in evidence.seeds)
        return Column(
            seeds=evidence.seeds,
            low=exact,
            high=exact,
            leave_out=lambda: np.tile([float(value) for value in exact], (20, 1)),
            share=Fraction(1, 10),
            bounds=(Fraction(-1), Fraction(1)),
            test=evidence.test,
        )

    def assertion(evidence: Evidence) -> Effect:
        seen = column(evidence, [0.9 + place / 1000 for place in range(len(gains))])
        return Effect("gain", column(evidence, gains), (Gate(label="seen", gain=seen),))

    return assertion


@pytest.mark.parametrize("world", ["effect", "null", "grey_zone", "broken_trainer", "diverging"])
@pytest.mark.parametrize("id", ["premise", "iv"])
def test_the_choices_of_the_audit_give_the_words_of_the_audit(world: str, id: str) -> None:
    made = judged(effect, world, id)
    (said,), found = made.claims, sensitivity_of(made)
    own = {
        "margin": next(at for at in found.margins if at.choice == PROTOCOL.rules.smallest_effect),
        "metric": next(at for at in found.metrics if at.choice == OWN),
        "test": next(at for at in found.tests if "guard" in str(at.choice)),
    }
    for at in own.values():
        assert (at.verdict, at.p_support, at.p_refute) == (
            said.verdict,
            said.p_support,
            said.p_refute,
        )
    assert own["metric"].estimate == (said.cells[0].finding.estimate if id != "iv" else None)  # type: ignore[attr-defined,union-attr]


@pytest.mark.parametrize("world", ["effect", "null"])
def test_accumulated_evidence_is_judged_again_by_its_e_processes(world: str) -> None:
    selection = dataclasses.replace(selection_here("digits"), nights=6)
    read = functools.cache(synthetic.trainer(world))
    made = with_sensitivity(audit([claim_of(effect)], load_protocol("nightly"), selection, read))
    (said,), found = made.claims, sensitivity_of(made)
    own = next(at for at in found.margins if at.choice == PROTOCOL.rules.smallest_effect)
    f1 = next(at for at in found.metrics if at.choice == OWN)
    assert said.cells[0].seeds > 4
    for at in (own, f1):
        assert (at.verdict, at.p_support, at.p_refute) == (
            said.verdict,
            said.p_support,
            said.p_refute,
        )
    assert found.tests == ()
    assert len(found.left_out) == said.cells[0].seeds
    assert found.all_seeds is said.verdict


def test_the_margins_are_the_grid_and_the_protocols_own() -> None:
    assert (MARGINS[0], MARGINS[-1], len(MARGINS)) == (0.02, 0.3, 15)
    made = judged(effect, "effect")
    assert [at.choice for at in sensitivity_of(made).margins] == list(MARGINS)
    text = PROTOCOL.text.replace('value = 0.10\nreason = "A gain', 'value = 0.07\nreason = "A gain')
    other = dataclasses.replace(
        PROTOCOL, file=PROTOCOL.file.__class__.model_validate(_parsed(text))
    )
    assert other.rules.smallest_effect == 0.07
    moved = audit([claim_of(effect)], other, selection_here("digits"), synthetic.trainer("effect"))
    choices = [at.choice for at in sensitivity_of(with_sensitivity(moved)).margins]
    assert choices == sorted({*MARGINS, 0.07})


def _parsed(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


def test_a_gain_is_an_effect_as_long_as_it_is_larger_than_the_margin() -> None:
    rng = np.random.default_rng(1)
    gains = [round(0.17 + value, 4) for value in rng.normal(0, 0.01, 64).tolist()]
    made = judged(given_gains(gains), "effect")
    found = sensitivity_of(made)
    assert made.claims[0].verdict is SUPPORTED
    said = words(found.margins)
    # The guard takes more than one look where a margin is small, as its distance is.
    assert said[0.10] is SUPPORTED
    # No margin beyond the gain is one that it exceeds.
    assert SUPPORTED not in {said[m] for m in MARGINS if m >= 0.18}
    assert "margin" in {flip.by for flip in found.flips}


def test_a_claim_that_hangs_on_a_seed_says_so() -> None:
    # Chosen so that 64 seeds just fail, and just suffice without one of a few.
    gains = [round(v, 2) for v in np.random.default_rng(94).normal(0.18, 0.22, 64).tolist()]
    level = PROTOCOL.rules.level

    def shown(values: Sequence[float]) -> bool:
        p = stats.guarded_p(values, shift=0.1, distance=0.1)
        return p <= level

    enough = [
        FIRST + place
        for place in range(64)
        if shown([gain for other, gain in enumerate(gains) if other != place])
    ]
    assert 0 < len(enough) < 64 and not shown(gains)
    made = judged(given_gains(gains), "effect")
    found = sensitivity_of(made)
    assert made.claims[0].verdict is found.all_seeds is INCONCLUSIVE
    assert [at.choice for at in found.left_out if at.verdict is SUPPORTED] == enough
    assert {at.verdict for at in found.left_out} == {SUPPORTED, INCONCLUSIVE}
    assert [flip for flip in found.flips if flip.by == "seed"] == [
        Flip(by="seed", choice=f"without any one of {len(enough)} seeds", verdict=SUPPORTED)
    ]


@pytest.mark.parametrize(
    ("all_seeds", "own", "said"),
    [
        (SUPPORTED, SUPPORTED, ["INCONCLUSIVE"]),
        (INCONCLUSIVE, INCONCLUSIVE, []),
        # At one look all seeds have the whole level: what they show there is not what was said.
        (SUPPORTED, INCONCLUSIVE, []),
    ],
)
def test_a_seed_changes_no_verdict_that_nobody_gave(
    all_seeds: Verdict, own: Verdict, said: list[str]
) -> None:
    left_out = [Variation(choice=seed, verdict=INCONCLUSIVE) for seed in range(3)]
    assert [str(flip.verdict) for flip in _seed_flips(left_out, all_seeds, own)] == said


def test_without_a_seed_the_others_keep_their_numbers() -> None:
    seen: list[tuple[int, ...]] = []

    def assertion(evidence: Evidence) -> Effect:
        seen.append(evidence.seeds)
        return effect(evidence)

    found = sensitivity_of(judged(assertion, "effect"))
    n = len(found.left_out)
    seeds = PROTOCOL.rules.seeds(n)
    assert n == 16 and [at.choice for at in found.left_out] == list(seeds)
    for seed in seeds:
        assert tuple(other for other in seeds if other != seed) in seen


def test_a_statement_about_another_quantity_has_no_other_metric() -> None:
    def assertion(evidence: Evidence) -> Effect:
        gain = evidence.f1(FINAL_BN) - evidence.f1(PLAIN)
        error = evidence.ece(FINAL_BN) - evidence.ece(PLAIN)
        return Effect("error", error, (Gate(label="gain", gain=gain),), 0.05)

    assert set(words(sensitivity_of(judged(assertion, "effect")).metrics).values()) == {None}


def test_three_classes_have_no_area_under_a_curve() -> None:
    def assertion(evidence: Evidence) -> NoEffect:
        name = evidence.settings[0]
        gain = evidence.both(FINAL_BN, setting=name) - evidence.both(PLAIN, setting=name)
        return NoEffect("gain", gain, ())

    said = words(sensitivity_of(judged(assertion, "effect", "v")).metrics)
    assert said["AUC"] is said["balanced accuracy"] is None
    assert None not in (said[OWN], said["F1 alone"], said["J alone"])


@pytest.mark.parametrize("world", ["effect", "peak", "two_majority_effect", "rare_collapse"])
def test_half_as_much_of_balanced_accuracy_is_as_much_of_j(world: str) -> None:
    def both(evidence: Evidence) -> Effect:
        return Effect("gain", evidence.both(FINAL_BN) - evidence.both(PLAIN))

    found = {at.choice: at for at in sensitivity_of(judged(both, world)).metrics}
    j, accuracy = found["J alone"], found["balanced accuracy"]
    assert METRICS["balanced accuracy"].size == METRICS["AUC"].size == 0.5
    assert None not in (j.estimate, accuracy.estimate)
    assert accuracy.estimate == pytest.approx((j.estimate or 0.0) / 2)
    # Halved differences against half the size are the same test, and the same guard.
    assert accuracy.p_support == pytest.approx(j.p_support)
    assert accuracy.p_refute == pytest.approx(j.p_refute)
    assert accuracy.verdict is j.verdict


def test_another_metric_leaves_the_sizes_of_other_quantities_as_they_are() -> None:
    def gain_and_ranking(evidence: Evidence) -> AllOf:
        gain = evidence.both(FINAL_BN) - evidence.both(PLAIN)
        ranking = evidence.auc(FINAL_BN) - evidence.auc(PLAIN)
        close = NotWorse("AUC", ranking, (), margin=evidence.rules.ranking_margin)
        return AllOf((Effect("gain", gain), close))

    found = {at.choice: at for at in sensitivity_of(judged(gain_and_ranking, "effect")).metrics}
    assert found["balanced accuracy"].p_support == pytest.approx(found["J alone"].p_support)


def test_a_gain_in_f1_alone_is_shown_to_hang_on_f1() -> None:
    def both(evidence: Evidence) -> Effect:
        return Effect("gain", evidence.both(FINAL_BN) - evidence.both(PLAIN))

    def constant(trial: Trial) -> Record:
        """Plain calls all images the majority, final BN calls all the minority."""
        record = synthetic.trainer("effect")(trial)
        scores = {place: np.zeros_like(stored) for place, stored in record.scores.items()}
        for stored in scores.values():
            stored[:, 0 if trial.arm == FINAL_BN else 1] = -1.0
        return dataclasses.replace(record, scores=scores)

    made = audit([claim_of(both)], PROTOCOL, selection_here("digits"), functools.cache(constant))
    said = words(sensitivity_of(with_sensitivity(made)).metrics)
    assert said["F1 alone"] is SUPPORTED
    assert said[OWN] is not SUPPORTED and said["J alone"] is not SUPPORTED


def test_another_metric_is_measured_on_the_same_networks() -> None:
    made = judged(effect, "effect")
    (cell,) = (c for c in made.cells["premise"] if c.primary)
    evidence = Evidence(cell, tuple(PROTOCOL.rules.seeds(16)), PROTOCOL.rules, made.records)
    gain = evidence.auc(FINAL_BN) - evidence.auc(PLAIN)
    auc = next(at for at in sensitivity_of(made).metrics if at.choice == "AUC")
    assert auc.estimate == stats.hodges_lehmann(gain.observed, confidence=0.95).estimate
    # This world moves thresholds and no ranks: what F1 shows on 16 seeds, AUC does not.
    assert abs(auc.estimate) < 0.01
    assert made.claims[0].verdict is SUPPORTED and auc.verdict is INCONCLUSIVE


def test_a_claim_of_which_no_cell_was_judged_has_none() -> None:
    made = audit([claim_of(effect)], PROTOCOL, selection_here("digits"), lambda trial: None)
    assert with_sensitivity(made).sensitivity == {}


def test_nothing_is_measured_twice_for_an_audit_that_has_its_sensitivity() -> None:
    made = judged(effect, "effect")
    assert with_sensitivity(made) is made


def test_runs_of_other_words_are_said_as_ranges() -> None:
    said = [REFUTED, SUPPORTED, INCONCLUSIVE, INCONCLUSIVE, SUPPORTED, REFUTED, REFUTED]
    margins = [
        Variation(choice=round(0.02 * (k + 1), 2), verdict=word) for k, word in enumerate(said)
    ]
    assert [(f.choice, f.verdict) for f in _margin_flips(margins, SUPPORTED)] == [
        ("margin at most 0.02", REFUTED),
        ("margin 0.06 to 0.08", INCONCLUSIVE),
        ("margin at least 0.12", REFUTED),
    ]


values = st.lists(st.fractions(-1, 1, max_denominator=150), min_size=1, max_size=10)


@settings(max_examples=80, deadline=None)
@given(values, st.sampled_from([-0.1, 0.0, 0.1]), st.sampled_from(["greater", "less"]))
def test_the_shorter_test_is_on_the_same_side_of_the_level(
    observed: list[Fraction], shift: float, alternative: Any
) -> None:
    level = PROTOCOL.rules.level
    short = _deciding(level, tuple(observed), shift, alternative, 999, 0)
    full = rank_and_flip(tuple(observed), shift, alternative, 999, 0)
    assert (short <= level) == (full <= level)
    if full <= level:
        # Where the flips were not counted, both are below any share of the level.
        assert short == full or max(short, full) <= level / _FAR


SEEDS = 32
# That the cell was judged is all that is asked of it.
NO_NUMBERS = Finding(
    label="",
    kind="",
    p_support=1.0,
    p_refute=1.0,
    estimate=None,
    interval=None,
    new_images_interval=None,
)


def of_all_kinds(drawn: Sequence[Sequence[Fraction]]) -> Callable[[Evidence], Statement]:
    """A claim in both scores, on written columns: tests on either side, some of absence, with gates."""

    # Remembered, as the columns of records are, so that those without a seed are parts of them.
    @functools.cache
    def written(place: int, test: Test, enough: float) -> Column:
        exact = tuple(drawn[place])
        return Column(
            seeds=tuple(range(FIRST, FIRST + SEEDS)),
            low=exact,
            high=exact,
            leave_out=lambda: np.tile([float(value) for value in exact], (20, 1)),
            share=Fraction(1, 10),
            bounds=(Fraction(-2), Fraction(2)),
            test=test,
            enough=enough,
        )

    def assertion(evidence: Evidence) -> Statement:
        first, second, third, seen = (
            written(place, evidence.test, evidence.enough).of(evidence.seeds) for place in range(4)
        )
        gates = (Gate(label="seen", gain=seen),)
        both = Scores(first, second)
        if drawn[2][0] > 0:
            return AllOf((Effect("gain", both, gates), NotWorse("no loss", third, gates)))
        return Comparison("compared", both - Scores(third, third), gates)

    return assertion


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(0, SEEDS - 1),
    st.sampled_from([Fraction(1, 4), Fraction(1, 20)]),
    st.sampled_from([Fraction(-1, 4), Fraction(0), Fraction(1, 8), Fraction(1, 4), Fraction(1, 2)]),
)
@example(1, 5, Fraction(1, 20), Fraction(1, 4))
def test_without_a_seed_the_verdict_is_that_of_judging_anew(
    stream: int, collapsed: int, spread: Fraction, better: Fraction
) -> None:
    numbers = np.random.default_rng(stream).integers(-40, 40, size=(4, SEEDS)).tolist()
    drawn = [[Fraction(number, 40) for number in one] for one in numbers]
    third = [value * spread for value in drawn[2]]
    moved = [[value * spread + better for value in one] for one in drawn]
    # One network that lost nearly all: a verdict may hang on it.
    moved[0][collapsed] = Fraction(-97, 100)

    def stated() -> Claim:
        return claim_of(of_all_kinds([*moved[:2], third, moved[3]]))

    selection = selection_here("digits")
    (cell, *_) = cells_of(PROTOCOL, "premise", selection)
    cell = dataclasses.replace(cell, max_seeds=SEEDS)
    rules = dataclasses.replace(
        PROTOCOL.rules, effect_looks={SEEDS: 1.0}, absence_looks={SEEDS: 1.0}
    )

    def anew(left_out: int | None) -> CellJudgement:
        def assertion(evidence: Evidence) -> Statement:
            rest = tuple(seed for seed in evidence.seeds if seed != left_out)
            return stated().assertion(dataclasses.replace(evidence, seeds=rest))

        asked = dataclasses.replace(stated(), assertion=assertion)
        return judge_cell(asked, cell, rules, lambda trials: {}, describe=False)[0]

    all_seeds = dataclasses.replace(anew(None), finding=NO_NUMBERS)
    judged = judge_claim(stated(), [all_seeds], rules)
    made = Audit(
        protocol=PROTOCOL,
        selection=selection,
        cells={"premise": (cell,)},
        claims=(judged,),
        records={},
        used=frozenset(),
    )
    said, left_out = _without_seeds(_Again(made, judged, {}))
    assert said is all_seeds.verdict
    assert words(left_out) == {seed: anew(seed).verdict for seed in rules.seeds(SEEDS)}
