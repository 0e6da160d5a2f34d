"""Rendered leaves, healthy and with lesions: the synthetic dataset."""
