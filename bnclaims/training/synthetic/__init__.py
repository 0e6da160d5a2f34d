"""Synthetic worlds: generators with known truth that replace the trainer and nothing else."""

from bnclaims.training.synthetic.records import trainer
from bnclaims.training.synthetic.worlds import WORLDS, World, world

__all__ = ["WORLDS", "World", "trainer", "world"]
