"""Beside a verdict: what explains it, from the same networks, and never enters it."""
