"""Who trains which trial, and where."""

from bnclaims.runners.local import LocalRunner, Stopped, TrialFailed
from bnclaims.runners.run_folder import RunFolder, WorkerStatus

__all__ = ["LocalRunner", "RunFolder", "Stopped", "TrialFailed", "WorkerStatus"]
