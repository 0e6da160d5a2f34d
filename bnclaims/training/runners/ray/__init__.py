"""Ray as a runner: long-lived actors on one or many machines."""
