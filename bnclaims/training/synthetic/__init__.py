"""Synthetic worlds: generators with known truth that replace the trainer and nothing else."""

from bnclaims.training.synthetic.records import trainer
from bnclaims.training.synthetic.world import World
from bnclaims.training.synthetic.worlds import WORLDS, world

__all__ = ["WORLDS", "World", "trainer", "world"]
