"""Synthetic worlds: generators with known truth that replace the trainer and nothing else."""

from bnclaims.worlds.records import trainer
from bnclaims.worlds.truths import WORLDS, World, world

__all__ = ["WORLDS", "World", "trainer", "world"]
