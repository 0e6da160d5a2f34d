"""One training that every contestant does: images, order of batches, first weights."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnclaims import datasets
from bnclaims.datasets import Draw, Sources
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Split
from bnclaims.training.executors.batches import epochs


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """A trial with its images, uint8 (n, side, side, channels), and all that seeds decide.

    ``batches`` are the indices of the training images of every step. ``weights`` are those of the
    plain network in the order of the layers, each weight before its bias, in torch's layout.
    """

    trial: Trial
    train_pixels: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    validation_pixels: NDArray[np.uint8]
    validation_labels: NDArray[np.int64]
    test_pixels: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    batches: tuple[NDArray[np.int64], ...]
    weights: tuple[NDArray[np.float32], ...]

    @property
    def draw(self) -> Draw:
        """The images as executors take them."""
        classes = len(self.trial.setting.task.classes)
        counts = tuple(np.bincount(self.train_labels, minlength=classes).tolist())
        return Draw(
            train_pixels=self.train_pixels,
            train_labels=self.train_labels,
            train=_split("train", self.train_labels),
            validation_pixels=self.validation_pixels,
            test_pixels=self.test_pixels,
            splits={
                "validation": _split("validation", self.validation_labels),
                "test": _split("test", self.test_labels),
            },
            pool_images=counts,
            train_counts=counts,
        )


def _split(name: str, labels: NDArray[np.int64]) -> Split:
    ids = tuple(f"{name}/{index}" for index in range(len(labels)))
    return Split(images=ids, groups=ids, labels=labels)


_ARRAYS = tuple(
    field.name
    for field in dataclasses.fields(Job)
    if field.name not in ("trial", "batches", "weights")
)


def write_job(trial: Trial, path: Path) -> None:
    """Draws the images of a trial and the weights it starts from, and writes the job to a file."""
    # Only here: a contestant that reads a job need not have torch.
    from bnclaims.models import build

    drawn = datasets.draw(trial.setting.task, trial.seed, sources=Sources())
    network = build(
        trial.setting.architecture,
        arm="plain",
        classes=len(trial.setting.task.classes),
        channels=drawn.train_pixels.shape[3],
        image_size=drawn.train_pixels.shape[1],
        head=trial.setting.head,
        seed=trial.seed,
    )
    arrays: dict[str, Any] = {
        "trial": np.array(trial.canonical),
        "train_pixels": drawn.train_pixels,
        "train_labels": drawn.train_labels,
        "validation_pixels": drawn.validation_pixels,
        "validation_labels": drawn.splits["validation"].labels,
        "test_pixels": drawn.test_pixels,
        "test_labels": drawn.splits["test"].labels,
    }
    orders = list(epochs(trial, drawn.train_labels))
    arrays["order"] = np.concatenate([order for order, _ in orders])
    arrays["batch_sizes"] = np.array([size for _, sizes in orders for size in sizes])
    for index, weight in enumerate(network.parameters()):
        arrays[f"weight{index}"] = weight.detach().numpy()
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_job(path: Path) -> Job:
    """The job in a file."""
    with np.load(path, allow_pickle=False) as file:
        weights = sum(name.startswith("weight") for name in file.files)
        return Job(
            trial=Trial.from_canonical(str(file["trial"])),
            batches=tuple(np.split(file["order"], np.cumsum(file["batch_sizes"])[:-1])),
            weights=tuple(file[f"weight{index}"] for index in range(weights)),
            **{name: file[name] for name in _ARRAYS},
        )
