"""Who trains which trial, and where."""

from bnclaims.runners.local import LocalRunner
from bnclaims.runners.ray_options import RayOptions, require_ray
from bnclaims.runners.run_folder import RunFolder, WorkerStatus
from bnclaims.runners.runner import Runner, Stopped, TrialFailed

__all__ = [
    "LocalRunner",
    "RayOptions",
    "RunFolder",
    "Runner",
    "Stopped",
    "TrialFailed",
    "WorkerStatus",
    "require_ray",
]
