"""The final BatchNorm and its controls: attach, remove, fold, recalibrate."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import torch
from torch import nn

from bnclaims.models.fastai import WholeFastaiClassifier
from bnclaims.models.network import Network
from bnclaims.protocol import names
from bnclaims.protocol.names import ARMS

EPS = 1e-5
MOMENTUM = 0.1
SLOW_MOMENTUM = 0.01
LAST_BATCH = 1.0


class PartialBatchNorm(nn.Module):
    """One half of BatchNorm over logits (n, outputs): centring or scaling alone, nothing learned.

    ``centre`` is the share of the mean that is subtracted.
    As in `torch.nn.BatchNorm1d`, training uses the batch's mean and biased variance and keeps
    running estimates (of the unbiased variance) that evaluation uses.
    """

    running_mean: torch.Tensor
    running_var: torch.Tensor

    def __init__(self, outputs: int, *, centre: float, scale: bool) -> None:
        super().__init__()
        self.centre = centre
        self.scale = scale
        self.register_buffer("running_mean", torch.zeros(outputs))
        self.register_buffer("running_var", torch.ones(outputs))

    def forward(self, logits: torch.Tensor) -> torch.Tensor:
        """Logits centred or scaled, each output apart."""
        if self.training:
            mean, variance = logits.mean(0), logits.var(0, unbiased=False)
            with torch.no_grad():
                self.running_mean.lerp_(mean, MOMENTUM)
                unbiased = variance * (len(logits) / (len(logits) - 1))
                self.running_var.lerp_(unbiased, MOMENTUM)
        else:
            mean, variance = self.running_mean, self.running_var
        if self.centre:
            logits = logits - self.centre * mean
        if self.scale:
            logits = logits * torch.rsqrt(variance + EPS)
        return logits


LogitLayer = nn.BatchNorm1d | PartialBatchNorm


def attach(network: Network, arm: str) -> None:
    """Make a plain network that of ``arm``, in place; the arms of loss and order change nothing.

    Draws no random numbers and leaves every other parameter alone.
    """
    if ARMS[arm].changes == "layers":
        LAYERS[arm](network)


def _over_logits(layer: Callable[[int], LogitLayer]) -> Callable[[Network], None]:
    """The change of a network that puts a layer over its logits, made for their number."""

    def change(network: Network) -> None:
        network.final = layer(network.last.out_features)

    return change


def _feature_bn(network: Network) -> None:
    whole = network.classifier
    width = whole.width if isinstance(whole, WholeFastaiClassifier) else network.last.in_features
    network.feature_layer = nn.BatchNorm1d(width, eps=EPS, momentum=MOMENTUM)


def _no_last_bias(network: Network) -> None:
    network.last.register_parameter("bias", None)


# What the arms of layers make of a plain network, in place.
LAYERS: Final[Mapping[str, Callable[[Network], None]]] = {
    names.FINAL_BN: _over_logits(partial(nn.BatchNorm1d, eps=EPS, momentum=MOMENTUM)),
    names.BN_SLOW_MOMENTUM: _over_logits(partial(nn.BatchNorm1d, eps=EPS, momentum=SLOW_MOMENTUM)),
    names.BN_LAST_BATCH: _over_logits(partial(nn.BatchNorm1d, eps=EPS, momentum=LAST_BATCH)),
    names.BN_NO_AFFINE: _over_logits(
        partial(nn.BatchNorm1d, eps=EPS, momentum=MOMENTUM, affine=False)
    ),
    names.CENTRE_QUARTER: _over_logits(partial(PartialBatchNorm, centre=0.25, scale=False)),
    names.CENTRE_HALF: _over_logits(partial(PartialBatchNorm, centre=0.5, scale=False)),
    names.CENTRE_THREE_QUARTERS: _over_logits(partial(PartialBatchNorm, centre=0.75, scale=False)),
    names.CENTRE_ONLY: _over_logits(partial(PartialBatchNorm, centre=1, scale=False)),
    names.SCALE_ONLY: _over_logits(partial(PartialBatchNorm, centre=0, scale=True)),
    names.FEATURE_BN: _feature_bn,
    names.NO_LAST_BIAS: _no_last_bias,
}


def logit_layer(network: Network) -> LogitLayer | None:
    """The layer over the logits, or None where the arm has none to remove."""
    return network.final if isinstance(network.final, LogitLayer) else None


def remove(network: Network) -> Network:
    """The network without its layer over the logits; weights are shared, not copied."""
    return _with_last(network, network.last)


def fold(network: Network) -> Network:
    """The network with its layer over the logits, as in evaluation, folded into the last Linear.

    Equal to the network in evaluation mode up to rounding. All but the new Linear is shared.
    Raises ``ValueError`` where there is no layer over the logits.
    """
    layer = logit_layer(network)
    if layer is None:
        raise ValueError("this network has no layer over its logits to fold")
    factor, offset = _evaluated(layer)
    last = copy.deepcopy(network.last)
    with torch.no_grad():
        last.weight.copy_(last.weight.double() * factor[:, None])
        # fastai's whole end has no bias there.
        bias = 0 if last.bias is None else last.bias.double() * factor
        last.bias = nn.Parameter((bias + offset).to(last.weight.dtype))
    return _with_last(network, last)


def recalibrate(layer: LogitLayer, raw: torch.Tensor) -> None:
    """Replace the running statistics, in place, by those of all training images' raw logits.

    ``raw`` has shape (images, outputs). Taking all images as a single batch is the limit of a
    cumulative average over large batches. The variance is the unbiased one, as in training.
    """
    assert layer.running_mean is not None and layer.running_var is not None
    layer.running_mean.copy_(raw.mean(0))
    layer.running_var.copy_(raw.var(0, unbiased=True))


def _evaluated(layer: LogitLayer) -> tuple[torch.Tensor, torch.Tensor]:
    """Factor and offset, float64 (outputs,), that the layer applies in evaluation mode."""
    assert layer.running_mean is not None and layer.running_var is not None
    mean, variance = layer.running_mean.double(), layer.running_var.double()
    if isinstance(layer, PartialBatchNorm):
        factor = torch.rsqrt(variance + EPS) if layer.scale else torch.ones_like(variance)
        return factor, -layer.centre * mean * factor
    factor = torch.rsqrt(variance + layer.eps)
    if layer.affine:
        factor = factor * layer.weight.double()
        return factor, layer.bias.double() - mean * factor
    return factor, -mean * factor


def _with_last(network: Network, last: nn.Linear) -> Network:
    other = Network(network.body, last)
    other.feature_layer, other.classifier = network.feature_layer, network.classifier
    return other.train(network.training)
