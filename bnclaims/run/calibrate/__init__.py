"""Calibration: error rates of the judge on worlds whose truth is known."""
