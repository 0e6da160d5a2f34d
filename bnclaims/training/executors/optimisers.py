"""How weights move: the optimiser of a setting and its rates, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

from bnclaims.models.concat_pool import PooledConvolutions
from bnclaims.models.network import Network
from bnclaims.protocol.names import ADAM, FINE_TUNED
from bnclaims.protocol.trial import Setting

# fastai's defaults (https://docs.fast.ai/callback.schedule.html, `fit_one_cycle` and `fine_tune`, and
# https://docs.fast.ai/optimizer.html): momentum falls from .95 to .85 and rises again while the rate does the
# opposite; weights of BatchNorm and biases do not decay.
MOMENTA: Final = (0.95, 0.85)
SQUARED: Final = 0.99
EPS: Final = 1e-5
DECAY: Final = 0.01
LAST_RATE: Final = 1e-5
# Share of the steps in which the rate rises, and what part of the highest it begins with.
ONE_CYCLE: Final = (0.25, 25.0)
END_ALONE: Final = (0.99, 25.0)
ALL_LAYERS: Final = (0.3, 5.0)
# Rates of all layers against that of the end alone, and of a hundredth for the earliest layers.
HALF: Final = 0.5
EARLIEST: Final = 0.01

_NORMS: Final = (nn.BatchNorm1d, nn.BatchNorm2d)


class Optimiser:
    """The optimiser of one training, of ``epochs`` with so many steps each; called before and in epochs.

    `begin_epoch` also decides which weights are trained in it.
    """

    def __init__(self, setting: Setting, network: Network, epochs: Sequence[int]) -> None:
        self._network = network
        self._rate = setting.learning_rate
        self._steps = list(epochs)
        self._cycles = setting.optimiser != ADAM
        # An only epoch would leave none for the layers.
        self._by_groups = self._cycles and setting.regime == FINE_TUNED
        self._scheduler: OneCycleLR | None = None
        self._optimiser: torch.optim.Optimizer
        if not self._cycles:
            self._optimiser = torch.optim.Adam(network.parameters(), lr=self._rate, fused=True)

    def begin_epoch(self, number: int) -> None:
        """Prepares the epoch of that number, from 0 on."""
        if not self._cycles:
            return
        if not self._by_groups and number == 0:
            self._cycle([[self._network]], [self._rate], sum(self._steps), ONE_CYCLE)
        elif self._by_groups and number == 0:
            _train_body(self._network, False)
            self._cycle(_end_alone(self._network), [self._rate], self._steps[0], END_ALONE)
        elif self._by_groups and number == 1:
            _train_body(self._network, True)
            groups = layer_groups(self._network)
            rates = _rates(self._rate * HALF, len(groups))
            self._cycle(groups, rates, sum(self._steps[1:]), ALL_LAYERS)

    def step(self, loss: torch.Tensor) -> None:
        """Moves the weights against the gradient of the loss."""
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self._optimiser.step()
        if self._scheduler is not None:
            self._scheduler.step()

    def _cycle(
        self,
        groups: Sequence[Sequence[nn.Module]],
        rates: Sequence[float],
        steps: int,
        shape: tuple[float, float],
    ) -> None:
        """A new optimiser, and one cycle of rates over so many steps."""
        parts, highest = [], []
        for modules, rate in zip(groups, rates, strict=True):
            for parameters, decay in zip(_by_decay(modules), (DECAY, 0.0), strict=True):
                if parameters:
                    parts.append({"params": parameters, "weight_decay": decay})
                    highest.append(rate)
        self._optimiser = torch.optim.AdamW(
            parts, lr=self._rate, betas=(MOMENTA[0], SQUARED), eps=EPS, fused=True
        )
        rising, divided = shape
        self._scheduler = OneCycleLR(
            self._optimiser,
            max_lr=highest,
            # One more than there are: it is asked for the rate after the last step, too.
            total_steps=steps + 1,
            pct_start=rising,
            div_factor=divided,
            final_div_factor=1 / (LAST_RATE * divided),
            max_momentum=MOMENTA[0],
            base_momentum=MOMENTA[1],
        )


def layer_groups(network: Network) -> list[list[nn.Module]]:
    """Layers in the order in which they stand: those of the body by its groups, then the end."""
    pooled = next(part for part in network.body.modules() if isinstance(part, PooledConvolutions))
    return [*pooled.groups(), _end(network)]


def _end(network: Network) -> list[nn.Module]:
    return [network.feature_layer, network.classifier, network.last, network.final]


def _end_alone(network: Network) -> list[list[nn.Module]]:
    """The end and what a frozen body still trains: fastai keeps its BatchNorm layers in training."""
    return [[*_norms(network.body), *_end(network)]]


def _norms(body: nn.Module) -> list[nn.Module]:
    return [layer for layer in body.modules() if isinstance(layer, _NORMS)]


def _train_body(network: Network, trained: bool) -> None:
    network.body.requires_grad_(trained)
    for layer in _norms(network.body):
        layer.requires_grad_(True)


def _rates(highest: float, groups: int) -> list[float]:
    """Rates from a hundredth of the highest to it, in even ratios."""
    return [highest * EARLIEST ** (1 - place / (groups - 1)) for place in range(groups)]


def _by_decay(modules: Iterable[nn.Module]) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The trained parameters that decay, and those of BatchNorm and the biases, which do not."""
    decaying: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for module in modules:
        for layer in module.modules():
            for name, parameter in layer.named_parameters(recurse=False):
                if parameter.requires_grad:
                    free = isinstance(layer, _NORMS) or name == "bias"
                    (others if free else decaying).append(parameter)
    return decaying, others
