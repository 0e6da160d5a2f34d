"""Bodies and heads exchanged: whether the layer makes the features better or the last weights.

    BNCLAIMS_WEIGHTS=DIR python benchmarks/exchange.py --data-root DIR

Trains the premise's networks of protocol transfer on a frozen body, of the pilot's seeds, plain, with
final BN and with centring alone. The *hidden features* of an arm (what its last Linear is given) are then
read by the last weights of every arm, and by a probe that knows no training: the difference of the two
classes' mean features over the training images. A column of one arm alone is a network as it is. Areas
under the ROC curve on the test images; a verdict they are none. Writes FILE.json and prints a table.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import torch
from markdown_tables import row as line
from pilot import SEEDS, described
from pilot_transfer import frozen

from bnclaims import datasets
from bnclaims.audit.evidence import metrics
from bnclaims.datasets import Sources
from bnclaims.protocol.names import CENTRE_ONLY, FINAL_BN, PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.training.executors import loop
from bnclaims.training.executors.job import Job, prepared

ARMS: Final = (PLAIN, CENTRE_ONLY, FINAL_BN)
MEANS: Final = "class means"


def trained(trial: Trial, sources: Sources) -> Job:
    """The job of a trial, its network trained and in evaluation mode."""
    job = prepared(trial, datasets.draw(trial.setting.task, trial.seed, sources=sources))
    for _ in loop.fitted(job):
        pass
    job.network.eval()
    return job


@torch.inference_mode()
def areas(jobs: dict[str, Job], seed: int) -> Iterator[dict[str, str | int | float]]:
    """The area of every pair of an arm's hidden features and another's last weights, of one seed."""
    for body, job in jobs.items():
        features = job.network.features(job.inputs(job.draw.test_pixels))
        seen = job.network.features(job.images)
        means = [seen[job.labels == label].mean(0) for label in (0, 1)]
        labels = job.draw.splits["test"].labels
        heads = {arm: other.network.last.weight for arm, other in jobs.items()}
        for head, weights in {**heads, MEANS: torch.stack(means)}.items():
            scores = (features @ weights.T).numpy()
            area = round(float(metrics.auc(labels, scores)), 5)
            yield {"seed": seed, "features": body, "weights": head, "auc": area}


def table(rows: list[dict[str, str | int | float]]) -> Iterator[str]:
    """Mean areas over the seeds, one row per arm whose features are read."""
    yield line("hidden features of", *(f"weights of {arm}" for arm in ARMS), MEANS)
    yield line(*["---"] * (2 + len(ARMS)))
    for body in ARMS:
        found = (
            [float(row["auc"]) for row in rows if (row["features"], row["weights"]) == (body, head)]
            for head in (*ARMS, MEANS)
        )
        yield line(body, *(f"{np.mean(areas):.3f}".lstrip("0") for areas in found))


def main() -> None:
    """Trains, prints and writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="plantvillage-apple")
    parser.add_argument("--data-root", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("exchange.json"), metavar="FILE.json")
    given = parser.parse_args()
    sources = Sources(data_root=given.data_root)
    setting = frozen(given.dataset, "vgg16", sources)
    rows = []
    for seed in SEEDS:
        trials = {arm: Trial(setting=setting, arm=arm, seed=seed) for arm in ARMS}
        rows += areas({arm: trained(trial, sources) for arm, trial in trials.items()}, seed)
    given.out.write_text(json.dumps({**described(), "rows": rows}) + "\n", encoding="utf-8")
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
