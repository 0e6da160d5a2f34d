"""Loads the plugin, so that `pytest claims` knows its options.

What only the tests need is loaded by tests/conftest.py; pytester has options, which are read here.
"""

pytest_plugins = ["bnclaims.plugin", "pytester"]
