"""Two plots of a report with pandas; cells as in a notebook (`# %%`), for editors that run them one by one.

    python examples/notebook/two_plots.py [REPORT [FOLDER]]

Reads REPORT (reports/remedies-elpv unless named) and writes gains.png and seeds.png into FOLDER (here).
"""

# %% A report, anybody's: its tables as data frames, its report.json as a typed model
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd

import bnclaims

matplotlib.use("Agg")
named = dict(enumerate(sys.argv[1:]))
report = bnclaims.read_report(named.get(0, "reports/remedies-elpv"))
folder = Path(named.get(1, "."))
claim = next(claim for claim in report.report.claims if claim.id == "remedies")
cell = claim.headline
assert cell is not None and cell.beside is not None and cell.beside.remedies is not None
ranked = cell.beside.remedies
print(ranked.advice)

# %% What every remedy gains over the plain network, with intervals that hold together
gains = pd.DataFrame(
    {
        row.name: (row.gain_j.estimate, *row.gain_j.interval)
        for row in ranked.rows
        if row.gain_j is not None and row.gain_j.interval is not None
    },
    index=["gain in J", "low", "high"],
).T.astype(float)[::-1]
print(gains.round(2).to_string())
away = [gains["gain in J"] - gains["low"], gains["high"] - gains["gain in J"]]
drawn = gains["gain in J"].plot.barh(xerr=away, color="lightsteelblue", figsize=(8, 6))
drawn.set_xlabel("gain in Youden's J over the plain network")
plt.savefig(folder / "gains.png", bbox_inches="tight", dpi=120)
plt.close()

# %% What single seeds have: the plain network, and the remedy that is at the top
scores = (
    report.evidence("remedies", cell.name)["j"].unstack(["arm", "readout"]).droplevel("setting")
)
top = ranked.rows[0]
pairs = scores[[("plain", "kept"), (top.arm, top.readout)]]
pairs.columns = pd.Index(["plain", top.name])
print(pairs.describe().loc[["mean", "min", "max"]].round(2).to_string())
drawn = pairs.T.plot(color="grey", alpha=0.5, marker="o", legend=False, figsize=(6, 4))
drawn.set_ylabel("Youden's J of a seed")
plt.savefig(folder / "seeds.png", bbox_inches="tight", dpi=120)
