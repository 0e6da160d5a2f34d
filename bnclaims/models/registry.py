"""Architectures by name, and the one place where weights are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import nn

from bnclaims.models import efficientnet_lite0, final_bn, mlp, resnet34, simple_cnn, vgg19
from bnclaims.models.fastai import FastaiClassifier
from bnclaims.models.network import Network
from bnclaims.protocol.names import FASTAI, LINEAR
from bnclaims.protocol.random_streams import generator

# (channels, image side in pixels) -> the body and how many features it makes.
Body = Callable[[int, int], tuple[nn.Module, int]]

BODIES: Final[Mapping[str, Body]] = {
    "mlp": mlp.body,
    "simple_cnn": simple_cnn.body,
    "resnet34": resnet34.body,
    "vgg19": vgg19.body,
    "vgg19_bn": vgg19.body_with_batch_norm,
    "efficientnet_lite0": efficientnet_lite0.body,
}


def initialised(
    body: Body,
    *,
    arm: str,
    channels: int,
    image_size: int,
    outputs: int,
    seed: int,
    classifier: str = LINEAR,
) -> Network:
    """A network of one arm, its weights drawn from the stream (seed, "init").

    The plain network is drawn first and whole; what the classifier and the arm add draws nothing
    and comes after. So neither can shift a weight.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(generator(seed, "init").integers(2**63)))
        made, width = body(channels, image_size)
        network = Network(made, nn.Linear(width, outputs))
    if classifier == FASTAI:
        network.classifier = FastaiClassifier(width, seed=seed)
    final_bn.attach(network, arm)
    return network
