"""The options of `pytest claims`, and the request that they make."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bnclaims.errors import BnclaimsError, refuses_files
from bnclaims.protocol.load import load_protocol
from bnclaims.run.session import TRIAL_TIMEOUT, Request, claims_in
from bnclaims.store.nights import tonight
from bnclaims.training.runners import RayOptions, require_ray


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("bnclaims", "audit of a paper's claims (bnclaims)")
    group.addoption(
        "--gpu", action="store_true", help="train on CUDA devices, shared among workers"
    )
    group.addoption(
        "--protocol",
        default="quick",
        metavar="NAME|FILE",
        help="built-in protocol or TOML file (quick)",
    )
    group.addoption(
        "--dataset",
        metavar="NAME",
        help="dataset instead of the protocol's default; folder:PATH for your own images",
    )
    group.addoption(
        "--data-root", type=Path, metavar="DIR", help="folder that holds image packs and releases"
    )
    for side in ("majority", "minority"):
        group.addoption(
            f"--{side}",
            action="append",
            default=[],
            metavar="CLASS",
            help=f"sub-folder of a {side} class, with --dataset folder:PATH (repeatable)",
        )
    group.addoption(
        "--store",
        type=Path,
        default=Path(".bnclaims/store"),
        metavar="DIR",
        help="where trained trials are kept (.bnclaims/store); write --store=DIR",
    )
    group.addoption(
        "--report",
        type=Path,
        default=Path("reports/latest"),
        metavar="DIR",
        help="where the report is written (reports/latest); write --report=DIR",
    )
    group.addoption(
        "--sample-images",
        action="store_true",
        help="show images of the data in the report's page, which then is for local use only",
    )
    group.addoption(
        "--executor",
        default="loop",
        metavar="NAME",
        help="how trials are trained: loop or graph (loop)",
    )
    group.addoption(
        "--trial-timeout",
        type=float,
        default=TRIAL_TIMEOUT,
        metavar="SECONDS",
        help=f"give a trial up that trains longer ({TRIAL_TIMEOUT:g})",
    )
    group.addoption(
        "--runner",
        default="local",
        choices=["local", "ray"],
        help="who trains: local, the processes of this run, or ray, actors of a Ray cluster (local)",
    )
    group.addoption(
        "--ray-address",
        metavar="ADDRESS",
        help="HOST:PORT of a running Ray cluster, or auto; without, a local Ray is started",
    )
    group.addoption(
        "--ray-actors", type=int, metavar="N", help="how many actors train (as many as fit)"
    )
    group.addoption(
        "--ray-gpus-per-actor",
        type=float,
        metavar="SHARE",
        help="GPUs of each actor with --gpu: a share such as 0.25, or a whole number; without, 1",
    )
    group.addoption(
        "--expect",
        type=Path,
        metavar="REPORT",
        help="fail where a verdict differs from this report's, and only there; write --expect=DIR",
    )
    group.addoption(
        "--strict-verdicts", action="store_true", help="let INCONCLUSIVE and INVALID fail too"
    )
    group.addoption(
        "--night",
        metavar="LABEL",
        help="under a protocol that accumulates evidence: the night whose seeds are added, once "
        "however often it is named (today's date in UTC)",
    )
    group.addoption(
        "--budget",
        type=float,
        metavar="MINUTES",
        help="only the most important cells, as many as a forecast fits into this time",
    )
    group.addoption("--world", metavar="NAME", help="replace the trainer by a synthetic world")
    group.addoption(
        "--offline",
        action="store_true",
        help="never use the network: datasets and ImageNet weights must be in a cache or a folder",
    )


def request_of(config: pytest.Config) -> Request:
    """The request that the options of a run make."""
    option = config.option
    if option.night is None and load_protocol(option.protocol).rules.accumulation is not None:
        # Handed on to workers: a run ends in the night it began in.
        option.night = tonight()
    if option.sample_images and option.world is not None:
        raise BnclaimsError(
            f"--sample-images: a world ({option.world}) draws no images; leave one of the two out."
        )
    return Request(
        protocol=option.protocol,
        dataset=option.dataset,
        data_root=option.data_root,
        offline=option.offline,
        majority=tuple(option.majority),
        minority=tuple(option.minority),
        gpu=option.gpu,
        store=option.store,
        budget=option.budget,
        executor=option.executor,
        world=option.world,
        expect=option.expect,
        night=option.night,
        trial_timeout=option.trial_timeout,
        ray=_ray_options(config),
    )


def _ray_options(config: pytest.Config) -> RayOptions | None:
    option = config.option
    address, actors, share = option.ray_address, option.ray_actors, option.ray_gpus_per_actor
    if option.runner != "ray":
        named = {"--ray-address": address, "--ray-actors": actors, "--ray-gpus-per-actor": share}
        for name, value in named.items():
            if value is not None:
                raise BnclaimsError(f"{name}: goes with --runner ray; add that or leave it out.")
        return None
    if getattr(option, "tx", None):
        raise BnclaimsError(
            "--runner ray: one process judges and the actors train, so it does not go with -n; "
            "leave -n out and choose their number with --ray-actors."
        )
    if share is not None and not option.gpu:
        raise BnclaimsError("--ray-gpus-per-actor: goes with --gpu; add that or leave it out.")
    require_ray()
    if share is None and option.gpu:
        share = 1.0
    return RayOptions(address=address, actors=actors, gpus_per_actor=share)


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
    """`BnclaimsError` where no report can take the place of ``folder``: known before hours of work."""
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
