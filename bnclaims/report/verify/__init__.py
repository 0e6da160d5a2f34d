"""Verification of a report from its own predictions and protocol."""
