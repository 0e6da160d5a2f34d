"""fastai: a learner with torch's Adam and loaders, without log and validation."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from fastai.callback.core import Callback, CancelValidException
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from fastai.optimizer import OptimWrapper
from numpy.typing import NDArray
from torch import nn

from contestants import torch_net
from contestants.job import Job


class NoValidation(Callback):
    """Leaves out the validation after an epoch, which no other contestant does."""

    def before_validate(self) -> None:
        """Ends it before it begins."""
        raise CancelValidException


def fit(job: Job) -> Learner:
    """Trains the network of a job."""
    training = torch_net.loader(torch_net.training_set(job), job)
    learner = Learner(
        DataLoaders(training, torch_net.test_loader(job), device=torch.device("cpu")),
        torch_net.network(job),
        loss_func=nn.CrossEntropyLoss(),
        opt_func=partial(OptimWrapper, opt=torch.optim.Adam),
        cbs=NoValidation(),
    )
    with learner.no_logging():
        learner.fit(1, lr=job.trial.setting.learning_rate)
    return learner


def predict(learner: Learner, job: Job) -> NDArray[np.float64]:
    """Logits of the test images."""
    with learner.no_logging(), learner.removed_cbs(learner.no_validation):
        return torch_net.scores([learner.get_preds(dl=torch_net.test_loader(job))[0]])
