"""Draws docs/images/why.svg from a committed report of the protocol why: ``python docs/why_picture.py``.

Left: what a network learns as more and more of the batch mean is subtracted from its logits. Right: what each
part of the layer does alone. Dots are means over paired seeds, bars twice their standard errors.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import findings
import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from bnclaims.protocol import names

REPORT: Final = "why-apple"
CELL: Final = "frozen body"
PICTURE: Final = Path(__file__).with_name("images") / "why.svg"
DOSES: Final = {
    0.0: ("part-centring", names.PLAIN),
    0.25: ("why-quarter", names.CENTRE_QUARTER),
    0.5: ("why-half", names.CENTRE_HALF),
    0.75: ("why-three-quarters", names.CENTRE_THREE_QUARTERS),
    1.0: ("part-centring", names.CENTRE_ONLY),
}
PARTS: Final = {
    "plain": ("part-centring", names.PLAIN),
    "divided by the\nstandard deviation": ("part-scaling", names.SCALE_ONLY),
    "mean\nsubtracted": ("part-centring", names.CENTRE_ONLY),
    "both, nothing\nlearned": ("part-affine", names.BN_NO_AFFINE),
    "final BN": ("part-centring", names.FINAL_BN),
}
SHOWN: Final = {
    "auc": ("area under the ROC curve: how images are ranked", "#1f5fa8", "s"),
    "j": ("Youden's J: what is called what", "#b3541e", "o"),
}


def values(claim: str, arm: str, score: str) -> np.ndarray[Any, Any]:
    """A score of every seed of an arm, as it comes."""
    return findings.of_seeds(REPORT, claim, CELL, arm, names.KEPT, score)


def picture() -> str:
    """The picture as SVG, the same text whenever it is drawn."""
    with mpl.rc_context({"svg.hashsalt": "why", "font.size": 11, "svg.fonttype": "path"}):
        figure = Figure(figsize=(11, 4.4), layout="constrained")
        dose, parts = figure.subplots(1, 2, width_ratios=(5, 6), sharey=True)
        for score, (label, colour, marker) in SHOWN.items():
            style = {"color": colour, "marker": marker, "capsize": 3, "label": label}
            _drawn(dose, list(DOSES), list(DOSES.values()), score, style)
            places = list(range(len(PARTS)))
            _drawn(parts, places, list(PARTS.values()), score, {**style, "linestyle": "none"})
        dose.set_xlabel("share of the batch mean that is subtracted from the logits")
        dose.set_xticks(list(DOSES), ["0\n(plain)", ".25", ".5", ".75", "1"])
        parts.set_xticks(range(len(PARTS)), list(PARTS))
        dose.legend(loc="upper left", frameon=False)
        for axes in (dose, parts):
            axes.set_ylim(0, 1)
            axes.grid(axis="y", alpha=0.3)
            axes.spines[["top", "right"]].set_visible(False)
        seeds = len(values("part-centring", names.PLAIN, "j"))
        on = findings.read(REPORT).report.on
        figure.suptitle(
            f"Which part of the final BN layer does it? VGG16, frozen, {on}, {seeds} seeds"
        )
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return drawn.getvalue()


def _drawn(
    axes: Any, places: list[float], arms: list[tuple[str, str]], score: str, style: dict[str, Any]
) -> None:
    found = [values(claim, arm, score) for claim, arm in arms]
    errors = [2 * float(one.std(ddof=1)) / len(one) ** 0.5 for one in found]
    axes.errorbar(places, [float(one.mean()) for one in found], yerr=errors, **style)


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
