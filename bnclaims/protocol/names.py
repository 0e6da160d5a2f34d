"""Names of an experiment: arms, heads, regimes, classifiers and readouts.

They stand here, apart from the code that gives them meaning, so that a protocol is checked and a
report is judged without importing torch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final, Literal

PLAIN: Final = "plain"
FINAL_BN: Final = "final_bn"
WEIGHTED_LOSS: Final = "weighted_loss"
FOCAL: Final = "focal"
LOGIT_ADJUSTED: Final = "logit_adjusted"
OVERSAMPLED: Final = "oversampled"
FEATURE_BN: Final = "feature_bn"
CENTRE_ONLY: Final = "centre_only"
CENTRE_QUARTER: Final = "centre_quarter"
CENTRE_HALF: Final = "centre_half"
CENTRE_THREE_QUARTERS: Final = "centre_three_quarters"
SCALE_ONLY: Final = "scale_only"
BN_NO_AFFINE: Final = "bn_no_affine"
BN_SLOW_MOMENTUM: Final = "bn_slow_momentum"
BN_LAST_BATCH: Final = "bn_last_batch"
NO_LAST_BIAS: Final = "no_last_bias"


@dataclasses.dataclass(frozen=True)
class Arm:
    """What an arm does, and what of a training it changes, which says where its code stands.

    ``changes`` is "layers" (`bnclaims.models.final_bn.LAYERS`), "loss" (`LOSSES` of
    `bnclaims.training.executors.losses`), "order" (`ORDERS` of `bnclaims.training.executors.batches`)
    or "nothing".
    """

    changes: Literal["layers", "loss", "order", "nothing"]
    words: str


ARMS: Final[Mapping[str, Arm]] = {
    PLAIN: Arm("nothing", "the network alone"),
    FINAL_BN: Arm(
        "layers",
        "BatchNorm over the logits, after the last Linear (eps 1e-5, momentum 0.1, affine)",
    ),
    WEIGHTED_LOSS: Arm("loss", "the network alone, loss weighted by inverse class frequency"),
    FOCAL: Arm("loss", "the network alone, focal loss (gamma 2, no class weights)"),
    LOGIT_ADJUSTED: Arm(
        "loss", "the network alone, log class priors added to the logits in the loss"
    ),
    OVERSAMPLED: Arm("order", "the network alone, every class drawn equally often"),
    FEATURE_BN: Arm("layers", "BatchNorm over the features, before the last Linear"),
    CENTRE_ONLY: Arm("layers", "batch mean of the logits subtracted, no scaling, no affine part"),
    SCALE_ONLY: Arm(
        "layers", "logits divided by their batch standard deviation, no centring, no affine part"
    ),
    BN_NO_AFFINE: Arm("layers", "BatchNorm over the logits without learned scale and offset"),
    BN_SLOW_MOMENTUM: Arm("layers", "final BN with momentum 0.01"),
    NO_LAST_BIAS: Arm("layers", "the network alone, last Linear without bias"),
    CENTRE_QUARTER: Arm("layers", "a quarter of the batch mean of the logits subtracted"),
    CENTRE_HALF: Arm("layers", "half of the batch mean of the logits subtracted"),
    CENTRE_THREE_QUARTERS: Arm(
        "layers", "three quarters of the batch mean of the logits subtracted"
    ),
    BN_LAST_BATCH: Arm("layers", "final BN with momentum 1: the statistics of the last batch"),
}

SIGMOID_K: Final = "sigmoid_k"
HEADS: Final[Mapping[str, str]] = {
    "softmax": "one logit per class, cross-entropy",
    "sigmoid": "one logit for the minority class, binary cross-entropy (two classes only)",
    SIGMOID_K: "one logit per class, each with its own binary cross-entropy",
}

SCRATCH: Final = "scratch"
FINE_TUNED: Final = "fine_tuned"
FROZEN: Final = "frozen"
REGIMES: Final[Mapping[str, str]] = {
    SCRATCH: "random weights, all of them trained",
    FINE_TUNED: "ImageNet weights, all of them trained",
    FROZEN: "ImageNet weights in the body, which stays as it is; only what follows it is trained",
}

LINEAR: Final = "linear"
FASTAI: Final = "fastai"
FASTAI_V1: Final = "fastai_v1"
FASTAI_V2: Final = "fastai_v2"
CLASSIFIERS: Final[Mapping[str, str]] = {
    LINEAR: "the features go straight into the last Linear",
    FASTAI: "BatchNorm and dropout (0.5) over the features before the last Linear, as in fastai",
    FASTAI_V1: "the whole end of fastai 1: as that of fastai 2, but with a bias in both Linear layers",
    FASTAI_V2: "the whole end of fastai 2: maxima and means of the maps, BatchNorm, dropout (0.25), "
    "Linear of 512, ReLU, BatchNorm, dropout (0.5), last Linear; neither Linear has a bias",
}
# Classifiers that stand on maps, not on the features of an architecture.
ON_MAPS: Final = (FASTAI_V1, FASTAI_V2)

ADAM: Final = "adam"
FASTAI_CYCLE: Final = "fastai_cycle"
OPTIMISERS: Final[Mapping[str, str]] = {
    ADAM: "Adam at a constant rate",
    FASTAI_CYCLE: "AdamW on one cycle, as fastai runs it: a frozen body or random weights take it over "
    "the whole training; a fine-tuned network first trains its end for an epoch, then all layers at "
    "half the rate, late convolutions at a tenth and early ones at a hundredth of that",
}

KEPT: Final = "kept"
REMOVED: Final = "removed"
FOLDED: Final = "folded"
RECALIBRATED: Final = "recalibrated"
PRIOR_SHIFTED: Final = "prior_shifted"
PRIOR_RESTORED: Final = "prior_restored"
TUNED_THRESHOLD: Final = "tuned_threshold"
ORACLE_THRESHOLD: Final = "oracle_threshold"
