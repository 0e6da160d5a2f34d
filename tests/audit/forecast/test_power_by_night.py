"""Power by night: the evidence that `bnclaims plan` simulates is that of the judge."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from bnclaims.audit.evidence.per_seed import Column
from bnclaims.audit.forecast import power_by_night
from bnclaims.audit.forecast.contrasts import Contrast
from bnclaims.audit.forecast.power_by_night import evidence, seeds_shown, smallest_by
from bnclaims.commands.cli import main
from bnclaims.protocol.load import load_protocol
from bnclaims.stats import anytime_p

CLAIMS = Path(__file__).parents[3] / "claims"
HOW = load_protocol("nightly").rules.accumulation
SPREAD, DISTANCE = 0.2, 1.2


def contrast(*, sides: int, absence: bool) -> Contrast:
    column = Column(
        seeds=(),
        low=(),
        high=(),
        leave_out=lambda: np.zeros((0, 0)),
        share=Fraction(0),
        bounds=(Fraction(-1), Fraction(1)),
    )
    kind = "no effect" if absence else "effect"
    return Contrast(label="", kind=kind, column=column, target=0.1, sides=sides, absence=absence)


@pytest.mark.parametrize(
    ("sides", "absence"), [(1, False), (1, True), (2, True)], ids=["effect", "not worse", "within"]
)
def test_simulated_evidence_is_what_the_judge_makes_of_the_same_differences(
    sides: int, absence: bool
) -> None:
    seeds, bounds = (8, 20), (-1.0, 1.0)
    found = evidence(DISTANCE, contrast(sides=sides, absence=absence), -5.0, 5.0, seeds, (0.5, 0.9))
    noise = power_by_night._beyond(0.0, False, seeds[-1])[:5]
    truth = 0.0 if absence else DISTANCE * SPREAD
    margin = DISTANCE * SPREAD if absence else 0.0
    for row, shown in zip((truth + SPREAD * noise).clip(*bounds), found, strict=False):
        for n, logarithm in zip(seeds, shown, strict=True):
            values = row[:n].tolist()
            p = anytime_p(values, bounds=bounds, shift=-margin, alternative="greater")
            if sides == 2:
                less = anytime_p(values, bounds=bounds, shift=margin, alternative="less")
                p = max(p, less)
            assert min(1.0, np.exp(-logarithm)) == pytest.approx(p, rel=1e-9)


def test_a_margin_outside_of_what_can_be_is_never_shown() -> None:
    found = evidence(5.0, contrast(sides=1, absence=True), -4.0, 4.0, (8,), (0.5, 0.9))
    assert np.isneginf(found).all()


def test_later_nights_show_smaller_effects_and_smaller_spreads_do_too() -> None:
    assert HOW is not None
    wide, narrow = (
        smallest_by(contrast(sides=1, absence=False), spread, 0.05 / 6, HOW)
        for spread in (0.2, 0.1)
    )
    assert tuple(wide) == seeds_shown(HOW) == (20, 60, 120, 240)
    sizes = [size for size in wide.values() if size is not None]
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) == len(sizes) >= 3
    for n, size in wide.items():
        assert size is None or size > (narrow[n] or 0)


def test_the_plan_of_a_nightly_protocol_says_what_its_nights_can_show(tmp_path: Path) -> None:
    claims = tmp_path / "claims"
    claims.mkdir()
    for name in ("premise", "claim_6_sigmoid"):
        shutil.copy(CLAIMS / f"test_{name}.py", claims)
    options = (f"--claims={claims}", f"--store={tmp_path / 'store'}")
    done = CliRunner().invoke(main, ["plan", "--protocol=nightly", *options, "--json"])
    told = json.loads(done.stdout)
    assert told["nights"] == 60
    shown: dict[str, Any] = {
        claim["id"]: claim["cells"][0]["contrasts"][0] for claim in told["claims"]
    }
    assert [look["seeds"] for look in shown["vi"]["looks"]] == [20, 60, 120, 240]
    assert 0.1 < shown["premise"]["looks"][-1]["smallest"] < 0.2
    # The docs measure it: no gain and a spread of 0.15 is below the margin by night 21, nine times of ten.
    assert shown["vi"]["possible"] is True
