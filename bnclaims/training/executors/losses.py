"""What a step minimises: the head's loss, and what three arms make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import torch
import torch.nn.functional as F
from torch import nn

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.names import ARMS, FOCAL, HEADS, LOGIT_ADJUSTED, SIGMOID_K, WEIGHTED_LOSS

# Lin et al., arXiv:1708.02002, found it to work best.
FOCUS: Final = 2.0

# Logits (n, outputs) and class indices int64 (n,) -> the loss of each image (n,).
PerImage = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Objective(nn.Module):
    """The mean loss of a batch, of logits (n, outputs) and class indices int64 (n,).

    ``weights`` (classes,) weigh the images by their class, ``shift`` (outputs,) is added to the
    logits; an arm has one of them or neither.
    """

    weights: torch.Tensor | None
    shift: torch.Tensor | None

    def __init__(
        self,
        per_image: PerImage,
        *,
        weights: torch.Tensor | None = None,
        shift: torch.Tensor | None = None,
    ) -> None:
        super().__init__()
        self.per_image = per_image
        self.register_buffer("weights", weights)
        self.register_buffer("shift", shift)

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The mean loss of the batch, a scalar."""
        if self.shift is not None:
            logits = logits + self.shift
        losses = self.per_image(logits, labels)
        if self.weights is not None:
            losses = losses * self.weights[labels]
        return losses.mean()


def objective(head: str, arm: str, train_images: Sequence[int]) -> Objective:
    """The loss of one head and arm; ``train_images`` counts the training images of each class."""
    if head not in HEADS:
        raise BnclaimsError(f"head {head!r} is unknown: choose one of {', '.join(HEADS)}")
    if ARMS[arm].changes == "loss":
        return LOSSES[arm](head, train_images)
    return Objective(_PER_IMAGE[head])


def _weighted(head: str, train_images: Sequence[int]) -> Objective:
    return Objective(_PER_IMAGE[head], weights=class_weights(train_images))


def _logit_adjusted(head: str, train_images: Sequence[int]) -> Objective:
    return Objective(_PER_IMAGE[head], shift=prior_logits(head, train_images))


def _focal(head: str, train_images: Sequence[int]) -> Objective:
    # Without the class weights that some give it: the weighted loss is an arm of its own.
    if head == SIGMOID_K:
        return Objective(lambda logits, labels: focused(_of_outputs(logits, labels)).mean(1))
    return Objective(lambda logits, labels: focused(_PER_IMAGE[head](logits, labels)))


# What the arms of loss minimise instead of the head's own loss.
LOSSES: Final[Mapping[str, Callable[[str, Sequence[int]], Objective]]] = {
    WEIGHTED_LOSS: _weighted,
    FOCAL: _focal,
    LOGIT_ADJUSTED: _logit_adjusted,
}


def class_weights(train_images: Sequence[int]) -> torch.Tensor:
    """Inverse class frequencies, float32 (classes,), whose mean over the training images is 1."""
    counts = torch.tensor(train_images, dtype=torch.float64)
    return (counts.sum() / (len(counts) * counts)).float()


def prior_logits(head: str, train_images: Sequence[int]) -> torch.Tensor:
    """The training prior in the units of the head's logits, float32 (outputs,).

    Log priors for softmax; log odds for the binary heads: of class 1, or of each class against the
    rest. Added to the logits in the loss as in Menon et al., arXiv:2007.07314, with tau 1.
    """
    counts = torch.tensor(train_images, dtype=torch.float64)
    prior = counts / counts.sum()
    if head == "softmax":
        return prior.log().float()
    odds = torch.logit(prior).float()
    return odds[1:] if head == "sigmoid" else odds


def focused(losses: torch.Tensor) -> torch.Tensor:
    """Focal losses of cross-entropies, of any shape: each times (1 - p)^2, p that of the true class.

    Source: Lin et al., arXiv:1708.02002, equation 4 with gamma 2; a cross-entropy is -log p.
    """
    return (1 - (-losses).exp()) ** FOCUS * losses


def _softmax(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits, labels, reduction="none")


def _sigmoid(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    targets = (labels == 1).to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits[:, 0], targets, reduction="none")


def _sigmoid_k(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return _of_outputs(logits, labels).mean(1)


def _of_outputs(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The loss of each output (n, outputs), which tells its class from the rest."""
    # Not F.one_hot: it looks at the numbers, which no captured step can.
    targets = (labels[:, None] == torch.arange(logits.shape[1], device=labels.device)).to(logits)
    return F.binary_cross_entropy_with_logits(logits, targets, reduction="none")


_PER_IMAGE: dict[str, PerImage] = {
    "softmax": _softmax,
    "sigmoid": _sigmoid,
    "sigmoid_k": _sigmoid_k,
}
