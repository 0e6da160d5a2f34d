"""Loads the plugin, so that `pytest claims` knows its options, and what the tests share."""

pytest_plugins = [
    "bnclaims.plugin",
    "pytester",
    "fixtures.projects",
    "fixtures.browser",
    "fixtures.faults",
]
