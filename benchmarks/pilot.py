"""The pilot: which learning rates, and how long, before the protocol is fixed.

    python benchmarks/pilot.py --data-root DIR

Trains the premise's networks, plain and with final BN, at three learning rates and up to five lengths, of
seeds that enter no verdict. Rules of choice: `benchmarks/piloting/choose.py`. Writes FILE.json
and prints its tables; trained networks stay in the store, so that a pilot is continued.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from piloting.measure import row, triple_row
from piloting.page import page
from piloting.train import records

from bnclaims import datasets
from bnclaims.datasets import Sources
from bnclaims.protocol.cells import cells_of
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Setting, Trial
from bnclaims.run.inventory import selection_here
from bnclaims.store.store import Store

SEEDS: Final = range(20000, 20016)
ARMS: Final = (PLAIN, FINAL_BN)
RATES: Final = (3e-4, 1e-3, 3e-3)
# The premise's length and its doublings.
LENGTHS: Final = (1, 2, 4, 8, 16)
DATASETS: Final = ("digits", "mnist-5k", "plantvillage-apple")


def premise(dataset: str, sources: Sources) -> Setting:
    """The setting of the premise on a dataset."""
    cells = cells_of(load_protocol("quick"), "premise", selection_here(dataset, sources=sources))
    return next(cell for cell in cells if cell.primary).settings["main"]


def families(setting: Setting, lengths: int) -> Iterator[list[Trial]]:
    """The trials that one training serves: those of a seed, rate and arm at every length."""
    assert setting.epochs is not None
    for seed in SEEDS:
        for rate in RATES:
            for arm in ARMS:
                yield [
                    Trial(
                        setting=dataclasses.replace(
                            setting, learning_rate=rate, epochs=setting.epochs * times
                        ),
                        arm=arm,
                        seed=seed,
                    )
                    for times in LENGTHS[:lengths]
                ]


def train(dataset: str, lengths: int, sources: Sources, store: Store) -> None:
    """Trains what the store lacks of a dataset."""
    setting, since = premise(dataset, sources), time.perf_counter()
    wanted = [
        missing
        for family in families(setting, lengths)
        if (missing := [trial for trial in family if not store.has(trial.key)])
    ]
    for number, missing in enumerate(wanted, 1):
        draw = datasets.draw(setting.task, missing[0].seed, sources=sources)
        for record in records(missing, draw):
            store.write(record)
        if number % 12 == 0:
            passed = time.perf_counter() - since
            print(f"{dataset}: {number} of {len(wanted)}, {passed:.0f} s", file=sys.stderr)


def measured(dataset: str, sources: Sources, store: Store) -> list[dict[str, Any]]:
    """The rows of the networks of a dataset, at the lengths at which the store has all."""
    of_lengths = zip(*families(premise(dataset, sources), len(LENGTHS)), strict=True)
    return [
        row(record)
        for trials in of_lengths
        if all(found := [store.read(trial.key) for trial in trials])
        for record in found
        if record is not None
    ]


def triples(dataset: str, sources: Sources, store: Store) -> list[dict[str, Any]]:
    """The rows of the triples of claim (v) on a dataset, trained where the store lacks them."""
    found = cells_of(load_protocol("quick"), "v", selection_here(dataset, sources=sources))
    (cell,) = [one for one in found if one.name == "triple"]
    rows = []
    for trial in cell.trials(ARMS, SEEDS):
        record = store.read(trial.key)
        if record is None:
            draw = datasets.draw(trial.setting.task, trial.seed, sources=sources)
            (record,) = records([trial], draw)
            store.write(record)
        rows.append(triple_row(record))
    return rows


def columnar(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Rows with their names once: a file of a fifth of the size."""
    return {"columns": list(rows[0]), "rows": [list(one.values()) for one in rows]}


def described() -> dict[str, str]:
    """The machine and its versions."""
    return {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def main() -> None:
    """Trains, measures, prints and writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--datasets", nargs="+", choices=DATASETS, default=DATASETS)
    parser.add_argument("--lengths", type=int, choices=range(1, len(LENGTHS) + 1), default=5)
    parser.add_argument("--triples", action="store_true", help="those of claim (v) as well")
    parser.add_argument("--data-root", type=Path, metavar="DIR")
    parser.add_argument("--store", type=Path, default=Path(".bnclaims/pilot"), metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("pilot.json"), metavar="FILE.json")
    given = parser.parse_args()
    sources, store = Sources(data_root=given.data_root), Store.open(given.store)
    for dataset in given.datasets:
        train(dataset, given.lengths, sources, store)
    result: dict[str, Any] = {
        **described(),
        "datasets": {
            name: columnar(rows)
            for name in given.datasets
            if (rows := measured(name, sources, store))
        },
        "triples": {
            name: columnar(triples(name, sources, store))
            for name in given.datasets
            if given.triples
        },
    }
    text = json.dumps(result, separators=(",", ":")).replace("],[", "],\n[")
    given.out.write_text(f"{text}\n", encoding="utf-8")
    print("\n".join(page(result)))


if __name__ == "__main__":
    main()
