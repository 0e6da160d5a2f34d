"""Protocols: the words of an experiment, its trials, cells and looks, and the files that state them."""
