"""An executor of this suite."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from bnclaims import training
from bnclaims.protocol.names import KEPT
from bnclaims.store.record import Record
from contestants.job import Job


def fit(job: Job, *, executor: str, precision: str) -> Record:
    """Trains and reads every readout, as an audit does."""
    setting = dataclasses.replace(job.trial.setting, precision=precision)
    trial = dataclasses.replace(job.trial, setting=setting)
    return training.executor(executor).train(trial, job.draw)


def predict(record: Record, job: Job) -> NDArray[np.float64]:
    """Scores of the test images with every layer kept."""
    return record.scores[KEPT, "test"].astype(np.float64)


def read_share(record: Record) -> float:
    """How much of the time of `fit` went into reading, which others do in ``predict``."""
    read = record.seconds["read"]
    return read / (read + record.seconds["train"])
