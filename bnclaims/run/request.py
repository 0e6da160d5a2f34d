"""Request: what a run is asked for, checked as far as can be without loading anything."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bnclaims.errors import BnclaimsError, is_dir
from bnclaims.run.options import check_values, option

# Not at run time: a command that only asks for its options' names loads no dataset and no trainer.
if TYPE_CHECKING:
    from bnclaims.datasets import Sources
    from bnclaims.protocol.cells import Selection
    from bnclaims.training.runners import RayOptions

# Seconds; far above the longest trial that one processor can be asked to train.
TRIAL_TIMEOUT: Final = 6 * 3600


def _known_executor(name: str, value: str) -> None:
    from bnclaims.training import EXECUTORS

    if value not in EXECUTORS:
        raise BnclaimsError(f"{name} {value}: unknown; use one of {', '.join(EXECUTORS)}.")


def _known_world(name: str, value: str) -> None:
    from bnclaims.training import synthetic

    synthetic.world(value)


def _seconds(name: str, value: float) -> None:
    # NaN is not above 0 either.
    if not value > 0:
        raise BnclaimsError(f"{name} {value:g}: give seconds above 0.")


def _minutes(name: str, value: float) -> None:
    if not 0 < value <= 10**7:
        raise BnclaimsError(f"{name} {value:g}: give minutes above 0.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """The options of a run; `BnclaimsError` where one is impossible or two contradict each other."""

    protocol: str = option(
        "quick", "built-in protocol or TOML file", metavar="NAME|FILE", common=True
    )
    dataset: str | None = option(
        None,
        "dataset instead of the protocol's default; folder:PATH for your own images",
        metavar="NAME",
        common=True,
    )
    data_root: Path | None = option(
        None,
        "folder that holds datasets; `bnclaims datasets` says under which names",
        metavar="DIR",
        common=True,
    )
    majority: tuple[str, ...] = option(
        (),
        "sub-folder of a majority class, with --dataset folder:PATH",
        metavar="CLASS",
        common=True,
    )
    minority: tuple[str, ...] = option(
        (),
        "sub-folder of a minority class, with --dataset folder:PATH",
        metavar="CLASS",
        common=True,
    )
    offline: bool = option(
        False,
        "never use the network: datasets and ImageNet weights must be in a cache or a folder",
        common=True,
    )
    gpu: bool = option(False, "use CUDA devices, shared among workers", common=True)
    store: Path = option(
        Path(".bnclaims/store"), "where trained trials are kept", metavar="DIR", common=True
    )
    report: Path = option(Path("reports/latest"), "where the report is written", metavar="DIR")
    sample_images: bool = option(
        False, "show images of the data in the report's page, which then is for local use only"
    )
    executor: str = option(
        "loop", "how trials are trained: loop or graph", metavar="NAME", check=_known_executor
    )
    trial_timeout: float = option(
        TRIAL_TIMEOUT, "give a trial up that trains longer", metavar="SECONDS", check=_seconds
    )
    runner: str = option(
        "local",
        "who trains: local, the processes of this run, or ray, actors of a Ray cluster",
        choices=("local", "ray"),
    )
    ray_address: str | None = option(
        None,
        "HOST:PORT of a running Ray cluster, or auto; without, a local Ray is started",
        metavar="ADDRESS",
    )
    ray_actors: int | None = option(None, "how many actors train (as many as fit)", metavar="N")
    ray_gpus_per_actor: float | None = option(
        None,
        "GPUs of each actor with --gpu: a share such as 0.25, or a whole number; without, 1",
        metavar="SHARE",
    )
    expect: Path | None = option(
        None, "fail where a verdict differs from this report's, and only there", metavar="REPORT"
    )
    strict_verdicts: bool = option(False, "let INCONCLUSIVE and INVALID fail too")
    night: str | None = option(
        None,
        "under a protocol that accumulates evidence: the night whose seeds are added, once however "
        "often it is named (today's date in UTC)",
        metavar="LABEL",
    )
    budget: float | None = option(
        None,
        "only the most important cells, as many as a forecast fits into this time",
        metavar="MINUTES",
        check=_minutes,
    )
    stored: bool = option(
        False, "train nothing: judge what the store holds, every cell as far as its seeds go"
    )
    world: str | None = option(
        None,
        "train nothing: draw results from a synthetic world, to try things out",
        metavar="NAME",
        check=_known_world,
    )

    def __post_init__(self) -> None:
        check_values(self)
        if self.sample_images and self.world is not None:
            raise BnclaimsError(
                f"--sample-images: a world ({self.world}) draws no images; leave one of the two out."
            )
        self._check_ray()

    def _check_ray(self) -> None:
        if self.runner != "ray":
            for field in ("ray_address", "ray_actors", "ray_gpus_per_actor"):
                if getattr(self, field) is not None:
                    name = f"--{field.replace('_', '-')}"
                    raise BnclaimsError(
                        f"{name}: goes with --runner ray; add that or leave it out."
                    )
            return
        if self.ray_gpus_per_actor is not None and not self.gpu:
            raise BnclaimsError("--ray-gpus-per-actor: goes with --gpu; add that or leave it out.")
        from bnclaims.training.runners import require_ray

        require_ray()
        # Its own checks.
        assert self.ray is not None

    @property
    def ray(self) -> RayOptions | None:
        """How Ray is used where it is to train; without, the processes of the run do."""
        if self.runner != "ray":
            return None
        from bnclaims.training.runners import RayOptions

        share = self.ray_gpus_per_actor
        return RayOptions(
            address=self.ray_address,
            actors=self.ray_actors,
            gpus_per_actor=1.0 if share is None and self.gpu else share,
        )

    @property
    def sources(self) -> Sources:
        """Where images may come from."""
        from bnclaims.datasets import Sources
        from bnclaims.datasets.folder import PREFIX as FOLDER

        named = self.dataset or ""
        folder = Path(named.removeprefix(FOLDER)) if named.startswith(FOLDER) else None
        return Sources(
            data_root=self.data_root,
            folder=folder,
            classes=(*self.majority, *self.minority),
            offline=self.offline,
        )

    def selection(self, default_dataset: str, *, on_paper: bool = False) -> Selection:
        """The selection these options make; `BnclaimsError` when they contradict each other.

        ``on_paper`` as in `selection_here`.
        """
        from bnclaims.datasets.folder import PREFIX as FOLDER
        from bnclaims.run.inventory import selection_here

        dataset = self.dataset or default_dataset
        if (folder := self.sources.folder) is not None:
            if not is_dir(folder):
                raise BnclaimsError(
                    f"--dataset {dataset}: no such folder; give a folder with one sub-folder per class."
                )
            if not self.majority or not self.minority:
                raise BnclaimsError(
                    f"--dataset {dataset}: say which sub-folders to compare with --majority NAME "
                    "and --minority NAME."
                )
            # The path stays out of keys and reports: the same images elsewhere are the same trials.
            dataset = f"{FOLDER}{folder.resolve().name}"
        elif self.majority or self.minority:
            raise BnclaimsError(
                f"--majority and --minority go with --dataset folder:PATH; the protocol names the "
                f"classes of {dataset}."
            )
        if self.data_root is not None and not is_dir(self.data_root):
            raise BnclaimsError(
                f"--data-root {self.data_root}: no such folder; give an existing one."
            )
        return selection_here(
            dataset,
            majority=self.majority,
            minority=self.minority,
            sources=self.sources,
            device="cuda" if self.gpu else "cpu",
            on_paper=on_paper,
        )
