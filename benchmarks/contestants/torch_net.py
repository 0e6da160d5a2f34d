"""The simple network as one writes it first, and images in loaders, for libraries around torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from bnclaims.protocol.names import FINAL_BN
from contestants.job import Job

TEST_BATCH = 256


def network(job: Job) -> nn.Sequential:
    """The network of the job's arm with its first weights."""
    channels, side = job.train_pixels.shape[3], job.train_pixels.shape[1]
    classes = len(job.trial.setting.task.classes)
    made = nn.Sequential(
        nn.Conv2d(channels, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * (side // 4) ** 2, 128),
        nn.ReLU(),
        nn.Linear(128, classes),
    )
    with torch.no_grad():
        for weight, first in zip(made.parameters(), job.weights, strict=True):
            weight.copy_(torch.from_numpy(first))
    if job.trial.arm == FINAL_BN:
        made.append(nn.BatchNorm1d(classes))
    return made


def loader(
    dataset: Dataset[tuple[torch.Tensor, ...]], job: Job
) -> DataLoader[Sequence[torch.Tensor]]:
    """The training images in the batches of the job."""
    return DataLoader(dataset, batch_sampler=[batch.tolist() for batch in job.batches])


def training_set(job: Job) -> TensorDataset:
    """The training images from -1 to 1, with labels."""
    return TensorDataset(images(job.train_pixels), torch.from_numpy(job.train_labels))


def test_loader(job: Job) -> DataLoader[Sequence[torch.Tensor]]:
    """The test images, with labels."""
    tested = TensorDataset(images(job.test_pixels), torch.from_numpy(job.test_labels))
    return DataLoader(tested, batch_size=TEST_BATCH)


def images(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """Float images (n, channels, side, side) from -1 to 1."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous().float().div(127.5).sub(1)


def scores(outputs: Iterable[torch.Tensor]) -> NDArray[np.float64]:
    """Logits of batches as one array."""
    return torch.cat(list(outputs)).double().numpy()
