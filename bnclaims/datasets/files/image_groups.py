"""Group ids where a source has none, or too few: numbered photo series, and copies of one image."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

# Raise it when a rule below changes, so that fingerprints change with the groups.
GROUPING_VERSION = 1

# Photos of one leaf follow each other in a series, but where a leaf ends is not recorded, and a cut
# inside a leaf puts it on two sides of a split. So a block of a series only ends at a pause in the
# numbering: after 20 numbers at a pause of 6, after 50 at any pause. On the apple images, whose
# leaves are known, thinned to 20-50 % as the tomato set is, 5-7 % of images then belong to a leaf
# that is cut, against 29-48 % with blocks of ten numbers.
_CUTS = ((20, 6), (50, 2))


def number_blocks(numbers: Iterable[int]) -> dict[int, int]:
    """The block of each photo number of a series, named by the block's first number."""
    blocks: dict[int, int] = {}
    first = previous = None
    for number in sorted(set(numbers)):
        if (
            first is None
            or previous is None
            or any(number - first >= span and number - previous >= gap for span, gap in _CUTS)
        ):
            first = number
        blocks[number] = first
        previous = number
    return blocks


def join_copies(groups: Sequence[str], contents: Sequence[Hashable]) -> list[str]:
    """Groups merged wherever two images have equal content.

    A copy of a training image in the test set would be a leak, whatever its name, group or class.
    Merged groups take the name that comes first in ``groups``.
    """
    parent = {group: group for group in groups}

    def root(group: str) -> str:
        while parent[group] != group:
            parent[group] = parent[parent[group]]
            group = parent[group]
        return group

    order = {group: index for index, group in reversed(list(enumerate(groups)))}
    seen: dict[Hashable, str] = {}
    for group, content in zip(groups, contents, strict=True):
        one, other = root(group), root(seen.setdefault(content, group))
        early, late = sorted((one, other), key=order.__getitem__)
        parent[late] = early
    return [root(group) for group in groups]
