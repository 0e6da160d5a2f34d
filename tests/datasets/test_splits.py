"""Draws: group-safe, seeded, nested, and independent of what they must not depend on."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bnclaims import datasets
from bnclaims.datasets import ImageSet, Sources, splits
from bnclaims.datasets.task_check import check
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Task
from fixtures.trials import task_of

seeds = st.integers(0, 2**32)


def real_task(dataset: str, **changes: Any) -> Task:
    prints = datasets.fingerprint(dataset, sources=Sources())
    return task_of(dataset, fingerprint=prints, **changes)


def leaves_task(**changes: Any) -> Task:
    return real_task("leaves", majority=(("healthy",),), minority=(("spot", "rust"),), **changes)


@st.composite
def grouped_images(
    draw: st.DrawFn, *, shared: bool
) -> tuple[np.ndarray[Any, Any], tuple[str, ...]]:
    """Labels (0 majority, 1 minority, -1 left out) and groups, which may hold several classes."""
    sizes = draw(st.lists(st.tuples(*[st.integers(0, 4)] * 3), max_size=40))
    labels, groups = [], []
    # The small groups at the end are enough for every task of these tests.
    for group, counts in enumerate([*sizes, *[(1, 1, 1)] * 45]):
        for label, count in zip((0, 1, -1), counts, strict=True):
            labels += [label] * count
            groups += [f"g{group}" if shared else f"g{group}-{label}"] * count
    return np.array(labels, dtype=np.int64), tuple(groups)


def drawn(
    task: Task, seed: int, images: tuple[np.ndarray[Any, Any], tuple[str, ...]]
) -> tuple[list[int], list[int], list[int]]:
    labels, groups = images
    sides = splits.draw_indices(task, seed, labels=labels, groups=groups)
    train, validation, test = (side.tolist() for side in sides)
    return train, validation, test


@settings(max_examples=50)
@given(grouped_images(shared=True), seeds)
def test_no_group_is_on_two_sides_even_when_groups_hold_several_classes(
    images: tuple[np.ndarray[Any, Any], tuple[str, ...]], seed: int
) -> None:
    sides = [{images[1][index] for index in side} for side in drawn(task_of(), seed, images)]
    assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])


@settings(max_examples=50)
@given(grouped_images(shared=True), seeds)
def test_every_side_holds_the_images_asked_for(
    images: tuple[np.ndarray[Any, Any], tuple[str, ...]], seed: int
) -> None:
    labels, _ = images
    sides = drawn(task_of(), seed, images)
    assert [labels[side].tolist() for side in sides] == [
        [0] * 12 + [1] * 3,
        [0] * 4 + [1] * 2,
        [0] * 5 + [1] * 5,
    ]
    everything = [index for side in sides for index in side]
    assert len(set(everything)) == len(everything)


@settings(max_examples=50)
@given(grouped_images(shared=True), seeds)
def test_fewer_training_images_are_the_first_of_more(
    images: tuple[np.ndarray[Any, Any], tuple[str, ...]], seed: int
) -> None:
    many = drawn(task_of(minority_images=8, majority_images=16), seed, images)
    few = drawn(task_of(minority_images=2, majority_images=9), seed, images)
    assert few[0] == many[0][:9] + many[0][16:18]
    assert few[1:] == many[1:]


@settings(max_examples=50)
@given(grouped_images(shared=True), seeds)
def test_the_test_images_do_not_depend_on_the_validation_images(
    images: tuple[np.ndarray[Any, Any], tuple[str, ...]], seed: int
) -> None:
    one = drawn(task_of(validation_majority_images=9), seed, images)
    other = drawn(task_of(validation_majority_images=0), seed, images)
    assert one[2] == other[2]


@settings(max_examples=50)
@given(grouped_images(shared=False), seeds)
def test_a_larger_validation_leaves_the_first_training_images(
    images: tuple[np.ndarray[Any, Any], tuple[str, ...]], seed: int
) -> None:
    task = task_of(minority_images=4)
    small = drawn(task, seed, images)[0]
    large = drawn(dataclasses.replace(task, validation_minority_images=8), seed, images)[0]
    labels, groups = images
    assume(len({groups[index] for index in large if labels[index] == 1}) == 4)
    assert small == large


@settings(max_examples=50)
@given(grouped_images(shared=False), seeds)
def test_a_second_minority_leaves_the_images_of_the_first_alone(
    images: tuple[np.ndarray[Any, Any], tuple[str, ...]], seed: int
) -> None:
    labels, groups = images
    one = drawn(task_of(), seed, images)
    with_third = np.where(labels == -1, 2, labels)
    other = drawn(task_of(minority=(("b",), ("c",))), seed, (with_third, groups))
    for before, after in zip(one, other, strict=True):
        assert before == [index for index in after if with_third[index] < 2]


@settings(max_examples=50)
@given(grouped_images(shared=False), seeds)
def test_training_visits_every_leaf_before_it_takes_a_second_photo(
    images: tuple[np.ndarray[Any, Any], tuple[str, ...]], seed: int
) -> None:
    labels, groups = images
    train, validation, test = drawn(task_of(), seed, images)
    used = {groups[index] for index in validation + test}
    free = {group for group, label in zip(groups, labels, strict=True) if label == 0} - used
    leaves = [groups[index] for index in train if labels[index] == 0]
    assert len(set(leaves)) == min(12, len(free))


@settings(max_examples=50)
@given(grouped_images(shared=True), seeds)
def test_the_same_seed_draws_the_same_images(
    images: tuple[np.ndarray[Any, Any], tuple[str, ...]], seed: int
) -> None:
    assert drawn(task_of(), seed, images) == drawn(task_of(), seed, images)


def test_another_seed_draws_other_images() -> None:
    labels = np.repeat([0, 1], 60)
    groups = tuple(map(str, range(120)))
    tests = {tuple(drawn(task_of(), seed, (labels, groups))[2]) for seed in range(20)}
    assert len(tests) == 20


def test_every_image_is_tested_about_equally_often() -> None:
    labels = np.repeat([0, 1], 30)
    groups = tuple(str(index // 2) for index in range(60))
    uses = np.zeros(60)
    for seed in range(300):
        uses[drawn(task_of(), seed, (labels, groups))[2]] += 1
    # 5 of 30 images, 300 times: 50 each, with a standard deviation of 6.5.
    assert uses.min() > 50 - 5 * 6.5
    assert uses.max() < 50 + 5 * 6.5


@settings(max_examples=300)
@given(grouped_images(shared=False), seeds, st.integers(25, 150))
def test_what_the_check_lets_pass_every_seed_can_draw(
    images: tuple[np.ndarray[Any, Any], tuple[str, ...]], seed: int, count: int
) -> None:
    labels, groups = images
    task = task_of(majority_images=count)
    try:
        checked(task, labels, groups)
    except BnclaimsError:
        return
    splits.draw_indices(task, seed, labels=labels, groups=groups)


def checked(task: Task, labels: np.ndarray[Any, Any], groups: tuple[str, ...]) -> None:
    """The check of a task on made-up images, in which "c" is the class left out."""
    images = ImageSet(
        name="toy",
        pixels=np.zeros((len(labels), 1, 1, 1), dtype=np.uint8),
        class_of=np.where(labels < 0, 2, labels),
        classes=("a", "b", "c"),
        images=tuple(map(str, range(len(labels)))),
        groups=groups,
        grouped=True,
        synthetic=True,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bnclaims.datasets.task_check.load", lambda *_, **__: images)
        check(task, sources=Sources())


def test_groups_of_several_classes_that_leave_too_few_images_are_found_by_trying() -> None:
    labels = np.tile([0] * 12 + [1], 12)
    groups = tuple(str(index // 13) for index in range(len(labels)))
    # Twelve minority images for three sides would do, were it not for the majority's groups.
    checked(task_of(test_images=4, validation_minority_images=4), labels, groups)
    with pytest.raises(BnclaimsError, match="seed 0 leaves 2 training images of b where 5"):
        checked(
            task_of(majority_images=20, minority_images=5, validation_majority_images=60),
            labels,
            groups,
        )


def test_a_draw_says_which_images_it_holds() -> None:
    task = leaves_task()
    drawing = datasets.draw(task, 5, sources=Sources())
    images = datasets.load("leaves", image_size=8, sources=Sources())
    index = {name: position for position, name in enumerate(images.images)}
    for pixels, split in [
        (drawing.train_pixels, drawing.train),
        (drawing.validation_pixels, drawing.splits["validation"]),
        (drawing.test_pixels, drawing.splits["test"]),
    ]:
        where = [index[name] for name in split.images]
        assert np.array_equal(pixels, images.pixels[where])
        assert split.groups == tuple(images.groups[position] for position in where)
        names = [images.classes[images.class_of[position]] for position in where]
        assert split.labels.tolist() == [int(name in ("spot", "rust")) for name in names]
    assert drawing.train_labels.dtype == np.int64
    assert drawing.train_counts == (12, 3)
    assert drawing.pool_images == (1500, 1800)


def test_a_draw_may_be_written_to_without_harm() -> None:
    first = datasets.draw(leaves_task(), 0, sources=Sources())
    first.train_pixels[:] = 0
    again = datasets.draw(leaves_task(), 0, sources=Sources())
    assert again.train_pixels.any()


def test_images_that_changed_since_the_plan_are_refused() -> None:
    task = dataclasses.replace(leaves_task(), fingerprint="leaves-0")
    with pytest.raises(BnclaimsError, match="leaves-0; they changed after the audit was planned"):
        datasets.draw(task, 0, sources=Sources())


def test_too_few_images_are_refused_with_the_class_and_the_seed() -> None:
    task = real_task("digits", majority=(("0",),), minority=(("1",),), majority_images=175)
    with pytest.raises(BnclaimsError, match="seed 3 leaves 169 training images of 0 where 175"):
        datasets.draw(task, 3, sources=Sources())
