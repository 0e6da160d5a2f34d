"""What the keys of a protocol mean, in a few words each, for the tables that `generate.py` writes.

A key that means something else in one section stands there as ``Section.key``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MEANINGS: Final[Mapping[str, str]] = {
    "reason": "why; every choice has one",
    # The file.
    "schema": "the form of the file",
    "name": "a short name, for reports",
    "title": "one line for people",
    "default_dataset": "what is drawn from without `--dataset`",
    "importance": "place in the order in which `--budget` takes cells; 1 comes first",
    "ProtocolFile.importance": "what each rank of `importance` stands for, in words",
    "paper": "whose claims these are, where not arXiv:2109.09016",
    "family": "the claims that share alpha: the premise, (i) to (vi) and uncertainty, where not given",
    "statistics": "the rules of judgement",
    "training": "how networks are trained where a cell says nothing",
    "on": "what is otherwise on one kind of device",
    "datasets": "what each dataset serves the cells with",
    "claims": "where each claim is tested",
    "budget": "which cells a budget of time took",
    # The paper.
    "PaperRules.title": "title of the paper",
    "subject": "ends the headline of a report: claims about *subject*, put to the test",
    "authors": "their names, for the BibTeX entry",
    "year": "of publication",
    "arxiv": "its number there",
    "doi": "its DOI",
    "url": "where to read it",
    # Statistics.
    "alpha": "chance of any wrong verdict over the family",
    "first_seed": "the first of the seeds that are judged; pilots have others",
    "effect_looks": "after how many seeds an effect is judged",
    "absence_looks": "after how many seeds the absence of one is judged; some of the former",
    "accumulation": "evidence that grows night by night, instead of looks",
    "smallest_effect": "the least difference, in F1 and in J, that counts as an effect",
    "margin": "the largest difference that counts as none",
    "peak_height": "the least height of a peak above the ends of its curve",
    "retention": "share of a gain from which on most of it is left; an estimate, no test",
    "calibration_margin": "the largest difference of calibration errors that counts as none",
    "ranking_margin": "the largest difference of areas under a ROC curve that counts as none",
    "headroom": "median of the plain network's J above which a missing gain says nothing",
    "replications": "in how many other real datasets a claim of replication must hold",
    "network_replications": "with how many simpler networks, likewise",
    "confidence": "of the intervals, which decide nothing",
    "image_groups": "groups of test images for the intervals for new images",
    "draws": "draws of Monte-Carlo tests",
    "random_seed": "makes those draws repeatable",
    # Training and settings.
    "architecture": "the network, one of [these](#networks)",
    "head": "output and loss, one of [these](#heads)",
    "batch_size": "images per step",
    "epochs": "length of training",
    "steps": "length of training, instead of epochs",
    "optimiser": "what takes the steps",
    "learning_rate": "of the optimiser",
    "precision": "of the arithmetic",
    "regime": "weights at the start and what is trained, one of [these](#regimes)",
    "classifier": "what stands before the last Linear, one of [these](#classifiers)",
    "without_weights": "where ImageNet weights are wanted and not to be had: train from scratch, or "
    "leave the cell out",
    "largest_image": "bound of the side in pixels, where a cell names no `image_size`",
    "max_seeds": "judge after no more seeds than this",
    # Datasets and tasks.
    "image_size": "side in pixels to which images are brought",
    "tasks": "kinds of task by name, which cells ask for",
    "majority": "the frequent classes, each a list of the dataset's classes taken as one",
    "minority": "the rare classes, likewise",
    "majority_images": "training images of each majority class",
    "minority_images": "training images of each minority class",
    "validation_majority_images": "images of each majority class on which thresholds are tuned",
    "validation_minority_images": "the same of each minority class",
    "test_images": "test images of each class",
    "own_ratio": "whether these numbers are the most, and a user's folder gives its own ratio",
    # Claims and cells.
    "as_in": "a claim whose cells are this one's as well",
    "cells": "the settings in which the claim is tested",
    "dataset": "the dataset, where not that of the run",
    "task": "the kind of task, `binary` where not given",
    "CellRules.name": "name of the cell, for reports and `-k`",
    "counts_as": "what a cell replicates the premise with: another `dataset`, or a simpler `network`",
    "synthetic": "whether a program drew the images: they are shown and replicate nothing",
    "primary": "whether this cell gives the claim its verdict",
    "stands_in": "run only where the ImageNet weights that training starts from are not there",
    "device": "kept for this device: elsewhere no part of a run",
    "each": "makes a cell of every combination of these values of other keys",
    "settings": "settings that the claim compares, by name",
    "vary": "one property in several doses, for claims about a curve",
    "not_on": "datasets on which the cell is left out",
    "key": "the property",
    "values": "its values, rising, at least three",
    # Looks and nights.
    "seeds": "numbers of seeds after which is judged, rising",
    "weights": "share of the error that each look may spend, together at most 1",
    "seeds_per_night": "seeds that a night adds",
    "nights": "after how many it ends",
    "bets": "how large the stakes of the e-processes are, see "
    "[evidence that grows](statistics.md#evidence-that-grows-night-after-night)",
    # The budget.
    "minutes": "what `--budget` was given",
    "workers": "for how many workers",
    "BudgetRules.dataset": "for which dataset",
    "BudgetRules.device": "for which device",
    "BudgetRules.seeds": "seeds of each cell that the forecast counts",
    "forecast": "minutes that the chosen cells take through those seeds",
    "longest": "minutes that they take through their last looks",
    "basis": "where the times are from",
    "of": "sha256 of the protocol without this table",
    "BudgetRules.cells": "every cell, in order of importance",
    "claim": "the claim",
    "cell": "the cell",
    "chosen": "whether it was taken",
    "seconds": "time that it adds to those before it",
    "why": "why it was taken or not",
}


def meaning(section: str, key: str) -> str:
    """What a key of a section means; ``KeyError`` for one that nobody has explained."""
    return MEANINGS.get(f"{section}.{key}") or MEANINGS[key]
