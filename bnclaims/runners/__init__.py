"""Who trains which trial, and where."""

from bnclaims.runners.local import LocalRunner
from bnclaims.runners.run_folder import RunFolder, WorkerStatus
from bnclaims.runners.runner import Runner, Stopped, TrialFailed

__all__ = ["LocalRunner", "RunFolder", "Runner", "Stopped", "TrialFailed", "WorkerStatus"]
