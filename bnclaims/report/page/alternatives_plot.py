"""The figure of what might do as well as the layer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from bnclaims.report.page.forest_plot import Plot, forest

# Estimate, interval, decision lines.
_KEPT = (1, 2, 4)


def remedies_plot(name: str, entry: Mapping[str, Any], margin: float | None) -> Plot | None:
    """Minority F1 of every remedy of a recommended setting minus final BN's, against the margin.

    ``name`` is a word that is unique on the page. None where none was tested.
    """
    lines = () if margin is None else (-margin, margin)
    cells = [
        {
            "name": remedy["name"],
            "primary": not entry["per_cell"],
            "finding": {**remedy, "label": remedy["name"], "lines": lines, "parts": []},
        }
        for remedy in entry["remedies"]
        if remedy["estimate"] is not None
    ]
    if not cells:
        return None
    plot = forest(name, {"cells": cells, "title": entry["setting"]})
    return dataclasses.replace(
        plot,
        title="Minority F1 minus that of final BN",
        caption="Estimate with its interval over seeds. Between the dashed lines lies what is too "
        "small to matter; the answers beside it also rest on Youden's J.",
        # The report holds no new-images intervals of remedies as such.
        columns=("Remedy", *(plot.columns[place] for place in _KEPT)),
        rows=tuple((row[0], *(row[place] for place in _KEPT)) for row in plot.rows),
    )
