"""Steps of the simple network on images without content, of every size and number of networks."""

from __future__ import annotations

import resource
import time
from typing import Any

import numpy as np

from bnclaims import training
from bnclaims.datasets import Draw
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Setting, Task, Trial
from bnclaims.store.record import Split

# A step on the largest images takes half a second, one on the smallest a millisecond.
PIXELS_OF_A_RUN = 400_000
# Image side and steps of the networks that are trained at once.
REPLICA_SIDE = 32
REPLICA_STEPS = 32


def steps_of(executor: str, side: int, device: str) -> dict[str, float]:
    """Processor and wall milliseconds of a step, and of a trial apart from its steps."""
    train = training.executor(executor).train
    steps = max(8, min(160, PIXELS_OF_A_RUN // side**2))
    images = noise(side)
    train(trial_of(side, 0, 2, device), images)
    record = train(trial_of(side, 1, steps, device), images)
    whole = record.seconds["train"] + record.seconds["read"]
    processor = record.seconds["processor"] * record.seconds["train"] / whole
    return {
        "steps": steps,
        "processor_ms_per_step": 1000 * processor / steps,
        "wall_ms_per_step": 1000 * record.seconds["train"] / steps,
        "read_s": record.seconds["read"],
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def replicas_of(executor: str, replicas: int, device: str) -> dict[str, float] | None:
    """Wall seconds per trial of networks trained at once; None where the executor does not do that."""
    many = training.executor(executor).many
    trials = [trial_of(REPLICA_SIDE, seed, REPLICA_STEPS, device) for seed in range(replicas)]
    if many is None or (replicas > 1 and many.together(trials) < replicas):
        return None
    draws = [noise(REPLICA_SIDE)] * replicas
    many.train_all(trials, draws)
    since = time.perf_counter()
    many.train_all(trials, draws)
    return {
        "wall_s_per_trial": (time.perf_counter() - since) / replicas,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def trial_of(side: int, seed: int, steps: int, device: str) -> Trial:
    """A training of the simple network on noise."""
    task = Task(
        dataset="noise",
        fingerprint="",
        image_size=side,
        majority=(("a",),),
        minority=(("b",),),
        majority_images=1000,
        minority_images=10,
        validation_majority_images=150,
        validation_minority_images=7,
        test_images=150,
    )
    setting = Setting(
        task=task,
        architecture="simple_cnn",
        head="softmax",
        batch_size=64,
        epochs=None,
        steps=steps,
        optimiser="adam",
        learning_rate=1e-3,
        precision="fp32",
        device=device,
    )
    return Trial(setting=setting, arm=(PLAIN, FINAL_BN)[seed % 2], seed=seed)


def noise(side: int) -> Draw:
    """Images without content: what they show does not change what a step costs."""
    stream = np.random.default_rng(side)

    def split(name: str, majority: int, minority: int) -> tuple[Any, Split]:
        labels = np.repeat([0, 1], [majority, minority]).astype(np.int64)
        ids = tuple(f"{name}/{index}" for index in range(len(labels)))
        pixels = stream.integers(0, 256, (len(labels), side, side, 3), dtype=np.uint8)
        return pixels, Split(images=ids, groups=ids, labels=labels)

    train_pixels, train = split("train", 1000, 10)
    validation_pixels, validation = split("validation", 150, 7)
    test_pixels, test = split("test", 150, 150)
    return Draw(
        train_pixels=train_pixels,
        train_labels=train.labels,
        train=train,
        validation_pixels=validation_pixels,
        test_pixels=test_pixels,
        splits={"validation": validation, "test": test},
        pool_images=(1000, 10),
        train_counts=(1000, 10),
    )
