"""The pilot of transfer learning: rates and lengths on frozen bodies, before the protocol is fixed.

    BNCLAIMS_WEIGHTS=DIR python benchmarks/pilot_transfer.py --data-root DIR

Trains the networks of the premise on frozen bodies, plain and with final BN, at three rates and three
lengths, of seeds that enter no verdict. On one cycle no training is the beginning of a longer one, so
each is trained by itself. Rules of choice: `benchmarks/piloting/choose.py`. Writes FILE.json and prints
its tables; trained networks stay in the store, so that a pilot is continued.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pilot import ARMS, SEEDS, columnar, described
from piloting.measure import row
from piloting.page import page
from piloting.train import records

from bnclaims import datasets
from bnclaims.datasets import Sources
from bnclaims.protocol.cells import cells_of
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.trial import Setting, Trial
from bnclaims.run.inventory import selection_here
from bnclaims.store.store import Store

RATES: Final = (3e-4, 1e-3, 3e-3)
EPOCHS: Final = (10, 20, 40)
ARCHITECTURES: Final = ("vgg16", "efficientnet_lite0")
DATASETS: Final = ("plantvillage-apple",)


def frozen(dataset: str, architecture: str, sources: Sources) -> Setting:
    """The setting of the premise on a frozen body."""
    cells = cells_of(load_protocol("transfer"), "premise", selection_here(dataset, sources=sources))
    setting = next(cell for cell in cells if cell.name == "frozen body").settings["main"]
    return dataclasses.replace(setting, architecture=architecture)


def trials(setting: Setting) -> Iterator[Trial]:
    """Every trial of a frozen body, seed by seed."""
    for seed in SEEDS:
        for epochs in EPOCHS:
            for rate in RATES:
                changed = dataclasses.replace(setting, learning_rate=rate, epochs=epochs)
                yield from (Trial(setting=changed, arm=arm, seed=seed) for arm in ARMS)


def train(setting: Setting, sources: Sources, store: Store) -> None:
    """Trains what the store lacks."""
    missing = [trial for trial in trials(setting) if not store.has(trial.key)]
    since = time.perf_counter()
    for number, trial in enumerate(missing, 1):
        draw = datasets.draw(setting.task, trial.seed, sources=sources)
        for record in records([trial], draw):
            store.write(record)
        if number % 24 == 0:
            passed = time.perf_counter() - since
            print(f"{setting.network}: {number} of {len(missing)}, {passed:.0f} s", file=sys.stderr)


def main() -> None:
    """Trains, measures, prints and writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--architectures", nargs="+", choices=ARCHITECTURES, default=ARCHITECTURES)
    parser.add_argument("--data-root", type=Path, metavar="DIR")
    parser.add_argument("--store", type=Path, default=Path(".bnclaims/pilot"), metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("transfer.json"), metavar="FILE.json")
    given = parser.parse_args()
    sources, store = Sources(data_root=given.data_root), Store.open(given.store)
    tables = {}
    for dataset in DATASETS:
        for architecture in given.architectures:
            setting = frozen(dataset, architecture, sources)
            train(setting, sources, store)
            found = (store.read(trial.key) for trial in trials(setting))
            rows = [row(record) for record in found if record is not None]
            tables[f"{dataset} {architecture}"] = columnar(rows)
    result = {**described(), "datasets": tables, "triples": {}}
    text = json.dumps(result, separators=(",", ":")).replace("],[", "],\n[")
    given.out.write_text(f"{text}\n", encoding="utf-8")
    print("\n".join(page(result)))


if __name__ == "__main__":
    main()
