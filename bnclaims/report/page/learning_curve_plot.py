"""Learning curves: Youden's J of the plain network and of every remedy over numbers of minority images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from bnclaims.audit.statements.remedies import STILL_NEEDED
from bnclaims.protocol.names import FINAL_BN, KEPT, PLAIN
from bnclaims.report.formatting import interval
from bnclaims.report.model import StatedCell, StatedClaim
from bnclaims.report.page.forest_plot import Plot
from bnclaims.report.page.svg import ACCENT, FAINT, INK, PAPER, SOFT, empty_figure, svg_of

_MARKERS: Final = "^vDsP*X"


def learning_curves(name: str, claim: StatedClaim) -> list[Plot]:
    """The figure of every cell of a claim about numbers of images; ``name`` is unique on the page."""
    cells = [cell for cell in claim.cells if cell.finding and cell.finding.kind == STILL_NEEDED]
    return [_learning_curves(f"{name}{index}", cell) for index, cell in enumerate(cells)]


def _learning_curves(name: str, cell: StatedCell) -> Plot:
    curves: dict[tuple[str, str], list[tuple[float, Any]]] = {}
    for counted in cell.beside.networks if cell.beside else ():
        if counted.j.estimate is not None:
            place = (counted.arm, counted.readout)
            curves.setdefault(place, []).append((cell.doses[counted.setting], counted.j))
    doses = sorted(cell.doses.values())
    rows: list[tuple[str, ...]] = []
    with empty_figure(3.4) as figure:
        axes = figure.add_axes((0.13, 0.15, 0.85, 0.6))
        axes.axhline(0, color=FAINT, lw=1, ls=(0, (3, 2)))
        others = 0
        for (arm, readout), points in curves.items():
            label = _name(arm, readout)
            look: dict[str, Any] = {"color": SOFT, "lw": 1.2, "mfc": PAPER, "ms": 5}
            if (arm, readout) == (PLAIN, KEPT):
                look |= {"color": INK, "lw": 2, "ls": (0, (5, 2)), "marker": "s"}
            elif arm == FINAL_BN:
                look |= {"color": ACCENT, "lw": 2, "marker": "o", "mfc": ACCENT}
            else:
                look |= {"marker": _MARKERS[others % len(_MARKERS)]}
                others += 1
            places = [math.log2(dose) for dose, _ in points]
            axes.plot(places, [j.estimate for _, j in points], label=label, **look)
            rows += [(label, f"{dose:g}", interval(j.estimate, j.interval)) for dose, j in points]
        axes.set_xticks([math.log2(dose) for dose in doses], [f"{dose:g}" for dose in doses])
        axes.set_xlabel("minority images in training")
        axes.set_ylabel("Youden's J")
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.14, 1), ncols=2, frameon=False, fontsize=8.5
        )
        title = f"J by number of minority images, {cell.name}"
        text = "; ".join(f"{label}, {dose}: {size}" for label, dose, size in rows) + "."
        svg = svg_of(figure, name, title, text)
    return Plot(
        svg=svg,
        title=title,
        description=text,
        caption="Pseudomedian over seeds. The images of a smaller number are among those of a larger "
        "one; majority and test stay the same. The horizontal axis is logarithmic. "
        + _notes(cell.notes),
        columns=("Network", "Minority images", "J"),
        rows=tuple(rows),
    )


def _name(arm: str, readout: str) -> str:
    return arm.replace("_", " ") + ("" if readout == KEPT else f", {readout.replace('_', ' ')}")


def _notes(notes: Sequence[str]) -> str:
    return f"{'; '.join(notes)}." if notes else ""
