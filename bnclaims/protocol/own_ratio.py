"""Numbers of images for a task on a user's own folder: its own ratio, as far as its images reach."""

from __future__ import annotations

from typing import Final

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.schema import TaskRules

# Of the images of the minority: what is held out, and the least test that says anything.
TEST_SHARE: Final = 0.4
VALIDATION_SHARE: Final = 0.15
LEAST_TEST: Final = 10
# More images than any folder has.
ANY: Final = 10**9


def in_own_ratio(
    rules: TaskRules, *, majority: int, minority: int, name: str, folder: str
) -> dict[str, int]:
    """Counts of a `bnclaims.protocol.trial.Task` from the images of each class that any split can use.

    As `counts_in` has them, and none above that of ``rules``. `BnclaimsError` where the minority
    ``name`` has too few images, or more than the majority.
    """
    needed = round(LEAST_TEST / TEST_SHARE)
    if minority < needed:
        raise BnclaimsError(
            f"--dataset {folder}: of the class {name} a split can use {minority} images, and "
            f"{needed} are needed ({LEAST_TEST} for test, the others for training and validation); "
            f"add at least {needed - minority} of it."
        )
    counts = counts_in(
        majority,
        minority,
        training=(rules.majority_images, rules.minority_images),
        validation=(rules.validation_majority_images, rules.validation_minority_images),
        test=rules.test_images,
    )
    if counts is None:
        raise BnclaimsError(
            f"--dataset {folder}: the minority {name} has {minority} images that a split can use and "
            f"the majority {majority}; exchange --majority and --minority, or add images."
        )
    return counts


def counts_in(
    majority: int,
    minority: int,
    *,
    training: tuple[int, int] = (ANY, ANY),
    validation: tuple[int, int] = (ANY, ANY),
    test: int = ANY,
) -> dict[str, int] | None:
    """Counts of a task in the ratio of its two classes; None where the minority is too small or none.

    Two fifths of the minority are for the test, as many of the majority, and about a seventh for
    validation; the rest is for training. Validation and training have the ratio of majority to
    minority, which costs majority images. No number exceeds what is given.
    """
    if majority < minority or minority < round(LEAST_TEST / TEST_SHARE):
        return None
    ratio = majority / minority
    tested = min(test, int(TEST_SHARE * minority))
    validated = min(validation[1], round(VALIDATION_SHARE * minority))
    validated_majority = min(validation[0], round(validated * ratio))
    most = min(training[0], majority - tested - validated_majority)
    trained = min(training[1], minority - tested - validated, int(most / ratio))
    return {
        "majority_images": min(most, round(trained * ratio)),
        "minority_images": max(2, trained),
        "validation_majority_images": validated_majority,
        "validation_minority_images": validated,
        "test_images": tested,
    }
