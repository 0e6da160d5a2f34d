"""Calibration: how often the judge is wrong on worlds whose truth is known."""
