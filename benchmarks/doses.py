"""The doses of claim (ii): up to which ratio the plain network leaves something to gain.

    python benchmarks/doses.py --data-root DIR

Trains the plain network of seeds that enter no verdict at every number of minority images of `DOSES`, for
the steps of the premise, and prints the mean of Youden's J. The protocol's doses end at the last one
with a mean of at most its headroom; trained networks stay in the store.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np

from bnclaims.audit.evidence.metrics import youden_j
from bnclaims.audit.evidence.predictions import predictions_of
from bnclaims.datasets import Sources
from bnclaims.protocol.cells import cells_of
from bnclaims.protocol.load import load_protocol, parse_protocol
from bnclaims.protocol.names import KEPT, PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.run.inventory import selection_here
from bnclaims.store.store import Store
from bnclaims.training.trainer import NetworkTrainer

SEEDS: Final = range(20000, 20008)
DOSES: Final = (2, 6, 20, 61, 192, 600)
DATASETS: Final = ("digits", "mnist-5k", "plantvillage-apple")
CELL: Final = f"""
[[claims.doses.cells]]
name = "doses"
task = "ratio"
steps = 160
vary = {{ key = "minority_images", values = {list(DOSES)} }}
reason = "The majority images and the steps of claim (ii)."
"""


def main() -> None:
    """Trains what the store lacks, and prints a line per dataset and dose."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", nargs="+", choices=DATASETS, default=DATASETS)
    parser.add_argument("--data-root", type=Path, metavar="DIR")
    parser.add_argument("--store", type=Path, default=Path(".bnclaims/pilot"), metavar="DIR")
    given = parser.parse_args()
    sources, store = Sources(data_root=given.data_root), Store.open(given.store)
    protocol = parse_protocol(load_protocol("quick").text + CELL, source="doses")
    for dataset in given.datasets:
        (cell,) = cells_of(protocol, "doses", selection_here(dataset, sources=sources))
        train = NetworkTrainer("graph", sources)
        for setting, dose in zip(cell.settings.values(), cell.doses.values(), strict=True):
            found = []
            for seed in SEEDS:
                trial = Trial(setting=setting, arm=PLAIN, seed=seed)
                record = store.read(trial.key)
                if record is None:
                    record = train(trial)
                    store.write(record)
                found.append(float(youden_j(predictions_of(record, KEPT)) or 0))
            told = f"{np.mean(found):.2f}, {min(found):.2f} to {max(found):.2f}"
            print(f"{dataset}, {dose:g}: {told}", flush=True)


if __name__ == "__main__":
    main()
