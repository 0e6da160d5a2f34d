"""What is trained at each image size."""

from __future__ import annotations

from bnclaims import datasets
from bnclaims.datasets import Sources
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Setting, Task, Trial

# Image side -> dataset, classes, steps of a trial, arms. The smallest is a whole trial of the quick
# protocol, 10 epochs; the others are as long as it takes to know the time of a step.
WORK: dict[int, tuple[str, tuple[tuple[str, ...], ...], int, tuple[str, ...]]] = {
    8: ("digits", (tuple("012345679"), ("8",)), 160, (PLAIN, FINAL_BN)),
    32: ("leaves", (("healthy",), ("spot", "blight", "rust")), 20, (FINAL_BN,)),
    64: ("leaves", (("healthy",), ("spot", "blight", "rust")), 10, (FINAL_BN,)),
}


def trial_of(side: int, arm: str, seed: int, steps: int | None = None) -> Trial:
    """The training of one size, arm and seed."""
    dataset, (majority, minority), usual, _ = WORK[side]
    task = Task(
        dataset=dataset,
        fingerprint=datasets.fingerprint(dataset, sources=Sources()),
        image_size=side,
        majority=(majority,),
        minority=(minority,),
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
        steps=usual if steps is None else steps,
        optimiser="adam",
        learning_rate=1e-3,
        precision="fp32",
        device="cpu",
    )
    return Trial(setting=setting, arm=arm, seed=seed)
