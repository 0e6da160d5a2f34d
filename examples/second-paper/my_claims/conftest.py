"""Loads the engine."""

pytest_plugins = ["bnclaims.plugin"]
