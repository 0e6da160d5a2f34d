"""skorch: a classifier in the manner of scikit-learn, silent and without validation."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skorch import NeuralNetClassifier
from torch import nn
from torch.utils.data import DataLoader

from contestants import torch_net
from contestants.job import Job


def in_order(dataset: Any, *, job: Job, batch_size: int, **options: Any) -> DataLoader[Any]:
    """A loader of the batches of a job."""
    return torch_net.loader(dataset, job)


def fit(job: Job) -> NeuralNetClassifier:
    """Trains the network of a job."""
    classifier = NeuralNetClassifier(
        torch_net.network(job),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=job.trial.setting.learning_rate,
        max_epochs=1,
        iterator_train=partial(in_order, job=job),
        train_split=None,
        verbose=0,
    )
    return classifier.fit(torch_net.images(job.train_pixels), torch.from_numpy(job.train_labels))


def predict(classifier: NeuralNetClassifier, job: Job) -> NDArray[np.float64]:
    """Logits of the test images."""
    classifier.set_params(batch_size=torch_net.TEST_BATCH)
    return torch_net.scores([classifier.forward(torch_net.images(job.test_pixels))])
