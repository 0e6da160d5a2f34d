"""Tables of what stands beside a claim's verdict: its gain taken apart, and its networks counted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Final

from bnclaims.report import row
from bnclaims.report.formatting import interval, number
from bnclaims.report.model import StatedClaim
from bnclaims.report.model_explained import (
    StatedBeside,
    StatedEffectBeside,
    StatedNetworks,
    StatedRatio,
)

PARTS: Final = (
    "Setting",
    "Seeds",
    "Gain in J",
    "Ranking",
    "Threshold",
    "Share of the threshold",
    "Minus plain, prior off: F1",
    "J",
    "Specific",
    "Left without the layer: F1",
    "J",
)
NETWORKS: Final = ("Setting", "Arm", "Read", "Seeds", "J", "Dead (J within .05 of 0)", "One-sided")
NOT_DEFINED: Final = "not defined: more than two classes"


@dataclasses.dataclass(frozen=True)
class Explained:
    """Rows in the order of `PARTS` and of `NETWORKS`, and the claim at the training prevalence."""

    parts: Sequence[tuple[str, ...]]
    networks: Sequence[tuple[str, ...]]
    training: Sequence[tuple[str, str, str]]


def explained(claim: StatedClaim) -> Explained:
    """The tables of all judged cells of a claim."""
    found = [(cell.name, cell.beside) for cell in claim.cells if cell.beside is not None]
    named = [(f"{name}: " if len(found) > 1 else "", beside) for name, beside in found]
    return Explained(
        parts=[_parts(of, effect) for of, beside in named for effect in beside.effects],
        networks=[_networks(of, counted) for of, beside in named for counted in beside.networks],
        training=[line for of, beside in named for line in _training(of, beside)],
    )


def _parts(of: str, effect: StatedEffectBeside) -> tuple[str, ...]:
    share = effect.threshold_share
    sizes = ["–", "–", "–", NOT_DEFINED]
    if share is not None:
        three = (share.gain, share.ranking, share.threshold)
        sizes = [interval(size.estimate, size.interval) for size in three]
        known = row.percent(share.share.ratio())
        sizes.append(f"{known}, {row.MOSTLY[share.word]}")
    retained = effect.retained
    return (
        f"{of}{effect.setting.replace('_', ' ')}",
        str(effect.seeds),
        *sizes,
        *(interval(size.estimate, size.interval) for size in effect.specific.scores),
        row.SPECIFIC[effect.specific.word],
        *(("–", "–") if retained is None else (_kept(retained.f1), _kept(retained.j))),
    )


def _kept(share: StatedRatio) -> str:
    ratio = share.ratio()
    return row.percent(ratio) if ratio.bounded else "not known: no gain to keep a share of"


def _networks(of: str, counted: StatedNetworks) -> tuple[str, ...]:
    low, high = (number(None if end is None else 100 * end, 0) for end in counted.dead_interval)
    share = number(100 * counted.dead / counted.seeds, 0) if counted.seeds else "–"
    flag = ", one-sided" if 10 * counted.one_sided > counted.seeds else ""
    return (
        f"{of}{counted.setting.replace('_', ' ')}",
        counted.arm.replace("_", " "),
        counted.readout.replace("_", " "),
        str(counted.seeds),
        interval(counted.j.estimate, counted.j.interval),
        f"{share} % [{low}, {high}]",
        f"{counted.one_sided} of {counted.seeds}{flag}",
    )


def _training(of: str, beside: StatedBeside) -> Iterator[tuple[str, str, str]]:
    there = beside.at_training_prevalence
    if there is not None:
        said = str(there.verdict)
        if there.answer is not None:
            said += f", {row.ANSWERS[there.answer]}"
        yield of.removesuffix(": "), interval(there.f1.estimate, there.f1.interval), said
