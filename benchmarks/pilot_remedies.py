"""The pilot of remedies: how long to train, before the protocol is fixed.

    BNCLAIMS_WEIGHTS=DIR python benchmarks/pilot_remedies.py --data-root DIR --store DIR > FILE

Trains plain, final BN and oversampling of protocol remedies at three lengths, of six seeds that enter
no verdict, and prints the mean of each score. Trained networks stay in the store.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Final

import numpy as np

from bnclaims.audit.evidence.measurement import Measurement
from bnclaims.audit.evidence.metrics import AUC, NATURAL_F1, J, Metric
from bnclaims.datasets import Sources
from bnclaims.protocol.cells import cells_of
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import (
    FINAL_BN,
    KEPT,
    OVERSAMPLED,
    PLAIN,
    PRIOR_SHIFTED,
    TUNED_THRESHOLD,
)
from bnclaims.protocol.trial import Trial
from bnclaims.run.inventory import selection_here
from bnclaims.store.store import Store
from bnclaims.training.trainer import trainer_of

DATASETS: Final = ("elpv", "ham10000")
EPOCHS: Final = (10, 20, 40)
ARMS: Final = (PLAIN, FINAL_BN, OVERSAMPLED)
READOUTS: Final = (KEPT, TUNED_THRESHOLD, PRIOR_SHIFTED)
SEEDS: Final = range(20000, 20006)
SCORES: Final[tuple[Metric, ...]] = (J, NATURAL_F1, AUC)


def main() -> None:
    """Trains what the store lacks, and prints the table as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--store", type=Path, required=True)
    options = parser.parse_args()
    sources = Sources(data_root=options.data_root, offline=True)
    store, train = Store.open(options.store), trainer_of("loop", None, sources)
    rows = []
    for dataset in DATASETS:
        selection = selection_here(dataset, sources=sources)
        cell = cells_of(load_protocol("remedies"), "remedies", selection)[0]
        for epochs in EPOCHS:
            for arm in ARMS:
                setting = dataclasses.replace(cell.settings["main"], epochs=epochs)
                keys = []
                for seed in SEEDS:
                    trial = Trial(setting=setting, arm=arm, seed=seed)
                    if not store.has(trial.key):
                        store.write(train(trial))
                    keys.append(trial.key)
                means = {how: _means(store, keys, how) for how in READOUTS}
                rows.append({"dataset": dataset, "epochs": epochs, "arm": arm, **means})
    print(json.dumps({"seeds": list(SEEDS), "rows": rows}, indent=1))


def _means(store: Store, keys: list[str], readout: str) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for key in keys:
        record = store.read(key)
        assert record is not None
        for score in SCORES:
            value = Measurement(record=record, readout=readout, metric=score, groups=20).value
            found.setdefault(score.name, []).append(float("nan") if value is None else float(value))
    return {name: round(float(np.mean(values)), 3) for name, values in found.items()}


if __name__ == "__main__":
    main()
