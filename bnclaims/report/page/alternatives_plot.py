"""Figure of what might do as well as the layer."""

from __future__ import annotations

import dataclasses

from bnclaims.report.model_beside import SettingAdvice
from bnclaims.report.page.estimates import Estimate
from bnclaims.report.page.forest_plot import Plot, forest

# Estimate, interval, decision lines.
_KEPT = (1, 2, 4)


def remedies_plot(name: str, entry: SettingAdvice, margin: float | None) -> Plot | None:
    """Minority F1 of every remedy of a recommended setting minus final BN's, against the margin.

    ``name`` is a word that is unique on the page. None where none was tested.
    """
    estimates = [
        Estimate(
            label=remedy.name,
            value=remedy.estimate,
            interval=remedy.interval,
            # The report holds no new-images intervals of remedies as such.
            new_images=None,
            lines=() if margin is None else (-margin, margin),
            deciding=(),
            primary=not entry.per_cell,
        )
        for remedy in entry.remedies
        if remedy.estimate is not None
    ]
    if not estimates:
        return None
    plot = forest(name, entry.setting, [(one.label, one) for one in estimates])
    return dataclasses.replace(
        plot,
        title="Minority F1 minus that of final BN",
        caption="Estimate with its interval over seeds. Between the dashed lines lies what is too "
        "small to matter; the answers beside it also rest on Youden's J.",
        columns=("Remedy", *(plot.columns[place] for place in _KEPT)),
        rows=tuple((row[0], *(row[place] for place in _KEPT)) for row in plot.rows),
    )
