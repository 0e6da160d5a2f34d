"""Loads the plugin, so that `pytest claims` knows its options."""

pytest_plugins = ["bnclaims.plugin"]
