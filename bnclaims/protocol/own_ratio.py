"""Numbers of images for a task on a user's own folder: its own ratio, as far as its images reach."""

from __future__ import annotations

from typing import Final

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.schema import TaskRules

# Of the images of the minority: what is held out, and the least test that says anything.
TEST_SHARE: Final = 0.4
VALIDATION_SHARE: Final = 0.15
LEAST_TEST: Final = 10


def in_own_ratio(
    rules: TaskRules, *, majority: int, minority: int, name: str, folder: str
) -> dict[str, int]:
    """Counts of a `bnclaims.protocol.trial.Task` from the images of each class that any split can use.

    Two fifths of the minority are for the test, as many of the majority, and about a seventh for
    validation; the rest is for training. Validation and training have the folder's own ratio of
    majority to minority, which costs majority images. No number exceeds that of ``rules``.
    `BnclaimsError` where the minority ``name`` has too few images, or more than the majority.
    """
    needed = round(LEAST_TEST / TEST_SHARE)
    if minority < needed:
        raise BnclaimsError(
            f"--dataset {folder}: of the class {name} a split can use {minority} images, and "
            f"{needed} are needed ({LEAST_TEST} for test, the others for training and validation); "
            f"add at least {needed - minority} of it."
        )
    if majority < minority:
        raise BnclaimsError(
            f"--dataset {folder}: the minority {name} has {minority} images that a split can use and "
            f"the majority {majority}; exchange --majority and --minority, or add images."
        )
    ratio = majority / minority
    test = min(rules.test_images, int(TEST_SHARE * minority))
    validation = min(rules.validation_minority_images, round(VALIDATION_SHARE * minority))
    validation_majority = min(rules.validation_majority_images, round(validation * ratio))
    most = min(rules.majority_images, majority - test - validation_majority)
    training = min(rules.minority_images, minority - test - validation, int(most / ratio))
    return {
        "majority_images": min(most, round(training * ratio)),
        "minority_images": max(2, training),
        "validation_majority_images": validation_majority,
        "validation_minority_images": validation,
        "test_images": test,
    }
