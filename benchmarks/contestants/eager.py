"""A plain training loop with a DataLoader, as in torch's tutorials."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from contestants import torch_net
from contestants.job import Job


def fit(job: Job) -> nn.Module:
    """Trains the network of a job."""
    model = torch_net.network(job)
    criterion = nn.CrossEntropyLoss()
    optimiser = torch.optim.Adam(model.parameters(), lr=job.trial.setting.learning_rate)
    model.train()
    for images, labels in torch_net.loader(torch_net.training_set(job), job):
        optimiser.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimiser.step()
    return model


def predict(model: nn.Module, job: Job) -> NDArray[np.float64]:
    """Logits of the test images."""
    model.eval()
    with torch.no_grad():
        return torch_net.scores(model(images) for images, _ in torch_net.test_loader(job))
