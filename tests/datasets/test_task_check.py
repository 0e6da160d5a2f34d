"""Check of a task: what is wrong with it is found before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bnclaims import datasets
from bnclaims.datasets import Sources
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Task


def task_of(dataset: str = "digits", **changes: Any) -> Task:
    options: dict[str, Any] = {
        "dataset": dataset,
        "fingerprint": "digits-1",
        "image_size": 8,
        "majority": (("0",),),
        "minority": (("1",),),
        "majority_images": 100,
        "minority_images": 10,
        "validation_majority_images": 20,
        "validation_minority_images": 5,
        "test_images": 30,
    }
    return Task(**options | changes)


def leaves(**changes: Any) -> Task:
    return task_of("leaves", majority=(("healthy",),), minority=(("spot",),), **changes)


def refusal(task: Task) -> str:
    with pytest.raises(BnclaimsError) as caught:
        datasets.check(task, sources=Sources())
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


@pytest.mark.parametrize("task", [task_of(), leaves(), task_of(validation_minority_images=0)])
def test_a_task_that_can_be_drawn_passes(task: Task) -> None:
    datasets.check(task, sources=Sources())


def test_a_misspelt_dataset_is_refused_with_the_one_meant() -> None:
    assert "did you mean leaves" in refusal(task_of("leafs"))
    assert "did you mean plantvillage-apple" in refusal(task_of("PlantVillage-Appel"))


def test_an_unknown_dataset_is_refused_with_those_that_exist() -> None:
    text = refusal(task_of("zzz"))
    assert all(name in text for name in datasets.DATASETS)


def test_a_misspelt_class_is_refused_with_the_one_meant() -> None:
    text = refusal(task_of("leaves", majority=(("Healthy",),), minority=(("spot",),)))
    assert "class 'Healthy': leaves has no such class (did you mean 'healthy'?)" in text


def test_an_unknown_class_is_refused_with_those_that_exist() -> None:
    text = refusal(task_of(minority=(("ten",),)))
    assert "use some of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9" in text


@pytest.mark.parametrize(
    "changes",
    [
        {"minority": (("0",),)},
        {"minority": (("1", "1"),)},
        {"majority": (("0",), ("1", "0"))},
    ],
)
def test_a_class_used_twice_is_refused(changes: dict[str, Any]) -> None:
    assert "is used 2 times" in refusal(task_of(**changes))


@pytest.mark.parametrize(
    "changes", [{"majority": ()}, {"minority": ()}, {"minority": (("1",), ())}]
)
def test_a_task_without_a_class_on_one_side_is_refused(changes: dict[str, Any]) -> None:
    assert "no majority or no minority class" in refusal(task_of(**changes))


@pytest.mark.parametrize("count", ["majority_images", "minority_images", "test_images"])
def test_no_images_at_all_are_refused(count: str) -> None:
    changes: dict[str, Any] = {count: 0}
    assert f"{count} 0: must be at least 1" in refusal(task_of(**changes))


def test_fewer_than_no_validation_images_are_refused() -> None:
    text = refusal(task_of(validation_minority_images=-1))
    assert "validation_minority_images -1: must be at least 0" in text


@pytest.mark.parametrize("size", [0, 3, 257, 100_000])
def test_an_image_size_out_of_bounds_is_refused(size: int) -> None:
    assert f"image_size {size}: choose one from 4 to 256" in refusal(task_of(image_size=size))


def test_too_few_images_are_refused_with_what_there_is_and_what_is_needed() -> None:
    datasets.check(task_of(majority_images=128), sources=Sources())
    text = refusal(task_of(majority_images=129))
    assert "the class 0 has 178 images in 178 groups and needs 179 (129 for training, 20" in text


def test_images_lost_from_whole_groups_count_as_needed() -> None:
    # 1,500 photos; a leaf with two of them may be cut by the end of validation and of test.
    datasets.check(leaves(majority_images=1448), sources=Sources())
    text = refusal(leaves(majority_images=1449))
    assert "needs 1501" in text
    assert "up to 2 left over from whole groups" in text


def test_parts_of_a_class_are_counted_together() -> None:
    datasets.check(task_of(majority=(("0", "2"),), majority_images=300), sources=Sources())


def test_too_few_groups_are_refused(tmp_path: Path) -> None:
    from PIL import Image

    rows = ["file,group"]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for index in range(12):
            Image.new("L", (4, 4), index + 40 * (name == "b")).save(
                tmp_path / name / f"{index}.png"
            )
            rows.append(f"{name}/{index}.png,{name}{index % 2}")
    (tmp_path / "groups.csv").write_text("\n".join(rows))
    task = task_of(
        "folder:mine",
        majority=(("a",),),
        minority=(("b",),),
        majority_images=1,
        minority_images=1,
        validation_majority_images=1,
        validation_minority_images=0,
        test_images=1,
    )
    with pytest.raises(BnclaimsError, match="the class a has 2 groups of images, and 3 are needed"):
        datasets.check(task, sources=Sources(folder=tmp_path))
