"""The words of an experiment: task, setting, arm, trial, and the key under which a trial is stored."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any, Final

from bnclaims.protocol.architectures import PRETRAINABLE
from bnclaims.protocol.names import ARMS, FINE_TUNED, FROZEN, LINEAR, SCRATCH

# Part of every key: raise it when a change of the trainer could change a single number,
# so that trials of the old trainer are never mistaken for trials of the new one.
TRAINER_VERSION: Final = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """The imbalanced subset drawn from a dataset.

    A class of the task is a tuple of class names of the dataset that are merged into it;
    classes are numbered in order, majority classes first. Counts are images per class.
    """

    dataset: str
    fingerprint: str
    image_size: int
    majority: tuple[tuple[str, ...], ...]
    minority: tuple[tuple[str, ...], ...]
    majority_images: int
    minority_images: int
    validation_majority_images: int
    validation_minority_images: int
    test_images: int

    @property
    def classes(self) -> tuple[tuple[str, ...], ...]:
        """All classes, majority first."""
        return self.majority + self.minority

    @property
    def minority_classes(self) -> tuple[int, ...]:
        """Indices of the minority classes."""
        return tuple(range(len(self.majority), len(self.majority) + len(self.minority)))

    def images_of(self, index: int) -> tuple[int, int, int]:
        """Training, validation and test images of one class."""
        if index < len(self.majority):
            return self.majority_images, self.validation_majority_images, self.test_images
        return self.minority_images, self.validation_minority_images, self.test_images

    @property
    def label(self) -> str:
        """A short name for people, e.g. ``digits 1000:10``."""
        return f"{self.dataset} {self.majority_images}:{self.minority_images}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setting:
    """Everything held fixed in a comparison; exactly one of ``epochs`` and ``steps`` is set.

    ``regime`` and ``classifier`` came later than the first stores: their defaults are no part of
    the canonical JSON, so that keys stay what they were.
    """

    task: Task
    architecture: str
    head: str
    batch_size: int
    epochs: int | None
    steps: int | None
    optimiser: str
    learning_rate: float
    precision: str
    device: str
    regime: str = SCRATCH
    classifier: str = LINEAR

    def __post_init__(self) -> None:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("a setting has either epochs or steps, not both and not neither")

    @property
    def label(self) -> str:
        """A short name for people, e.g. ``digits 1000:10, simple_cnn, softmax, batch 64, 10 epochs``."""
        length = f"{self.epochs} epochs" if self.epochs is not None else f"{self.steps} steps"
        return f"{self.task.label}, {self.network}, {self.head}, batch {self.batch_size}, {length}"

    @property
    def network(self) -> str:
        """The architecture and what sets it apart, e.g. ``resnet34 from scratch``."""
        start = {FINE_TUNED: " fine-tuned", FROZEN: " frozen"}.get(self.regime, "")
        if self.regime == SCRATCH and self.architecture in PRETRAINABLE:
            start = " from scratch"
        end = "" if self.classifier == LINEAR else f" with {self.classifier} classifier"
        return f"{self.architecture}{start}{end}"

    @cached_property
    def canonical(self) -> str:
        """Canonical JSON; all trials of a setting share it."""
        return canonical_json(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Plain data: every field, but those that came later only where they are not the default."""
        data = dataclasses.asdict(self)
        for name, default in _LATER.items():
            if data[name] == default:
                del data[name]
        return data


# Left out at their defaults, or every trial trained before they came would have another key.
_LATER: Final[Mapping[str, str]] = {"regime": SCRATCH, "classifier": LINEAR}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """One trained model: a setting, an arm, a seed."""

    setting: Setting
    arm: str
    seed: int

    @cached_property
    def key(self) -> str:
        """Hexadecimal sha256 of the trial's canonical JSON, trainer version included."""
        return _key(self.setting.canonical, self.arm, self.seed, TRAINER_VERSION)

    @property
    def canonical(self) -> str:
        """Canonical JSON of `as_dict`, put together from that of the setting."""
        return _canonical(self.setting.canonical, self.arm, self.seed, TRAINER_VERSION)

    def as_dict(self) -> dict[str, Any]:
        """Plain data from which `from_dict` makes the trial again."""
        return {
            "trainer": TRAINER_VERSION,
            "setting": self.setting.as_dict(),
            "arm": self.arm,
            "seed": self.seed,
        }

    @classmethod
    def from_canonical(cls, text: str) -> Trial:
        """The trial of a `canonical` text; ``ValueError`` when the text does not describe one."""
        parts = _CANONICAL.fullmatch(text)
        if parts is None:
            return cls.from_dict(json.loads(text))
        try:
            return cls(setting=_setting(parts[3]), arm=parts[1], seed=int(parts[2]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the description of a trial: {error}") from error

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Trial:
        """The trial that `as_dict` described; ``ValueError`` when the data does not describe one."""
        try:
            trial = cls(
                setting=_setting(canonical_json(data["setting"])),
                arm=data["arm"],
                seed=data["seed"],
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the description of a trial: {error}") from error
        if data.get("trainer") != TRAINER_VERSION:
            raise ValueError(
                f"made by trainer version {data.get('trainer')!r}, this is version {TRAINER_VERSION}"
            )
        return trial


def _canonical(setting: str, arm: str, seed: int, trainer: int) -> str:
    # Asked for by the thousand; what is no plain arm or number takes the long way.
    arm = f'"{arm}"' if arm in ARMS else canonical_json(arm)
    number = str(seed) if type(seed) is int else canonical_json(seed)
    return f'{{"arm":{arm},"seed":{number},"setting":{setting},"trainer":{trainer}}}'


# Plans, runners and evidence name the same trials again and again. Typed: a seed of True is not 1.
@lru_cache(maxsize=32768, typed=True)
def _key(setting: str, arm: str, seed: int, trainer: int) -> str:
    return hashlib.sha256(_canonical(setting, arm, seed, trainer).encode()).hexdigest()


# What `Trial.canonical` makes of a plain arm and number.
_CANONICAL = re.compile(
    r'\{"arm":"(\w+)","seed":(\d+),"setting":(\{.*\}),' rf'"trainer":{TRAINER_VERSION}\}}', re.ASCII
)


# Thousands of stored trials share a few settings.
@lru_cache(maxsize=1024)
def _setting(text: str) -> Setting:
    """The setting that a JSON text describes; ``KeyError`` or ``TypeError`` when it does not."""
    setting = dict(json.loads(text))
    for name, default in _LATER.items():
        if setting.get(name) == default:
            # Another text of the same setting would be another key of the same trial.
            raise TypeError(f"{name} {default!r} goes without saying")
    task = dict(setting.pop("task"))
    for side in ("majority", "minority"):
        task[side] = tuple(tuple(str(name) for name in names) for names in task[side])
    return Setting(task=Task(**task), **setting)


# Keys are hashes of this text: one more space, another order of names or an escape less, and no
# store finds its trials again. Floats are written as Python's repr, which reads back bit for bit; NaN
# is refused, as it would be no JSON and equal to nothing.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical_json(data: Any) -> str:
    """The one JSON text of plain data: sorted keys, no spaces, no NaN."""
    return _ENCODER.encode(data)
