"""Groups made of photo numbers and of copies."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bnclaims.datasets.files.image_groups import join_copies, number_blocks
from bnclaims.datasets.plantvillage.plantvillage import leaf_groups

numbers = st.lists(st.integers(0, 2000), min_size=1, max_size=200)


@given(numbers)
def test_blocks_are_runs_of_the_sorted_numbers(found: list[int]) -> None:
    blocks = number_blocks(found)
    assert blocks.keys() == set(found)
    starts = [blocks[number] for number in sorted(blocks)]
    assert starts == sorted(starts)
    assert all(blocks[start] == start for start in starts)


@given(numbers)
def test_consecutive_photos_are_never_cut_apart(found: list[int]) -> None:
    blocks = number_blocks(found)
    for one, other in pairwise(sorted(blocks)):
        if other == one + 1:
            assert blocks[one] == blocks[other]


@given(numbers)
def test_a_block_ends_only_after_twenty_numbers(found: list[int]) -> None:
    starts = sorted(set(number_blocks(found).values()))
    assert all(other - one >= 20 for one, other in pairwise(starts))


def test_a_short_pause_ends_a_long_block_only() -> None:
    assert number_blocks([0, 30, 32]) == {0: 0, 30: 30, 32: 30}
    dense = [*range(0, 30), 33, *range(34, 60), 62]
    assert number_blocks(dense)[33] == 0
    assert number_blocks(dense)[62] == 62


def test_copies_join_the_groups_they_lie_in() -> None:
    joined = join_copies(["a", "b", "c", "b", "d"], ["1", "2", "2", "3", "3"])
    assert joined == ["a", "b", "b", "b", "b"]


def test_groups_without_copies_stay_as_they_are() -> None:
    assert join_copies(["a", "b", "a"], [b"1", b"2", b"3"]) == ["a", "b", "a"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 8)), max_size=30))
def test_equal_content_and_equal_groups_end_up_together(pairs: list[tuple[str, int]]) -> None:
    groups, contents = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    joined = join_copies(groups, contents)
    for i, one in enumerate(joined):
        for j, other in enumerate(joined):
            if groups[i] == groups[j] or contents[i] == contents[j]:
                assert one == other


def row(series: str, number: str, leaf: str = "") -> dict[str, str]:
    return {"class": "T", "leaf_id": leaf, "photo_series": series, "photo_number": number}


def test_a_leaf_id_is_used_as_it_is() -> None:
    assert leaf_groups({"x": row("GH_HL Leaf", "3.1", leaf="T:3")}) == {"x": "T:3"}


def test_photos_of_one_leaf_on_several_days_share_a_group() -> None:
    groups = leaf_groups(
        {
            "a": row("GHLB Leaf 23 Day", "9"),
            "b": row("GHLB Leaf 23.4 Day", "14"),
            "c": row("GHLB Leaf 2.3 Day", "9"),
        }
    )
    assert groups["a"] == groups["b"] != groups["c"]


def test_a_leaf_number_names_the_leaf() -> None:
    groups = leaf_groups(
        {"a": row("GHLB2 Leaf", "78.1"), "b": row("GHLB2 Leaf", "78"), "c": row("GHLB2 Leaf", "79")}
    )
    assert groups["a"] == groups["b"] != groups["c"]


def test_other_series_are_grouped_by_blocks_of_numbers() -> None:
    groups = leaf_groups(
        {"a": row("RS_HL", "0012"), "b": row("RS_HL", "14"), "c": row("RS_HL", "99")}
    )
    assert groups["a"] == groups["b"] != groups["c"]


def test_a_photo_with_no_number_stands_alone() -> None:
    groups = leaf_groups({"a": row("GH_HL Leaf 380.1JPG", ""), "b": row("RS_HL", "")})
    assert groups == {"a": "a", "b": "b"}
