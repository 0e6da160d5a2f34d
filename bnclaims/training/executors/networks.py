"""Networks as training begins with them: those of the same seed are initialised once, not per trial."""

from __future__ import annotations

import copy
from typing import Final

from bnclaims.errors import BnclaimsError
from bnclaims.models import build, final_bn, weights
from bnclaims.models.network import Network
from bnclaims.protocol.names import ARMS, PLAIN, SCRATCH
from bnclaims.protocol.trial import Trial
from bnclaims.training.kept import Kept

# A VGG19 has 560 MB, takes two seconds to draw or to read, and a tenth of one to copy.
_KEPT_BYTES: Final = 2**29


def _size(network: Network) -> int:
    return sum(tensor.nbytes for tensor in (*network.parameters(), *network.buffers()))


_networks: Kept[Network] = Kept(_KEPT_BYTES, _size)


def initial_network(trial: Trial, *, channels: int, image_size: int) -> Network:
    """The untrained network of a trial, on the CPU; errors as `bnclaims.models.build`.

    An arm's layers draw no random numbers and come after everything else, so the arms of a seed are
    copies of its plain network.
    """
    setting = trial.setting
    if trial.arm not in ARMS:
        raise BnclaimsError(f"arm {trial.arm!r} is unknown: choose one of {', '.join(ARMS)}")
    outputs = len(setting.task.classes), setting.head
    # Other weights may have been put in the place of a file.
    file = None if setting.regime == SCRATCH else weights.identity(setting.architecture)
    start = setting.architecture, setting.regime, file, setting.classifier

    def plain() -> Network:
        return build(
            setting.architecture,
            arm=PLAIN,
            classes=len(setting.task.classes),
            channels=channels,
            image_size=image_size,
            head=setting.head,
            seed=trial.seed,
            regime=setting.regime,
            classifier=setting.classifier,
        )

    key = (*start, *outputs, channels, image_size, trial.seed)
    network = copy.deepcopy(_networks.get(key, plain))
    final_bn.attach(network, trial.arm)
    return network
