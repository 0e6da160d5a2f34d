"""Checks before hours of work: what is wrong with a run is one sentence, and nothing is touched."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bnclaims.errors import BnclaimsError, refuses_files
from bnclaims.plugin.arguments import claims_in


@contextlib.contextmanager
def usage_errors() -> Iterator[None]:
    """A context that turns `BnclaimsError` into pytest's usage error: one sentence, exit code 4."""
    try:
        yield
    except BnclaimsError as error:
        raise pytest.UsageError(str(error)) from error


def check_installed() -> None:
    """`BnclaimsError` in a checkout that nobody has installed: a report states its version."""
    try:
        importlib.metadata.version("bnclaims")
    except importlib.metadata.PackageNotFoundError as error:
        raise BnclaimsError(
            f"bnclaims is not installed for {sys.executable}, so no report could state its version; "
            "run pip install -e . in the checkout, then the same command again."
        ) from error


def check_root(config: pytest.Config) -> None:
    """`BnclaimsError` where the arguments name claims of the project, but not from this folder."""
    here, root = config.invocation_params.dir, config.rootpath
    for argument in config.args:
        name = argument.split("::")[0]
        if not os.path.exists(here / name) and claims_in([name], root):
            raise BnclaimsError(
                f"{name}: not in {here}, but in {root}; go there, or name it from here."
            )


def check_report(folder: Path) -> None:
    """`BnclaimsError` where no report can take the place of ``folder``."""
    from bnclaims.report.write import check_target

    check_target(folder)
    if (place := refuses_files(folder)) is not None:
        raise BnclaimsError(
            f"--report {folder}: {place} takes no new files (read-only, or not yours); make it writable "
            "or name another folder with --report=DIR."
        )


def check_gpu() -> None:
    """`BnclaimsError` where ``--gpu`` finds no CUDA device."""
    import torch

    if not torch.cuda.is_available():
        raise BnclaimsError(
            f"--gpu: torch {torch.__version__} sees no CUDA device here; run without --gpu, or install a "
            "CUDA build of torch on a machine with an NVIDIA GPU and driver."
        )
