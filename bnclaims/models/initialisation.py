"""Initial weights: the one place where they are drawn, and where the code of a network is found."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

import torch
from torch import nn

from bnclaims.models import final_bn
from bnclaims.models.fastai import FastaiClassifier
from bnclaims.models.network import Network
from bnclaims.protocol.names import FASTAI, LINEAR
from bnclaims.protocol.random_streams import generator

# (channels, image side in pixels) -> the body and how many features it makes.
Body = Callable[[int, int], tuple[nn.Module, int]]


def body_of(architecture: str) -> Body:
    """The body of an architecture with random weights: ``body`` of ``bnclaims/models/NAME.py``."""
    return cast(Body, importlib.import_module(f"bnclaims.models.{architecture}").body)


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
