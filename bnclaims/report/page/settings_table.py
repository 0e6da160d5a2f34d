"""Settings of a claim as a table: what ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bnclaims.protocol.names import LINEAR, SCRATCH
from bnclaims.report.model import StatedCell
from bnclaims.report.model_parts import StatedSetting

COLUMNS: Final = (
    "Setting",
    "Training images",
    "Validation",
    "Test",
    "Pixels",
    "Network",
    "Training",
)


def settings_table(cells: Sequence[StatedCell]) -> list[tuple[str, ...]]:
    """A row for every setting of the cells that were judged, in the order of `COLUMNS`.

    Where a cell compares settings, each is called by its own name.
    """
    rows = []
    for cell in cells:
        if cell.finding is None:
            continue
        for name, setting in cell.settings.items():
            label = name.replace("_", " ") if len(cell.settings) > 1 else cell.name
            if len(cells) > 1 and len(cell.settings) > 1:
                label = f"{cell.name}: {label}"
            rows.append((label, *_described(setting)))
    return rows


def _described(setting: StatedSetting) -> tuple[str, ...]:
    task = setting.task
    counts = [task.majority_images] * len(task.majority)
    counts += [task.minority_images] * len(task.minority)
    classes = map(_class_name, task.classes)
    trained = "; ".join(f"{count} of {name}" for count, name in zip(counts, classes, strict=True))
    validation = [task.validation_majority_images] * len(task.majority)
    validation += [task.validation_minority_images] * len(task.minority)
    # Only settings that have a choice name it.
    chosen = [
        value
        for value, default in ((setting.regime, SCRATCH), (setting.classifier, LINEAR))
        if value != default
    ]
    duration = f"{setting.epochs} epochs" if setting.steps is None else f"{setting.steps} steps"
    return (
        f"{task.dataset}: {trained}",
        ", ".join(map(str, validation)),
        f"{task.test_images} of each",
        f"{task.image_size} × {task.image_size}",
        ", ".join([setting.architecture, setting.head, *chosen]),
        f"{setting.optimiser} {setting.learning_rate:g}, batch {setting.batch_size}, "
        f"{duration}, {setting.precision}",
    )


def _class_name(members: Sequence[str]) -> str:
    """A class of a task, which may be several of the dataset taken as one."""
    return members[0] if len(members) == 1 else f"{', '.join(members)} (as one class)"
