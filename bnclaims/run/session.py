"""One run of an audit in one process: what was asked for, the plan, the runner, the report."""

from __future__ import annotations

import dataclasses
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from bnclaims import datasets, models
from bnclaims.audit import strata
from bnclaims.audit.claim import Claim, discover
from bnclaims.audit.judge import audit
from bnclaims.audit.lookahead import Ahead
from bnclaims.audit.plan import Plan, plan, with_cells
from bnclaims.audit.results import Audit, CellJudgement, CellState
from bnclaims.audit.verdicts import judge_cell
from bnclaims.datasets import Sources
from bnclaims.datasets.folder import PREFIX as FOLDER
from bnclaims.errors import BnclaimsError, is_dir, is_file, storage_errors
from bnclaims.models import weights
from bnclaims.protocol.cells import Cell, Selection, weights_asked
from bnclaims.protocol.load import Protocol, load_protocol
from bnclaims.protocol.looks import looks_of
from bnclaims.protocol.trial import Trial
from bnclaims.report.compare.verdict_changes import Verdicts
from bnclaims.report.page.provenance import weights_sentences
from bnclaims.run.expected_verdicts import expected_words
from bnclaims.run.inventory import selection_here
from bnclaims.run.time_budget import Kept, budgeted, check_fits
from bnclaims.store.nights import Nights, check_label, tonight
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training import EXECUTORS, synthetic
from bnclaims.training.runners import LocalRunner, RayOptions, RunFolder, Runner
from bnclaims.training.trainer import trainer_of

# Seconds; far above the longest trial that one processor can be asked to train.
TRIAL_TIMEOUT: Final = 6 * 3600


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """The options of a run, checked for what can be checked without loading anything."""

    protocol: str = "quick"
    dataset: str | None = None
    data_root: Path | None = None
    offline: bool = False
    majority: tuple[str, ...] = ()
    minority: tuple[str, ...] = ()
    gpu: bool = False
    store: Path = Path(".bnclaims/store")
    # Minutes.
    budget: float | None = None
    executor: str = "loop"
    world: str | None = None
    expect: Path | None = None
    trial_timeout: float = TRIAL_TIMEOUT
    # How Ray is used where it is to train; without, the processes of the run do.
    ray: RayOptions | None = None
    night: str | None = None
    # For plans alone.
    on_paper: bool = False

    @property
    def sources(self) -> Sources:
        """Where images may come from."""
        named = self.dataset or ""
        folder = Path(named.removeprefix(FOLDER)) if named.startswith(FOLDER) else None
        return Sources(
            data_root=self.data_root,
            folder=folder,
            classes=(*self.majority, *self.minority),
            offline=self.offline,
        )

    def selection(self, default_dataset: str) -> Selection:
        """The selection these options make; `BnclaimsError` when they contradict each other."""
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
            on_paper=self.on_paper,
        )


