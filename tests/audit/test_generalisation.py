"""Generalisation: whether a verdict reaches beyond the pool of images that its seeds drew from."""

from __future__ import annotations

import dataclasses

import pytest

from bnclaims.audit.generalisation import with_reach
from bnclaims.audit.statements.remedies import ANY_OF
from bnclaims.audit.statements.statement import Finding

LEVEL = 0.05 / 6


def finding(
    wider: tuple[float, float] | None,
    *,
    support: tuple[float, ...] = (0.0,),
    refute: tuple[float, ...] = (0.1,),
    p_refute: float = 1.0,
    parts: tuple[Finding, ...] = (),
) -> Finding:
    return Finding(
        label="F1 gain",
        kind="effect",
        p_support=0.001,
        p_refute=p_refute,
        estimate=0.3,
        interval=(0.2, 0.4),
        new_images_interval=wider,
        lines=tuple(sorted({*support, *refute})),
        support_lines=support,
        refute_lines=refute,
        parts=parts,
    )


@pytest.mark.parametrize(
    ("wider", "supported", "marked"),
    [
        ((-0.1, 0.5), True, True),
        # Above 0 is what was shown; that it may be below 0.1 was not denied.
        ((0.05, 0.5), True, False),
        ((0.05, 0.5), False, True),
        ((-0.2, 0.09), False, False),
        (None, True, False),
    ],
)
def test_only_the_line_of_the_test_that_decided_counts(
    wider: tuple[float, float] | None, supported: bool, marked: bool
) -> None:
    assert with_reach(finding(wider), supported=supported, level=LEVEL).pool_only is marked


def test_support_of_all_parts_rests_on_the_weakest() -> None:
    parts = (finding((0.1, 0.5)), finding((-0.1, 0.5)))
    found = with_reach(finding((0.1, 0.5), parts=parts), supported=True, level=LEVEL)
    assert found.pool_only
    assert [part.pool_only for part in found.parts] == [False, True]


def test_a_refutation_rests_on_the_parts_that_refute() -> None:
    within = finding((-0.2, 0.05), p_refute=1e-4)
    across = finding((-0.2, 0.3), p_refute=1e-4)
    silent = finding((-0.2, 0.3), p_refute=0.5)

    def judged(*parts: Finding) -> Finding:
        return with_reach(finding((-0.2, 0.3), parts=parts), supported=False, level=LEVEL)

    assert not judged(within, silent).pool_only, "the part that crosses did not refute"
    assert not judged(within, across).pool_only, "one part refutes for new images, too"
    assert judged(across, silent).pool_only
    assert [part.pool_only for part in judged(across, silent).parts] == [True, False]


def test_a_refutation_by_all_looks_together_rests_on_its_strongest_part() -> None:
    # No part is below the level by itself at the last look.
    parts = (finding((-0.2, 0.05), p_refute=0.006), finding((-0.2, 0.3), p_refute=0.5))
    found = with_reach(finding((-0.2, 0.3), parts=parts), supported=False, level=LEVEL)
    assert not found.pool_only


def test_everything_but_the_mark_stays_as_it_was() -> None:
    before = finding((-0.1, 0.5), parts=(finding((0.1, 0.5)), finding((-0.1, 0.5))))
    after = with_reach(before, supported=True, level=LEVEL)
    plain = tuple(dataclasses.replace(part, pool_only=False) for part in after.parts)
    assert dataclasses.replace(after, pool_only=False, parts=plain) == before


def test_where_any_part_is_enough_support_reaches_as_far_as_its_best_and_refutation_as_its_worst() -> (
    None
):
    near, far = finding((-0.1, 0.5)), finding((0.1, 0.5))
    either = dataclasses.replace(finding((0.1, 0.5), parts=(near, far)), kind=ANY_OF)
    assert not with_reach(either, supported=True, level=LEVEL).pool_only
    assert with_reach(either, supported=False, level=LEVEL).pool_only
    alone = dataclasses.replace(either, parts=(near, dataclasses.replace(far, p_support=0.5)))
    assert with_reach(alone, supported=True, level=LEVEL).pool_only
