"""Numbers of images for a user's folder: its own ratio, as far as its images reach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.own_ratio import LEAST_TEST, in_own_ratio

RULES = load_protocol("remedies").file.datasets["folder"].tasks["binary"]


def counts(majority: int, minority: int) -> dict[str, int]:
    return in_own_ratio(
        RULES, majority=majority, minority=minority, name="scab", folder="folder:leaves"
    )


def test_a_folder_of_1500_images_keeps_its_ratio_of_14_to_1() -> None:
    assert counts(1400, 100) == {
        "majority_images": 630,
        "minority_images": 45,
        "validation_majority_images": 150,
        "validation_minority_images": 15,
        "test_images": 40,
    }


@given(st.integers(25, 5000), st.floats(1, 200))
def test_no_more_is_asked_for_than_there_is_in_the_ratio_of_the_folder(
    minority: int, ratio: float
) -> None:
    majority = int(minority * ratio)
    found = counts(majority, minority)
    train, rare = found["majority_images"], found["minority_images"]
    assert train + found["validation_majority_images"] + found["test_images"] <= majority
    assert rare + found["validation_minority_images"] + found["test_images"] <= minority
    assert train <= RULES.majority_images and rare <= train
    assert found["test_images"] >= LEAST_TEST and found["validation_minority_images"] >= 1
    # By the rounding of the smaller number alone, unless two images of it are more than its share.
    if rare > 2:
        assert train / (rare + 1) <= majority / minority <= (train + 1) / (rare - 0.5)


def test_too_few_images_are_told_with_what_is_needed() -> None:
    with pytest.raises(BnclaimsError, match=r"scab a split can use 18 .* 25 are needed .* 7 of it"):
        counts(400, 18)


def test_classes_the_wrong_way_round_are_told() -> None:
    with pytest.raises(BnclaimsError, match="exchange --majority and --minority"):
        counts(40, 400)
