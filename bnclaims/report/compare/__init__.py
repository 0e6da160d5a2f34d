"""Comparison of two reports: what changed between them, and why."""
