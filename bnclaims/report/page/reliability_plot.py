"""Reliability diagram: how often a network is right at the confidence it states."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.report.formatting import number
from bnclaims.report.model import StatedClaim
from bnclaims.report.model_beside import StatedBin
from bnclaims.report.page.forest_plot import Plot
from bnclaims.report.page.svg import ACCENT, FAINT, INK, PAPER, empty_figure, svg_of

_NAMES = {PLAIN: "plain", FINAL_BN: "final BN"}
_LOOKS: Mapping[str, Mapping[str, Any]] = {
    PLAIN: {"color": INK, "marker": "o", "mfc": PAPER, "ls": (0, (4, 2))},
    FINAL_BN: {"color": ACCENT, "marker": "s", "mfc": ACCENT},
}
_PANELS = ((False, "as trained"), (True, "temperature scaled"))


def reliability_plot(name: str, claim: StatedClaim) -> Plot | None:
    """Accuracy by confidence of both arms, before and after temperature scaling.

    ``name`` is a word that is unique on the page; None for claims that are not about calibration.
    """
    curves = [curve for curve in claim.reliability or () if curve.arm in _LOOKS]
    if not curves:
        return None
    most = max(entry.images for curve in curves for entry in curve.bins)
    lowest = min(entry.confidence for curve in curves for entry in curve.bins)
    said, rows = [], []
    with empty_figure(3.2) as figure:
        panels = figure.subplots(1, 2, sharey=True)
        figure.subplots_adjust(left=0.13, right=0.98, bottom=0.16, top=0.81, wspace=0.08)
        for axes, (scaled, title) in zip(panels, _PANELS, strict=True):
            axes.plot([0, 1], [0, 1], color=FAINT, lw=1, ls=(0, (3, 2)))
            for curve in curves:
                if curve.scaled is not scaled:
                    continue
                arm, bins = curve.arm, curve.bins
                at = [entry.confidence for entry in bins]
                right = [entry.accuracy for entry in bins]
                look = dict(_LOOKS[arm])
                marker = {key: look.pop(key) for key in ("marker", "mfc")}
                axes.plot(at, right, lw=1.5, **look)
                for entry in bins:
                    size = 2.5 + 6.5 * math.sqrt(entry.images / most)
                    point = (entry.confidence, entry.accuracy)
                    axes.plot(*point, ms=size, mew=1.4, color=look["color"], **marker)
                    rows.append(
                        (
                            f"{_NAMES[arm]}, {title}",
                            number(entry.confidence),
                            number(entry.accuracy),
                            str(entry.images),
                        )
                    )
                said.append(f"{_NAMES[arm]}, {title}: {_summary(bins)}")
            axes.set_title(title, fontsize=10, loc="left")
            axes.set_xlim(math.floor(10 * lowest) / 10 - 0.02, 1.02)
            axes.set_ylim(-0.03, 1.03)
            axes.set_xlabel("confidence")
        panels[0].set_ylabel("share that is right")
        for arm in dict.fromkeys(curve.arm for curve in curves):
            panels[0].plot([], [], lw=1.5, ms=6, label=_NAMES[arm], **_LOOKS[arm])
        figure.legend(loc="upper right", ncols=2, frameon=False, borderaxespad=0)
        heading, text = "Reliability before and after temperature scaling", "; ".join(said) + "."
        svg = svg_of(figure, name, heading, text)
    return Plot(
        svg=svg,
        title=heading,
        description=text,
        caption="Test images of all seeds by stated confidence. Filled squares: final BN; open "
        "circles: plain; larger marks hold more images. On the dashed line confidence is honest; "
        "below it the network is too sure of itself.",
        columns=("Network", "Confidence", "Right", "Images"),
        rows=tuple(rows),
    )


def _summary(bins: Sequence[StatedBin]) -> str:
    images = sum(entry.images for entry in bins)
    stated = sum(entry.images * entry.confidence for entry in bins) / images
    right = sum(entry.images * entry.accuracy for entry in bins) / images
    return f"mean confidence {number(stated)}, right {number(right)}"
