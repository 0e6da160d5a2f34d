"""Named random streams."""

from __future__ import annotations

import pytest

from bnclaims.protocol.random_streams import generator


def test_a_stream_starts_again_from_its_beginning() -> None:
    assert generator(3, "split").random(5).tolist() == generator(3, "split").random(5).tolist()


@pytest.mark.parametrize(
    "other", [(4, ("split",)), (3, ("order",)), (3, ("split", "x")), (3, ("spl", "it")), (3, ())]
)
def test_another_seed_or_purpose_is_another_stream(other: tuple[int, tuple[str, ...]]) -> None:
    seed, purpose = other
    assert generator(3, "split").random() != generator(seed, *purpose).random()


def test_purposes_are_not_run_together() -> None:
    assert generator(0, "a", "b").random() != generator(0, "ab").random()


def test_streams_are_the_same_on_every_machine() -> None:
    assert generator(7, "init", "weights").integers(0, 2**32, 3).tolist() == [
        1668567453,
        2154551087,
        1442616853,
    ]


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        generator(-1, "split")
