"""Initial weights: the one place where they are drawn, and where the code of a network is found."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import nn

from bnclaims.models import final_bn
from bnclaims.models.concat_pool import PooledConvolutions
from bnclaims.models.fastai import (
    HIDDEN,
    FastaiClassifier,
    WholeFastaiClassifier,
    fastai_linear,
)
from bnclaims.models.network import Network
from bnclaims.protocol.names import FASTAI, FASTAI_V1, LINEAR, ON_MAPS
from bnclaims.protocol.random_streams import generator

# (channels, image side in pixels) -> the body and how many features it makes.
Body = Callable[[int, int], tuple[nn.Module, int]]


def body_of(architecture: str) -> Body:
    """The body of an architecture with random weights: ``body`` of ``bnclaims/models/NAME.py``."""
    return cast(Body, importlib.import_module(f"bnclaims.models.{architecture}").body)


def pooled_body_of(architecture: str) -> Body:
    """The `PooledConvolutions` of an architecture with random weights."""

    def body(channels: int, image_size: int) -> tuple[nn.Module, int]:
        made, _ = body_of(architecture)(channels, image_size)
        return pooled_convolutions(architecture, made)

    return body


def pooled_convolutions(architecture: str, body: nn.Module) -> tuple[nn.Module, int]:
    """The `PooledConvolutions` in an architecture's body, and the number of their features."""
    code: Any = importlib.import_module(f"bnclaims.models.{architecture}")
    layers, maps = code.convolutions(body)
    return PooledConvolutions(layers, code.EARLY), 2 * maps


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
        if classifier in ON_MAPS:
            bias = classifier == FASTAI_V1
            network = Network(made, fastai_linear(HIDDEN, outputs, bias=bias))
            network.classifier = WholeFastaiClassifier(width, seed=seed, bias=bias)
        else:
            network = Network(made, nn.Linear(width, outputs))
    if classifier == FASTAI:
        network.classifier = FastaiClassifier(width, seed=seed)
    final_bn.attach(network, arm)
    return network
