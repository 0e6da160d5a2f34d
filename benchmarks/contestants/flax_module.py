"""JAX with flax and optax: images with channels last, one compiled step for each batch size."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from bnclaims.protocol.names import FINAL_BN
from contestants.job import Job


class SimpleNetwork(nn.Module):
    """The simple network, with or without BatchNorm over its logits."""

    classes: int
    final_bn: bool

    @nn.compact
    def __call__(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Logits of images (n, side, side, channels)."""
        for width in (32, 64):
            images = nn.relu(nn.Conv(width, (3, 3))(images))
            images = nn.max_pool(images, (2, 2), strides=(2, 2))
        features = nn.relu(nn.Dense(128)(images.reshape(len(images), -1)))
        logits = nn.Dense(self.classes)(features)
        if self.final_bn:
            logits = nn.BatchNorm(use_running_average=not train, momentum=0.9, epsilon=1e-5)(logits)
        return logits


@lru_cache
def compiled(model: SimpleNetwork, rate: float) -> tuple[Any, Any, Any]:
    """Adam, a training step and a prediction, compiled once per network and shape."""
    adam = optax.adam(rate)

    @jax.jit
    def step(parameters: Any, statistics: Any, state: Any, images: Any, labels: Any) -> Any:
        def loss_of(parameters: Any) -> Any:
            variables = {"params": parameters, "batch_stats": statistics}
            logits, changed = model.apply(variables, images, train=True, mutable=["batch_stats"])
            losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
            return losses.mean(), changed.get("batch_stats", {})

        (_, statistics), slopes = jax.value_and_grad(loss_of, has_aux=True)(parameters)
        updates, state = adam.update(slopes, state)
        return optax.apply_updates(parameters, updates), statistics, state

    return adam, step, jax.jit(partial(model.apply, train=False))


def fit(job: Job) -> tuple[Any, Any]:
    """Trains the network of a job; its prediction function and variables."""
    setting = job.trial.setting
    model = SimpleNetwork(len(setting.task.classes), job.trial.arm == FINAL_BN)
    adam, step, apply = compiled(model, setting.learning_rate)
    parameters, statistics = first_variables(job, final_bn=model.final_bn)
    state = adam.init(parameters)
    images = as_images(job.train_pixels)
    for batch in job.batches:
        labels = job.train_labels[batch].astype(np.int32)
        parameters, statistics, state = step(parameters, statistics, state, images[batch], labels)
    return apply, jax.block_until_ready({"params": parameters, "batch_stats": statistics})


def predict(fitted: tuple[Any, Any], job: Job) -> NDArray[np.float64]:
    """Logits of the test images."""
    apply, variables = fitted
    return np.asarray(apply(variables, as_images(job.test_pixels)), dtype=np.float64)


def as_images(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Float images from -1 to 1, channels last."""
    return pixels.astype(np.float32) / np.float32(127.5) - np.float32(1)


def first_variables(job: Job, *, final_bn: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters and statistics that make the network the job's, from torch's layout."""
    first, first_bias, second, second_bias, hidden, hidden_bias, last, last_bias = job.weights
    side, classes = job.train_pixels.shape[1] // 4, len(last)
    # Torch flattens (channel, row, column), flax (row, column, channel).
    spread = hidden.reshape(len(hidden), -1, side, side).transpose(2, 3, 1, 0)
    kernels = {
        "Conv_0": (first.transpose(2, 3, 1, 0), first_bias),
        "Conv_1": (second.transpose(2, 3, 1, 0), second_bias),
        "Dense_0": (spread.reshape(-1, len(hidden)), hidden_bias),
        "Dense_1": (last.T, last_bias),
    }
    parameters: dict[str, Any] = {
        name: {"kernel": jnp.asarray(kernel), "bias": jnp.asarray(bias)}
        for name, (kernel, bias) in kernels.items()
    }
    if not final_bn:
        return parameters, {}
    parameters["BatchNorm_0"] = {"scale": jnp.ones(classes), "bias": jnp.zeros(classes)}
    return parameters, {"BatchNorm_0": {"mean": jnp.zeros(classes), "var": jnp.ones(classes)}}