class AuditSession:
    """A run: trains through its runner what judgements need, and makes the report of it."""

    def __init__(self, request: Request, claims: Iterable[Claim]) -> None:
        self.request = request
        declared = list(claims)
        if request.world is not None:
            synthetic.world(request.world)
        elif request.executor not in EXECUTORS:
            raise BnclaimsError(
                f"--executor {request.executor}: unknown; use one of {', '.join(EXECUTORS)}."
            )
        # NaN is not above 0 either.
        if not request.trial_timeout > 0:
            raise BnclaimsError(f"--trial-timeout {request.trial_timeout:g}: give seconds above 0.")
        self.protocol: Protocol = load_protocol(request.protocol)
        self.claims = with_cells(declared, self.protocol)
        # Declared, and no part of this protocol.
        self.left_out = [claim.id for claim in declared if claim not in self.claims]
        if self.left_out and not self.claims:
            raise BnclaimsError(
                f"--protocol {request.protocol}: has no cells for any of these claims, such as "
                f"{self.left_out[0]}; add a section claims.{self.left_out[0]} to a copy of it."
            )
        self.selection = request.selection(self.protocol.file.default_dataset)
        if self.protocol.file.budget is not None:
            check_fits(self.protocol, self.selection)
        # Read at once: the run may replace the report they are from. A budget makes another protocol.
        self.expected: Verdicts | None = None if request.budget else self._expected()
        self.judgements: dict[tuple[str, str], CellJudgement] = {}
        self.runner: Runner | None = None
        self.run: RunFolder | None = None
        self._disagreements = 0

    def _expected(self) -> Verdicts | None:
        if self.request.expect is None:
            return None
        return expected_words(
            self.request.expect,
            protocol_sha256=self.protocol.sha256,
            dataset=self.selection.dataset,
        )

    def choose_night(self, *, opened: bool = False) -> None:
        """Judges through the requested night, under a protocol that accumulates evidence.

        A night of a new label is the next one; it is noted in the store where it is ``opened``.
        `BnclaimsError` for a label under a protocol with looks.
        """
        how, label = self.protocol.rules.accumulation, self.request.night
        if how is None:
            if label is not None:
                raise BnclaimsError(
                    f"--night {label}: protocol {self.protocol.name} has looks, no nights; leave it "
                    "out, or use one with accumulation, such as nightly."
                )
            return
        label = tonight() if label is None else check_label(label)
        root = self.store.root if opened else self.request.store
        known = Nights(root, self.protocol, self.selection, self.request.world)
        number = known.open(label, most=how.nights) if opened else known.number(label)
        self.selection = dataclasses.replace(self.selection, nights=min(number, how.nights))

    def choose_budget(self, workers: int, *, kept: bool = False) -> Path | None:
        """Takes the cells that the requested budget leaves, where one is requested.

        A choice that the store keeps is taken again, and a new one is put there to be ``kept``;
        its file is returned where there is one.
        """
        minutes = self.request.budget
        if minutes is None:
            return None
        # Opened where something will be put into it: what is no store is refused first.
        store = self.store.root if kept else self.request.store
        protocol, selection = self.protocol, self.selection
        place = Kept(store, protocol, selection, self.claims, minutes=minutes, workers=workers)
        chosen = place.read()
        if chosen is None:
            whole = plan(self.claims, protocol, selection)
            chosen = budgeted(
                protocol, whole, selection, minutes=minutes, workers=workers, store=store
            )
            if kept:
                chosen = place.write(chosen)
        self.protocol = chosen
        self.expected = self._expected()
        return place.file if is_file(place.file) else None

    @cached_property
    def plan(self) -> Plan:
        """Every cell and trial that the claims may need."""
        return plan(self.claims, self.protocol, self.selection)

    @cached_property
    def store(self) -> Store:
        """The store, made if it is not there."""
        return Store.open(self.request.store)

    def fetch_weights(self) -> list[str]:
        """Downloads the ImageNet weights that are asked for and not here; why some are not to be had.

        Comes before the plan, which depends on what there is. A world needs none.
        """
        refusals = []
        for architecture in self.weights_asked if self.request.world is None else ():
            url = weights.WEIGHTS[architecture].url
            if url is None or self.request.offline or weights.find(architecture) is not None:
                continue
            # Not sooner: most runs fetch nothing, and torch takes seconds to import.
            from bnclaims.models.hub import fetch

            try:
                fetch(architecture)
            except BnclaimsError as error:
                refusals.append(str(error))
        return refusals

    @property
    def weights_asked(self) -> tuple[str, ...]:
        """The architectures that are to start from ImageNet weights."""
        return weights_asked(self.protocol, [claim.id for claim in self.claims], self.selection)

    def weights_sentences(self) -> list[str]:
        """What comes of the wish for ImageNet weights on this machine."""
        rule = self.protocol.file.training.without_weights
        asked = {name: self.selection.weights.get(name) for name in self.weights_asked}
        leave_out = rule is not None and rule.value == "leave_out"
        remedies = {name: weights.remedy(name) for name in asked}
        return list(weights_sentences(asked, leave_out=leave_out, remedies=remedies))

    def check_networks(self) -> None:
        """Makes sure that the networks of what is to be trained can be built here."""
        if self.request.world is None:
            models.check_installed(
                trial.setting.architecture
                for trial in self.plan.all.values()
                if not self.store.has(trial.key)
            )

    def check_data(self, needed: Mapping[str, Trial]) -> None:
        """Checks every dataset that may still be drawn from, before anything is trained.

        Skipped while the store has all the trials that are ``needed`` for certain: to judge takes no
        images, and to read them takes seconds. What is asked for after that is checked when drawn.
        """
        if self.request.world is not None or all(map(self.store.has, needed)):
            return
        tasks = {
            trial.setting.task: None
            for trial in self.plan.all.values()
            if not self.store.has(trial.key)
        }
        for task in tasks:
            datasets.check(task, sources=self.request.sources)

    def first_looks(self, cells: set[tuple[str, str]]) -> list[Trial]:
        """The trials of the first looks of these (claim, cell) pairs: all will be needed."""
        rules = self.protocol.rules
        return [
            trial
            for claim, cell in self.plan.cells
            if (claim.id, cell.name) in cells
            for trial in cell.trials(claim.arms, range(looks_of(cell, rules)[0]))
        ]

    def new_disagreements(self) -> list[tuple[str, tuple[str, ...]]]:
        """Key and differing parts of the trials that gave two results since the run was opened."""
        return self.store.disagreements()[self._disagreements :]

    def open_run(self) -> RunFolder:
        """A new run folder in the store, for the processes of this run."""
        self._disagreements = len(self.store.disagreements())
        name = f"{os.getpid()}-{secrets.token_hex(4)}"
        with storage_errors(self.store.root, "keep the notes of a run"):
            self.run = RunFolder.create(self.store.root / "runs" / name)
        return self.run

    def start_runner(
        self,
        name: str,
        run: RunFolder,
        on_progress: Callable[[], None] = lambda: None,
        *,
        trainer: Callable[[Trial], Record] | None = None,
        **options: Any,
    ) -> Runner:
        """The runner of this process; ``trainer`` instead of the one that the request names.

        ``options`` are those of `LocalRunner`.
        """
        self.run = run
        request = self.request
        if request.ray is not None:
            self.runner = self._ray_runner(request.ray, run, on_progress)
            return self.runner
        self.runner = LocalRunner(
            self.store,
            trainer or trainer_of(request.executor, request.world, self.request.sources),
            name=name,
            run=run,
            limit=request.trial_timeout,
            on_progress=on_progress,
            **options,
        )
        return self.runner

    def _ray_runner(
        self, options: RayOptions, run: RunFolder, on_progress: Callable[[], None]
    ) -> Runner:
        # Only here: the runners of most runs need no Ray.
        from bnclaims.training.runners.ray.actor import Crew
        from bnclaims.training.runners.ray.runner import RayRunner

        # An actor has a working folder of its own.
        paths = (self.request.sources.data_root, self.request.sources.folder)
        data_root, folder = (str(path.resolve()) if path else None for path in paths)
        crew = Crew(
            executor=self.request.executor,
            world=self.request.world,
            data_root=data_root,
            folder=folder,
            classes=self.request.sources.classes,
            offline=self.request.offline,
            trial_timeout=self.request.trial_timeout,
        )
        collected = run.cells()
        cells = [
            (claim, cell, self._available(claim))
            for claim, cell in self.plan.cells
            if (claim.id, cell.name) in collected
        ]
        ahead = Ahead(cells, self.protocol.rules, self.store)
        return RayRunner(self.store, options, crew, run=run, on_progress=on_progress, coming=ahead)

    def judge(self, claim: Claim, cell: Cell) -> CellJudgement:
        """Judges one cell, training what it needs."""
        if self.runner is None or self.run is None:
            raise RuntimeError("start_runner comes first")
        judged, _ = judge_cell(
            claim, cell, self.protocol.rules, self.runner.obtain, cells=self._available(claim)
        )
        self.run.write_verdict(claim.id, cell.name, judged.verdict)
        return judged

    def _available(self, claim: Claim) -> int:
        return sum(
            other.id == claim.id and cell.unavailable is None for other, cell in self.plan.cells
        )

    def audit(
        self,
        collected: set[tuple[str, str]],
        judged: set[tuple[str, str]],
        environment: Mapping[str, str],
        run: Mapping[str, object],
        *,
        train: Callable[[Sequence[Trial]], object] = lambda trials: None,
    ) -> Audit:
        """The audit as the store now allows it; cells outside ``judged`` are reported as not judged.

        ``train`` as in `bnclaims.audit.judge.audit`.
        """
        result = audit(
            self.claims,
            self.protocol,
            self.selection,
            lambda trial: self.store.read(trial.key),
            include=lambda claim, cell: (
                None
                if (claim.id, cell.name) in judged
                else CellState.RUN_ENDED
                if (claim.id, cell.name) in collected
                else CellState.DESELECTED
            ),
            train=train,
        )
        return dataclasses.replace(
            result,
            environment=dict(environment),
            run={**run, **self._pooling(result)},
            data=tuple(datasets.info(name, sources=self.request.sources) for name in result.datasets),
        )

    def _pooling(self, result: Audit) -> dict[str, object]:
        """Which stratum was judged, what the store holds beside it, and where machines are mixed."""
        other = strata.not_pooled(self.store, self.plan.cells, self.plan.all)
        mixed = strata.mixed_machines(result)
        accumulated = self.protocol.rules.accumulation is not None
        judged = [str(stratum) for stratum in strata.strata_of(self.plan.cells)]
        return {
            **({"strata_judged": judged} if accumulated or other else {}),
            **({"trials_not_pooled": {str(s): n for s, n in other.items()}} if other else {}),
            **({"mixed_machines": mixed} if mixed else {}),
        }


def claims_in(arguments: Iterable[str], root: Path) -> list[Claim]:
    """The claims in the folders that pytest's arguments name; none when they name no claim file."""
    found: dict[str, Claim] = {}
    for argument in arguments:
        path = root / argument.split("::")[0]
        if is_dir(path) or (path.suffix == ".py" and is_file(path)):
            for claim in discover(path, required=False):
                found.setdefault(claim.id, claim)
    return list(found.values())


def folders_in(arguments: Iterable[str], root: Path) -> bool:
    """Whether pytest's arguments name folders alone, so that every claim in them is asked for."""
    return all(is_dir(root / argument) for argument in arguments)
