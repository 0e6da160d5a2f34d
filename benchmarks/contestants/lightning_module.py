"""Lightning: a module and a trainer that writes, logs and shows nothing."""

from __future__ import annotations

import logging
import warnings

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from contestants import torch_net
from contestants.job import Job

# Advice on workers and devices, for people.
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
warnings.filterwarnings("ignore")


class Classifier(lightning.LightningModule):
    """The network of a job."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.model = torch_net.network(job)
        self.criterion = nn.CrossEntropyLoss()
        self.rate = job.trial.setting.learning_rate

    def training_step(self, batch: list[torch.Tensor], index: int) -> torch.Tensor:
        """The loss of a batch."""
        images, labels = batch
        return self.criterion(self.model(images), labels)

    def predict_step(self, batch: list[torch.Tensor], index: int) -> torch.Tensor:
        """The logits of a batch."""
        return self.model(batch[0])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.parameters(), lr=self.rate)


def trainer() -> lightning.Trainer:
    """A trainer of one pass over a loader on one processor."""
    return lightning.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def fit(job: Job) -> Classifier:
    """Trains the network of a job."""
    model = Classifier(job)
    trainer().fit(model, torch_net.loader(torch_net.training_set(job), job))
    return model


def predict(model: Classifier, job: Job) -> NDArray[np.float64]:
    """Logits of the test images."""
    outputs = trainer().predict(model, torch_net.test_loader(job))
    assert outputs is not None
    return torch_net.scores(outputs)
