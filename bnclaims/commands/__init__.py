"""The sub-commands of `bnclaims`, one module each; heavy imports wait until a command runs."""

from bnclaims.commands.calibrate import calibrate
from bnclaims.commands.compare import compare
from bnclaims.commands.datasets import datasets
from bnclaims.commands.index import index
from bnclaims.commands.plan import plan
from bnclaims.commands.selfcheck import selfcheck
from bnclaims.commands.train import train
from bnclaims.commands.verify import verify

__all__ = [
    "calibrate",
    "compare",
    "datasets",
    "index",
    "plan",
    "selfcheck",
    "train",
    "verify",
]
