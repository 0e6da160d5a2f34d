"""Shifts: what the layer of a world adds to the minority logits, setting by setting."""

from __future__ import annotations

import math
from collections.abc import Callable

from bnclaims.protocol.trial import Setting

# What is added to the minority logits without the layer, in standard deviations of the noise: the
# threshold of a network trained on 1 % is far off, and F1 is 0.07 instead of 0.96.
PLAIN_SHIFT = -5.0

Shift = Callable[[Setting], float]


def nowhere(setting: Setting) -> float:
    """The layer moves no threshold."""
    return 0.0


def everywhere(setting: Setting) -> float:
    """The layer moves every threshold to its best place."""
    return -PLAIN_SHIFT


def beyond(setting: Setting) -> float:
    """The layer moves every threshold so far that all images are called the minority."""
    return 25.0


def a_little(setting: Setting) -> float:
    """The layer moves every threshold by less than matters."""
    return 0.4


def peaked(setting: Setting) -> float:
    """Most at about 30:1, and half of it or less at 10:1 and at 300:1."""
    return everywhere(setting) * math.exp(-(((_log_ratio(setting) + 1.5) / 0.45) ** 2) / 2)


def levelling(setting: Setting) -> float:
    """More with more minority images up to 10:1, and then the same."""
    return everywhere(setting) * min(1.0, max(0.0, (_log_ratio(setting) + 3) / 2))


def paper(setting: Setting) -> float:
    """As the paper has it: a peak, less with larger batches, none with sigmoid or two majorities."""
    if setting.head != "softmax" or len(setting.task.majority) > 1:
        return 0.0
    return peaked(setting) * (1 - 0.15 * (math.log2(setting.batch_size) - 4))


def any_majorities(setting: Setting) -> float:
    """As the paper has it, but with a gain for two majorities."""
    return 1.6 if len(setting.task.majority) > 1 else paper(setting)


def some_cells(setting: Setting) -> float:
    """As the paper has it, but with the network of the premise only."""
    return 0.0 if setting.architecture == "mlp" else paper(setting)


def log_prior(setting: Setting) -> float:
    """Natural logarithm of images of a minority class per image of a majority class."""
    return math.log(setting.task.minority_images / setting.task.majority_images)


def _log_ratio(setting: Setting) -> float:
    """Common logarithm of the same."""
    return log_prior(setting) / math.log(10)
