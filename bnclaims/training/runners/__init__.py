"""Who trains which trial, and where."""

from bnclaims.training.runners.device import Device, DeviceRunner
from bnclaims.training.runners.local import LocalRunner
from bnclaims.training.runners.ray.options import RayOptions, require_ray
from bnclaims.training.runners.run_folder import RunFolder, WorkerStatus
from bnclaims.training.runners.runner import Runner, Stopped, TrialFailed

__all__ = [
    "Device",
    "DeviceRunner",
    "LocalRunner",
    "RayOptions",
    "RunFolder",
    "Runner",
    "Stopped",
    "TrialFailed",
    "WorkerStatus",
    "require_ray",
]
