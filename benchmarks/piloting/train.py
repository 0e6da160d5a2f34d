"""Networks of the pilot: trained once to the longest training and read out at every length."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Final

import torch

from bnclaims.audit.evidence.scores import predictions
from bnclaims.datasets import Draw
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record
from bnclaims.training.executors import loop
from bnclaims.training.executors.job import Job, Spent, Stopwatch, finished, prepared
from bnclaims.training.executors.readout_scores import to_scores

# What a record says beside the environment: how many training images of the minority are found.
FOUND: Final = "training_minority_found"


def records(trials: Sequence[Trial], draw: Draw) -> Iterator[Record]:
    """The records of trials that differ in nothing but their epochs, in rising order.

    The rate is constant and the order of images depends on the seed alone, so that a training is
    the beginning of every longer one.
    """
    job = prepared(trials[-1], draw)
    spent, watch = Spent(0, 0), Stopwatch()
    left, losses = list(trials), []
    for loss in loop.fitted(job):
        losses.append(loss)
        if not math.isfinite(loss):
            break
        if len(losses) == left[0].setting.epochs:
            spent = spent.plus(watch.spent())
            yield _record(job, left.pop(0), losses, spent)
            job.network.train()
            watch = Stopwatch()
    for trial in left:
        yield _record(job, trial, losses, spent)


def _record(job: Job, trial: Trial, losses: Sequence[float], spent: Spent) -> Record:
    record = finished(dataclasses.replace(job, trial=trial), losses, executor="loop", spent=spent)
    environment = {**record.environment, FOUND: str(training_minority_found(job))}
    return dataclasses.replace(record, environment=environment)


@torch.inference_mode()
def training_minority_found(job: Job) -> int:
    """How many training images of the minority the network classifies right, in evaluation mode."""
    job.network.eval()
    minority = torch.isin(job.labels, torch.tensor(job.trial.setting.task.minority_classes))
    predicted = predictions(to_scores(job.network(job.images[minority]).numpy()))
    return int((predicted == job.labels[minority].numpy()).sum())
