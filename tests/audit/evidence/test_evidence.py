"""Evidence: one value per seed, bounds where there is none, and what left-out images change."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.audit.evidence import calibration, confusion, metrics, readouts
from bnclaims.audit.evidence.evidence import DECIMALS, Column, Evidence, image_group
from bnclaims.audit.evidence.metrics import METRICS
from bnclaims.protocol.cells import MAIN, Cell
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import FINAL_BN, KEPT, ORACLE_THRESHOLD, PLAIN, REMOVED
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.trial import Setting, Trial
from bnclaims.store.record import Record, Split
from fixtures.trials import setting_of, task_of

RULES = dataclasses.replace(load_protocol("quick").rules, image_groups=5)
TASK = task_of(test_images=12)
SETTING = setting_of(TASK)
ARMS = (PLAIN, FINAL_BN)
ZERO, ONE = Fraction(0), Fraction(1)

values = st.fractions(-1, 1, max_denominator=50)
# (low, high): observed where they are equal.
entries = values.map(lambda v: (v, v)) | st.tuples(values, values).map(lambda p: (min(p), max(p)))


def column(ends: Sequence[tuple[Fraction, Fraction]], seeds: Sequence[int] | None = None) -> Column:
    """A column with two image groups, whose left-out values are half and twice the value."""
    replicates = [
        [float(low) * factor if low == high else math.nan for low, high in ends]
        for factor in (0.5, 2.0)
    ]
    return Column(
        seeds=tuple(seeds if seeds is not None else range(len(ends))),
        low=tuple(low for low, _ in ends),
        high=tuple(high for _, high in ends),
        leave_out=lambda: np.array(replicates),
        share=Fraction(1, 10),
        bounds=(Fraction(-1), Fraction(1)),
    )


def record_of(trial: Trial, *, diverged: bool = False, single_answer: bool = False) -> Record:
    """A record of random scores in which three images make a group."""
    random = np.random.default_rng([trial.seed, len(trial.arm)])
    classes = len(trial.setting.task.classes)
    splits, scores = {}, {}
    for number, name in enumerate(("validation", "test")):
        count = trial.setting.task.images_of(0)[number + 1]
        labels = np.repeat(np.arange(classes), count)
        ids = tuple(f"{name}/{trial.seed}/{image}" for image in range(len(labels)))
        groups = tuple(f"{name}/{image // 3}" for image in range(len(labels)))
        splits[name] = Split(images=ids, groups=groups, labels=labels.astype(np.int64))
        for readout in (KEPT, REMOVED):
            logits = random.normal(size=(len(labels), classes)) + 0.7 * np.eye(classes)[labels]
            if single_answer:
                logits = np.eye(classes)[labels] * 3
            top = logits.max(axis=1, keepdims=True)
            scores[readout, name] = (logits - top).astype(np.float16)
    return Record(
        trial=trial,
        diverged=diverged,
        splits=splits,
        scores={} if diverged else scores,
        train_images=tuple(trial.setting.task.images_of(c)[0] for c in range(classes)),
        pool_images=(40,) * classes,
        losses=(0.5,),
        seconds={},
        environment={},
    )


def evidence_of(
    make: Callable[[Trial], Record] = record_of,
    *,
    seeds: Sequence[int] = range(4),
    settings: Mapping[str, Setting] | None = None,
    rules: Rules = RULES,
) -> Evidence:
    cell = Cell(
        claim="premise",
        name="cell",
        primary=True,
        reason="for tests",
        settings=settings or {MAIN: SETTING},
        doses={},
        max_seeds=None,
    )
    records = {trial.key: make(trial) for trial in cell.trials(ARMS, seeds)}
    return Evidence(cell, tuple(seeds), rules, records)


def diverging(arm: str, seed: int) -> Callable[[Trial], Record]:
    return lambda trial: record_of(trial, diverged=(trial.arm, trial.seed) == (arm, seed))


# --- columns ------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.lists(st.tuples(entries, entries), min_size=1, max_size=5), st.data())
def test_column_arithmetic_bounds_whatever_the_missing_values_were(
    pairs: list[tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]], data: st.DataObject
) -> None:
    left, right = column([a for a, _ in pairs]), column([b for _, b in pairs])

    def filled(end: tuple[Fraction, Fraction]) -> Fraction:
        return data.draw(st.fractions(*end)) if end[0] < end[1] else end[0]

    factor = data.draw(st.sampled_from([-2, -1, Fraction(1, 3), 0.25, 3]))
    total, scaled = left - right, factor * left
    exact = factor if isinstance(factor, Fraction) else Fraction(repr(factor))
    for index, (a, b) in enumerate(pairs):
        x, y = filled(a), filled(b)
        assert total.low[index] <= x - y <= total.high[index]
        assert scaled.low[index] <= exact * x <= scaled.high[index]
    known = [a[0] == a[1] and b[0] == b[1] for a, b in pairs]
    assert total.missing == known.count(False)
    assert list(total.observed) == [
        a[0] - b[0] for (a, b), ok in zip(pairs, known, strict=True) if ok
    ]


def test_columns_are_added_exactly_and_with_their_left_out_values() -> None:
    first = column([(Fraction(1, 3), Fraction(1, 3)), (Fraction(1, 2), Fraction(1, 2))])
    second = column([(Fraction(1, 7), Fraction(1, 7)), (Fraction(-1, 2), Fraction(-1, 2))])
    difference = first - 2 * second
    assert difference.observed == (Fraction(1, 21), Fraction(3, 2))
    assert difference.replicates == pytest.approx(first.replicates - 2 * second.replicates)
    assert (first * 0.1).observed == (Fraction(1, 30), Fraction(1, 20))
    assert (-first).observed == (Fraction(-1, 3), Fraction(-1, 2))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(entries, entries), min_size=2, max_size=6), st.data())
def test_what_is_made_of_parts_is_made_as_of_columns_that_had_no_other_seeds(
    pairs: list[tuple[tuple[Fraction, Fraction], ...]], data: st.DataObject
) -> None:
    firsts, seconds = ([pair[side] for pair in pairs] for side in (0, 1))
    kept = tuple(data.draw(st.lists(st.sampled_from(range(len(pairs))), min_size=1, unique=True)))

    def made(one: Column, other: Column) -> list[Column]:
        return [one - other, one + other, -one, (one - other) * 0.5, (one - other) - one]

    whole, other = column(firsts), column(seconds)
    parts = made(whole.of(kept), other.of(kept))
    anew = made(*(column([ends[at] for at in kept], kept) for ends in (firsts, seconds)))
    for part, alone in zip(parts, anew, strict=True):
        assert part == dataclasses.replace(alone, leave_out=part.leave_out)
        assert part.observed == alone.observed
        np.testing.assert_array_equal(part.replicates, alone.replicates)


def test_what_is_made_of_parts_is_a_part_of_what_is_made_of_the_wholes() -> None:
    # So that leaving out each seed in turn measures nothing anew.
    whole, other = (column([(end, end), (ZERO, ONE)]) for end in (ONE, ZERO))
    for first, second in ((whole, other), (whole, whole)):
        part = first.of((1,)) - second.of((1,))
        assert part.whole is not None and part.whole is first - second
    assert (-whole.of((1,))).whole is -whole


def test_a_column_that_was_changed_is_a_part_of_nothing() -> None:
    whole = column([(ONE, ONE), (ZERO, ZERO)])
    raised = whole.of((1,)).above(0.5)
    assert (raised - whole.of((1,))).observed == (Fraction(-1, 2),)
    assert raised.once("p", lambda: 1) == 1
    assert whole.once("p", lambda: 3) == 3
    assert whole.of((0,)).once("p", lambda: 4) == 4
    assert dataclasses.replace(raised, metrics=frozenset({"j"})).once("p", lambda: 2) == 2


def test_the_largest_share_of_a_pool_stays() -> None:
    small = column([(ONE, ONE)])
    large = dataclasses.replace(small, share=Fraction(3, 4))
    assert (small - large).share == (large - small).share == Fraction(3, 4)
    assert (large * -5).share == Fraction(3, 4)


def test_columns_are_paired_by_seed_and_never_by_place() -> None:
    one = column([(ONE, ONE), (ZERO, ZERO)], seeds=(0, 1))
    other = column([(ONE, ONE), (ZERO, ZERO)], seeds=(1, 0))
    with pytest.raises(ValueError, match="different seeds"):
        one - other
    with pytest.raises(ValueError, match="different seeds"):
        one + column([(ONE, ONE)], seeds=(0,))


@pytest.mark.parametrize("nothing", [0, 0.0, Fraction(0)])
def test_a_column_times_zero_is_refused(nothing: int | float | Fraction) -> None:
    with pytest.raises(ValueError, match="forget which seeds are missing"):
        column([(ZERO, ONE)]) * nothing


def test_an_observed_seed_without_left_out_values_is_refused() -> None:
    good = column([(ONE, ONE), (ZERO, ONE)])
    assert good.replicates_observed().shape == (2, 1)
    with pytest.raises(ValueError, match="no replicate"):
        _ = dataclasses.replace(good, leave_out=lambda: np.full((2, 2), math.nan)).replicates


# --- metrics of records -------------------------------------------------------------------------


def test_f1_is_counted_from_the_scores_of_every_seed() -> None:
    evidence = evidence_of(seeds=(3, 9))
    for arm in ARMS:
        for readout in (KEPT, REMOVED):
            expected = []
            for seed in (3, 9):
                record = evidence.records[Trial(setting=SETTING, arm=arm, seed=seed).key]
                labels = record.splits["test"].labels
                predicted = record.scores[readout, "test"].astype(float).argmax(axis=1)
                hits = int(((predicted == 1) & (labels == 1)).sum())
                errors = int((predicted != labels).sum())
                expected.append(Fraction(2 * hits, 2 * hits + errors))
            assert evidence.f1(arm, readout).observed == tuple(expected)
            assert evidence.f1(arm, readout).seeds == (3, 9)


def test_the_seed_of_a_value_is_its_record_s_and_not_its_place() -> None:
    forwards, backwards = evidence_of(seeds=(0, 1, 2)), evidence_of(seeds=(2, 1, 0))
    assert backwards.brier(PLAIN).low == forwards.brier(PLAIN).low[::-1]
    assert len(set(forwards.brier(PLAIN).low)) == 3


def test_a_diverged_trial_could_have_been_anything() -> None:
    evidence = evidence_of(diverging(FINAL_BN, 2))
    f1 = evidence.f1(FINAL_BN)
    assert (f1.low[2], f1.high[2]) == (0, 1)
    assert f1.missing == 1 and len(f1.observed) == 3
    assert np.isnan(f1.replicates[:, 2]).all()
    assert not np.isnan(np.delete(f1.replicates, 2, axis=1)).any()
    brier = evidence.brier(FINAL_BN)
    assert (brier.low[2], brier.high[2]) == (0, 2)
    assert evidence.f1(PLAIN).missing == 0


@pytest.mark.parametrize("arm", ARMS)
def test_a_diverged_trial_of_either_arm_is_the_worst_for_either_side(arm: str) -> None:
    # Whoever diverges, the gain could have been the worst for support and for refutation alike.
    evidence = evidence_of(diverging(arm, 2))
    gain = evidence.f1(FINAL_BN) - evidence.f1(PLAIN)
    known = evidence.f1(PLAIN if arm == FINAL_BN else FINAL_BN).low[2]
    ends = (-known, 1 - known) if arm == FINAL_BN else (known - 1, known)
    assert (gain.low[2], gain.high[2]) == ends
    assert gain.missing == 1


def test_a_metric_that_is_undefined_is_missing() -> None:
    # All answers are right, so nothing can be said about how confidence ranks the wrong ones.
    evidence = evidence_of(lambda trial: record_of(trial, single_answer=trial.seed == 1))
    ranking = evidence.confidence_auroc(PLAIN)
    assert (ranking.low[1], ranking.high[1]) == (0, 1)
    assert ranking.missing == 1
    assert evidence.f1(PLAIN).observed[1] == 1


@pytest.mark.parametrize("metric", ["f1", "balanced_accuracy", "auc", "brier", "ece"])
@pytest.mark.parametrize("readout", [KEPT, ORACLE_THRESHOLD])
def test_replicates_are_the_metric_without_each_group_of_images(metric: str, readout: str) -> None:
    evidence = evidence_of()
    found = getattr(evidence, metric)(PLAIN, readout)
    for place, seed in enumerate(evidence.seeds):
        record = evidence.records[Trial(setting=SETTING, arm=PLAIN, seed=seed).key]
        test = record.splits["test"]
        scores = readouts.scores_of(record, readout)
        group_of = [image_group(name, RULES.image_groups) for name in test.groups]
        assert len(set(group_of)) > 2
        for group in range(RULES.image_groups):
            kept = [image for image, own in enumerate(group_of) if own != group]
            labels, rest = test.labels[kept], scores[kept]
            counts = confusion.confusion(labels, rest.argmax(axis=1), 2)
            expected = {
                "f1": lambda counts=counts: confusion.f1(counts, 1),
                "balanced_accuracy": lambda counts=counts: confusion.balanced_accuracy(counts),
                "auc": lambda labels=labels, rest=rest: metrics.auc(labels, rest),
                "brier": lambda labels=labels, rest=rest: calibration.brier(
                    labels, calibration.probabilities(rest)
                ),
                "ece": lambda labels=labels, rest=rest: calibration.ece(
                    labels, calibration.probabilities(rest)
                ),
            }[metric]()
            assert found.replicates[group, place] == pytest.approx(float(expected), abs=1e-6)


def test_a_class_whose_images_are_one_group_leaves_an_undefined_replicate() -> None:
    def make(trial: Trial) -> Record:
        record = record_of(trial)
        test = record.splits["test"]
        groups = tuple("one lesion" if label == 1 else "m" for label in test.labels)
        whole = dataclasses.replace(test, groups=groups)
        return dataclasses.replace(record, splits={**record.splits, "test": whole})

    assert image_group("one lesion", 5) != image_group("m", 5)
    auc = evidence_of(make).auc(PLAIN)
    assert auc.missing == 0
    assert np.isnan(auc.replicates).sum(axis=0).tolist() == [2] * 4


def test_images_that_are_all_of_one_group_leave_no_replicate_without_it() -> None:
    def make(trial: Trial) -> Record:
        record = record_of(trial)
        test = dataclasses.replace(record.splits["test"], groups=("leaf",) * 24)
        return dataclasses.replace(record, splits={**record.splits, "test": test})

    evidence = evidence_of(make)
    for found in (evidence.f1(PLAIN), evidence.brier(PLAIN), evidence.balanced_accuracy(PLAIN)):
        undefined = np.isnan(found.replicates).all(axis=1)
        assert np.flatnonzero(undefined).tolist() == [image_group("leaf", 5)]
        assert found.missing == 0


def test_image_groups_are_the_same_on_every_machine() -> None:
    names = ["digits/0", "leaf 17", "Ünïcode", ""]
    assert [image_group(name, 20) for name in names] == [16, 9, 5, 12]
    assert {image_group(f"digits/{n}", 7) for n in range(200)} == set(range(7))


@pytest.mark.parametrize("name", [b"\xff\xfe.png".decode(errors="surrogateescape"), "\ud800"])
def test_a_name_that_is_no_text_has_an_image_group(name: str) -> None:
    assert 0 <= image_group(name, 20) < 20


def test_image_groups_are_of_similar_size() -> None:
    sizes = np.bincount([image_group(f"digits/{n}", 20) for n in range(1797)], minlength=20)
    assert sizes.min() > 60 and sizes.max() < 120


def test_every_metric_is_read_by_its_name_and_no_other_is() -> None:
    evidence = evidence_of()
    for name, metric in METRICS.items():
        found = getattr(evidence, name)(FINAL_BN, REMOVED)
        assert found == evidence.of(metric, FINAL_BN, REMOVED)
        assert (found.metrics, found.bounds) == ({name}, metric.bounds)
    with pytest.raises(AttributeError, match=r"no metric 'acc': use one of f1, balanced_accuracy"):
        evidence.acc(PLAIN)


def test_metrics_of_probabilities_are_rounded() -> None:
    evidence = evidence_of()
    for found in (
        evidence.brier(PLAIN),
        evidence.ece(PLAIN),
        evidence.ece_scaled(PLAIN),
    ):
        assert all((value * 10**DECIMALS).denominator == 1 for value in found.observed)
    # What is a share of pairs or images stays one, or differences that tie would not.
    for found in (evidence.f1(PLAIN), evidence.confidence_auroc(PLAIN), evidence.auc(PLAIN)):
        assert any((value * 10**DECIMALS).denominator != 1 for value in found.observed)


def test_temperature_scaling_changes_calibration_and_needs_a_validation_split() -> None:
    evidence = evidence_of()
    scaled = evidence.ece_scaled(PLAIN)
    assert scaled.missing == 0
    assert scaled.observed != evidence.ece(PLAIN).observed

    def without(trial: Trial) -> Record:
        record = record_of(trial)
        kept = {name: s for name, s in record.scores.items() if name[1] == "test"}
        return dataclasses.replace(record, scores=kept)

    assert evidence_of(without).ece_scaled(PLAIN).missing == 4


def test_f1_is_averaged_over_the_minority_classes() -> None:
    task = task_of(minority=(("b",), ("c",)), test_images=12)
    evidence = evidence_of(settings={MAIN: setting_of(task)}, seeds=(0,))
    (record, *_) = evidence.records.values()
    test = record.splits["test"]
    counts = confusion.confusion(test.labels, record.scores[KEPT, "test"].argmax(axis=1), 3)
    expected = (confusion.f1(counts, 1) + confusion.f1(counts, 2)) / 2
    assert record.trial.arm == PLAIN
    assert evidence.f1(PLAIN).observed == (expected,)


def test_settings_are_told_apart() -> None:
    pair = {"small": setting_of(TASK, batch_size=4), "large": setting_of(TASK, batch_size=8)}

    def make(trial: Trial) -> Record:
        return record_of(trial, diverged=trial.setting.batch_size == 8)

    evidence = evidence_of(make, settings=pair)
    assert evidence.settings == ("small", "large")
    assert evidence.f1(PLAIN, setting="small").missing == 0
    assert evidence.f1(PLAIN, setting="large").missing == 4


def test_the_share_of_the_pool_is_that_of_the_minority() -> None:
    # 12 of 40 majority and 3 of 40 minority images: which of the few are drawn makes seeds differ.
    assert evidence_of().f1(PLAIN).share == Fraction(3, 40)


def test_what_was_measured_at_one_look_is_not_measured_again_at_the_next() -> None:
    first = evidence_of(seeds=range(2))
    first.f1(PLAIN)
    later = evidence_of(diverging(PLAIN, 0), seeds=range(4))
    later.measured.update(first.measured)
    # Seed 0 diverges in the later records, but its value was taken at the first look.
    assert later.f1(PLAIN).missing == 0
    assert len(later.measured) == 4


@given(st.lists(entries, min_size=1, max_size=4), st.lists(entries, min_size=1, max_size=4))
def test_bounds_hold_whatever_is_made_of_columns(
    one: list[tuple[Fraction, Fraction]], other: list[tuple[Fraction, Fraction]]
) -> None:
    shared = min(len(one), len(other))
    a, b = column(one[:shared]), column(other[:shared])
    for made, bounds in (
        (a + b, (-2, 2)),
        (a - b, (-2, 2)),
        (-a, (-1, 1)),
        ((a - b) * 3, (-6, 6)),
        (a - b * Fraction(-1, 2) - b, (Fraction(-5, 2), Fraction(5, 2))),
    ):
        assert made.bounds == bounds
        assert bounds[0] <= min(made.low) <= max(made.high) <= bounds[1]


def test_scores_are_bounded_by_what_their_metric_can_be() -> None:
    lopsided = dataclasses.replace(column([(ZERO, ONE)]), bounds=(ZERO, ONE))
    assert (lopsided - lopsided * 2).bounds == (-2, 1)
    assert (lopsided * -3).bounds == (-3, 0)
