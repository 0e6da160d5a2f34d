"""Executors, the ways of training a trial: one file each, `loop` the reference."""
