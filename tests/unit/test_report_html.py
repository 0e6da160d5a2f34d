"""The report page: what it says, how it is drawn, and that nothing untrusted becomes markup."""

from __future__ import annotations

import copy
import math
import re
import subprocess
import sys
from collections.abc import Sequence
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from bnclaims.report import seed_plots
from bnclaims.report.choice_plots import margin_plot
from bnclaims.report.dose_plots import dose_plots
from bnclaims.report.html import group_of, headings_of, render
from bnclaims.report.overview import answer, strips
from bnclaims.report.recommendation import recommendation
from bnclaims.report.reliability_plots import reliability_plot
from bnclaims.report.templates import FOLDER
from bnclaims.trial import FINAL_BN, PLAIN, Setting, Trial
from fixtures.trials import setting_of, task_of

LEVEL = 0.05 / 6
SHA = "ab" * 32
HOSTILE = '</title><script>alert("$x_{$")</script>&\'"\x00\udcff'


def setting(**changes: Any) -> Setting:
    task = task_of(
        changes.pop("dataset", "digits"),
        majority=changes.pop("majority", (("0", "1"),)),
        minority=changes.pop("minority", (("8",),)),
        majority_images=changes.pop("majority_images", 1000),
        minority_images=changes.pop("minority_images", 10),
    )
    return setting_of(task, **{"architecture": "simple_cnn", "epochs": 10} | changes)


def plain_setting(chosen: Setting) -> dict[str, Any]:
    data = chosen.as_dict()
    for side in ("majority", "minority"):
        data["task"][side] = [list(names) for names in data["task"][side]]
    return data


def finding(
    label: str,
    estimate: float | None,
    half: float = 0.05,
    *,
    kind: str = "effect",
    lines: Sequence[float] = (0.0, 0.1),
    **changes: Any,
) -> dict[str, Any]:
    def around(width: float) -> list[float] | None:
        return None if estimate is None else [estimate - width, estimate + width]

    return {
        "label": label,
        "kind": kind,
        "p_support": 0.004,
        "p_refute": 1.0,
        "estimate": estimate,
        "interval": around(half),
        "new_images_interval": around(1.9 * half),
        "lines": list(lines),
        "seeds": 16,
        "missing": 0,
        "notes": [],
        "pool_only": False,
        "points": [],
        "parts": [],
        "mean_interval": around(1.1 * half),
        "beyond": None,
        "peak": None,
        "metrics": ["f1"],
    } | changes


def cell(
    name: str,
    verdict: str,
    found: dict[str, Any] | None,
    *,
    settings: dict[str, Setting] | None = None,
    primary: bool = True,
    seeds: int = 16,
    p: tuple[float, float] = (3.1e-5, 1.0),
    **changes: Any,
) -> dict[str, Any]:
    chosen = {"main": setting()} if settings is None else settings
    looks = [
        {"seeds": n, "support": p[0] * w, "refute": p[1], "p_support": p[0], "p_refute": p[1]}
        for n, w in ((8, 0.5), (16, 0.25))
        if n <= seeds
    ]
    return {
        "name": name,
        "setting": next((s.label for s in chosen.values()), name),
        "settings": {key: plain_setting(value) for key, value in chosen.items()},
        "doses": {},
        "verdict": verdict,
        "estimate": found and found["estimate"],
        "interval": found and found["interval"],
        "new_images_interval": found and found["new_images_interval"],
        "seeds": seeds,
        "p_support": p[0],
        "p_refute": p[1],
        "decision_p": LEVEL,
        "primary": primary,
        "per_cell": not primary,
        "reason": f"p = {min(p):.2g} {'for' if p[0] < p[1] else 'against'} it, at most 0.0083",
        "why": "The plainest case: one majority, one minority, 99 % against 1 %.",
        "large_enough": True,
        "flags": ["this pool only"] if found and found["pool_only"] else [],
        "looks": looks,
        "finding": found,
    } | changes


def claim(
    id: str, title: str, sentence: str, cells: list[dict[str, Any]], **changes: Any
) -> dict[str, Any]:
    first = cells[0]
    family = id in ("i", "ii", "iii", "iv", "v", "vi")
    return {
        "id": id,
        "sentence": sentence,
        "source": "arXiv:2109.09016, abstract" if family else "this audit",
        "title": title,
        "reading": "Minority F1 on a balanced test set, final BN minus plain, paired by seed.",
        "family": family,
        "combine": "primary",
        "verdict": first["verdict"],
        "reason": first["reason"],
        "p_support": first["p_support"],
        "p_refute": first["p_refute"],
        "holm_support": min(1.0, 6 * first["p_support"]) if family else None,
        "holm_refute": min(1.0, 6 * first["p_refute"]) if family else None,
        "holds_in": 1,
        "arms": [PLAIN, FINAL_BN],
        "cells": cells,
        "reliability": None,
        "sensitivity": sensitivity(first["verdict"]) if first["finding"] else None,
    } | changes


def variation(choice: Any, verdict: str | None, **changes: Any) -> dict[str, Any]:
    p = {"p_support": None, "p_refute": None}
    if verdict is not None:
        p = {
            "p_support": 0.002 if verdict == "SUPPORTED" else 0.7,
            "p_refute": 1e-9 if verdict == "REFUTED" else 1.0,
        }
    return {"choice": choice, "verdict": verdict} | p | changes


def flip(by: str, choice: str, verdict: str) -> dict[str, str]:
    return {"by": by, "choice": choice, "verdict": verdict}


def sensitivity(word: str, *, flips: bool = False) -> dict[str, Any]:
    """A word that holds under every choice, or one that turns with the margin, AUC and a seed."""
    margins = [round(0.02 * k, 2) for k in range(1, 16)]
    measured = {"estimate": 0.3, "interval": [0.2, 0.4]}
    other = "INCONCLUSIVE"
    turned = [
        flip("margin", "margin at least 0.24", other),
        flip("metric", "AUC", other),
        flip("seed", "without seed 2", other),
    ]
    return {
        "margins": [variation(m, other if flips and m > 0.23 else word) for m in margins],
        "metrics": [
            variation("F1", word, **measured),
            variation("balanced accuracy", word, **measured),
            variation("AUC", other if flips else None, estimate=None, interval=None),
        ],
        "tests": [
            variation(name, word)
            for name in ("signed rank alone", "signed rank with sign-flip guard", "sign test")
        ],
        "left_out": [variation(seed, other if flips and seed == 2 else word) for seed in range(16)],
        "all_seeds": word,
        "flips": turned if flips else [],
    }


def reliability() -> list[dict[str, Any]]:
    """Bins of two arms: one too sure of itself, one too modest, both better after scaling."""
    return [
        {
            "arm": arm,
            "scaled": scaled,
            "bins": [
                {
                    "images": 40 + 100 * place,
                    "confidence": round(0.55 + 0.1 * place, 2),
                    "accuracy": round(0.55 + 0.1 * place + gap * (1 - 0.7 * scaled), 3),
                }
                for place in range(5)
            ],
        }
        for scaled in (False, True)
        for arm, gap in ((PLAIN, -0.3), (FINAL_BN, 0.04))
    ]


def point(dose: float, estimate: float, half: float = 0.08) -> dict[str, float]:
    return {"dose": dose, "estimate": estimate, "low": estimate - half, "high": estimate + half}


def _ratio_cell() -> dict[str, Any]:
    doses = (2, 6, 20, 61, 192, 600)
    settings = {
        f"minority_images={n}": setting(majority_images=600, minority_images=n) for n in doses
    }
    gains = (0.31, 0.72, 0.66, 0.35, 0.09, 0.0)
    found = finding(
        "F1 gain by number of minority images: rise of the highest interior dose (6) above an end",
        0.4,
        0.12,
        kind="peak",
        lines=(0.0, 0.05),
        points=[point(n, gain) for n, gain in zip(doses, gains, strict=True)],
        peak=[6, 20],
    )
    named = dict(zip(settings, doses, strict=True))
    return cell("fixed epochs", "SUPPORTED", found, settings=settings, doses=named, p=(0.0041, 1.0))


def _batch_cell(name: str, *, primary: bool, gains: Sequence[float]) -> dict[str, Any]:
    doses = (16, 32, 64, 128, 256)
    settings = {f"batch_size={n}": setting(batch_size=n) for n in doses}
    note = "joint sign-flip max-t over all pairs of doses: p = 0.02114"
    found = finding(
        "F1 gain per doubling of the batch size",
        -0.013,
        0.021,
        kind="trend",
        lines=(0.0,),
        points=[point(math.log2(n), gain) for n, gain in zip(doses, gains, strict=True)],
        notes=[note],
    )
    return cell(
        name,
        "INCONCLUSIVE",
        found,
        settings=settings,
        doses=dict(zip(settings, doses, strict=True)),
        primary=primary,
        seeds=32,
        p=(0.21, 0.064),
        flags=[note],
        reason="p = 0.21 for and 0.064 against",
    )


def _claims() -> list[dict[str, Any]]:
    removal = [
        finding("F1 gain with the layer removed", 0.66, 0.07),
        finding("F1 gain with the layer kept", 0.88, 0.04),
        finding("gain removed minus 0.5 x gain kept", 0.22, 0.06, kind="positive", lines=(0.0,)),
    ]
    majorities = [
        finding(
            "F1 gain with two majority classes",
            0.59,
            0.1,
            kind="no effect",
            lines=(-0.1, 0.1),
            beyond=[1.0, 1.0],
            p_refute=6.1e-5,
            p_support=1.0,
            pool_only=True,
        ),
        finding("F1 gain with one majority class", 0.71, 0.06),
    ]
    elsewhere = {
        "mlp": 0.81,
        "leaves, simple_cnn": 0.42,
        "leaves, mlp": 0.18,
        "digits, ratio task at 100:1": 0.64,
    }
    final = "Adding a BN layer just before the softmax output layer improves minority-class F1."
    return [
        claim(
            "premise",
            "Premise: a final BN layer raises minority F1.",
            final,
            [cell("simple_cnn", "SUPPORTED", finding("F1 gain of final BN", 0.82, 0.04))],
            sensitivity=sensitivity("SUPPORTED", flips=True),
        ),
        claim(
            "i",
            "Claim (i): the gain is still there after removal at inference.",
            "The performance gain is still there after removing the final BN layer at inference.",
            [cell("simple_cnn", "SUPPORTED", removal[0] | {"parts": removal})],
        ),
        claim(
            "ii",
            "Claim (ii): the gain peaks at some imbalance ratio.",
            "There is a threshold of the imbalance ratio at which the improvement peaks.",
            [_ratio_cell()],
        ),
        claim(
            "iii",
            "Claim (iii): the batch size plays a role in the outcome.",
            "The batch size plays a role in the effect of the layer and affects its outcome.",
            [
                _batch_cell("fixed epochs", primary=True, gains=(0.74, 0.79, 0.82, 0.8, 0.7)),
                _batch_cell("fixed steps", primary=False, gains=(0.8, 0.81, 0.82, 0.8, 0.79)),
            ],
        ),
        claim(
            "iv",
            "Claim (iv): the effect reproduces on other data and with simpler networks.",
            "The impact is reproducible on other datasets with much simpler architectures.",
            [
                *(
                    cell(
                        name,
                        "SUPPORTED",
                        finding("F1 gain of final BN", gain),
                        primary=False,
                        settings={
                            "main": setting(dataset="leaves" if "leaves" in name else "digits")
                        },
                    )
                    for name, gain in elsewhere.items()
                ),
                cell(
                    "apple, resnet34",
                    "INCONCLUSIVE",
                    None,
                    settings={},
                    primary=False,
                    seeds=0,
                    p=(1.0, 1.0),
                    reason="not run: no images under --data-root",
                ),
            ],
            combine="replication",
            holds_in=4,
            reason="p = 4e-05 for it holding in at least 3 of 4 cells",
        ),
        claim(
            "v",
            "Claim (v): the effect occurs only with a single majority class.",
            "The effect occurs only with a single majority class and several minority classes.",
            [
                cell(
                    "three classes",
                    "REFUTED",
                    majorities[0] | {"parts": majorities},
                    settings={
                        "one_majority": setting(minority=(("8",), ("9",))),
                        "two_majorities": setting(majority=(("0",), ("1",))),
                    },
                    p=(1.0, 1.2e-4),
                )
            ],
        ),
        claim(
            "vi",
            "Claim (vi): with a sigmoid output the layer has almost no impact.",
            "With sigmoid activation the final BN layer has almost no impact.",
            [
                cell(
                    "one logit",
                    "REFUTED",
                    finding(
                        "F1 gain with sigmoid",
                        0.8,
                        0.05,
                        kind="no effect",
                        lines=(-0.1, 0.1),
                        beyond=[1.0, 1.0],
                    ),
                    settings={"sigmoid": setting(head="sigmoid"), "softmax": setting()},
                    p=(1.0, 6.1e-5),
                ),
                cell(
                    "one logit per class",
                    "REFUTED",
                    finding(
                        "F1 gain with sigmoid", 0.77, 0.06, kind="no effect", lines=(-0.1, 0.1)
                    ),
                    primary=False,
                    p=(1.0, 6.1e-5),
                    settings={"sigmoid": setting(head="sigmoid_k"), "softmax": setting()},
                ),
            ],
        ),
        claim(
            "uncertainty",
            "Uncertainty: the final BN layer undermines softmax outputs.",
            "Confidence no longer matches accuracy.",
            [
                cell(
                    "simple_cnn",
                    "REFUTED",
                    finding(
                        "calibration error added by final BN",
                        -0.19,
                        0.03,
                        lines=(0.0, 0.05),
                        metrics=["ece"],
                    ),
                    p=(1.0, 1.2e-4),
                )
            ],
            reliability=reliability(),
        ),
        claim(
            "alt-threshold",
            "Alternatives: what else achieves the gain.",
            "A plain network with a tuned threshold does no worse than final BN.",
            [
                cell(
                    "simple_cnn",
                    "INVALID",
                    finding(
                        "F1 of a tuned threshold minus final BN",
                        -0.05,
                        0.09,
                        kind="not worse",
                        lines=(-0.1,),
                    ),
                    p=(0.3, 0.4),
                    reason="support would rest on absence, and the assay did not show an effect",
                )
            ],
        ),
    ]


def sample_document() -> dict[str, Any]:
    """A report with every verdict word, every kind of finding, several cells and a cell not run."""
    reasons = {
        "alpha": {"value": 0.05, "reason": "Chance of any wrong word over the six claims."},
        "effect_looks": {
            "value": {"seeds": [8, 16, 32], "weights": [0.5, 0.25, 0.25]},
            "reason": "Large effects stop at 8 seeds.",
        },
    }
    return {
        "schema": 1,
        "generated": "2031-05-04T03:02:01+00:00",
        "suite": {"name": "bnclaims", "version": "0.1.0"},
        "paper": {
            "title": "The Unreasonable Effectiveness of the Final Batch Normalization Layer",
            "subject": "the final batch normalization layer",
            "authors": ["V. Kocaman", "O. M. Shir", "T. Bäck"],
            "year": 2021,
            "arxiv": "2109.09016",
            "doi": "10.1007/978-3-030-90436-4_7",
            "first_paper": "arXiv:2011.06319",
        },
        "protocol": {
            "name": "quick",
            "title": "Quick: small networks, minutes on a CPU",
            "sha256": "cd" * 32,
            "reasons": {
                "statistics": reasons,
                "training": {"batch_size": {"value": 64, "reason": "A usual default."}},
            },
        },
        "selection": {
            "dataset": "digits",
            "majority": [],
            "minority": [],
            "device": "cpu",
            "fingerprints": {"digits": "12" * 32, "leaves": "34" * 32},
        },
        "environment": {"python": "3.11.9", "torch": "2.13.0+cpu", "cpu": "x86_64, 2 cores"},
        "run": {"seconds": 412.5, "workers": 2, "interrupted": False},
        "data": [
            {
                "name": "digits",
                "title": "Optical recognition of handwritten digits",
                "synthetic": False,
                "licence": "CC BY 4.0",
                "citation": "Alpaydin and Kaynak (1998), UCI.",
                "source": "scikit-learn",
                "classes": [str(n) for n in range(10)],
                "grouped_by": None,
                "files": [],
            },
            {
                "name": "leaves",
                "title": "Rendered leaves",
                "synthetic": True,
                "licence": "MIT",
                "citation": "This project.",
                "source": "bnclaims",
                "classes": ["healthy", "spot"],
                "grouped_by": "leaf",
                "files": [],
            },
        ],
        "attrition": {"trials": 512, "diverged": 1, "undefined": 3},
        "files": {name: "ef" * 32 for name in ("trials.csv", "predictions.npz", "protocol.toml")},
        "claims": _claims(),
        "recommendation": recommendation(_claims()),
    }


def sample_trials(*, seeds: int = 16) -> list[dict[str, str]]:
    """Integer counts of the premise's cell; seed 3 of final BN diverged."""
    rng = np.random.default_rng(7)
    rows = []
    for seed in range(seeds):
        for arm, readout, hits in (
            (PLAIN, "kept", rng.integers(0, 9)),
            (FINAL_BN, "kept", rng.integers(112, 135)),
            (FINAL_BN, "removed", rng.integers(70, 110)),
        ):
            diverged = (arm, seed) == (FINAL_BN, 3)
            counts = (146, 4, 150 - int(hits), int(hits))
            names = ("true0_pred0", "true0_pred1", "true1_pred0", "true1_pred1")
            rows.append(
                {
                    "key": Trial(setting=setting(), arm=arm, seed=seed).key,
                    "arm": arm,
                    "seed": str(seed),
                    "readout": readout,
                    "diverged": "true" if diverged else "false",
                }
                | dict(zip(names, ("",) * 4 if diverged else map(str, counts), strict=True))
            )
    return rows


class Outline(HTMLParser):
    """The elements of a page, in order, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def page() -> str:
    return render(sample_document(), sample_trials(), report_sha256=SHA)


def test_the_same_report_gives_the_same_bytes(page: str) -> None:
    assert render(sample_document(), sample_trials(), report_sha256=SHA) == page


def test_the_page_names_the_report_it_was_made_from(page: str) -> None:
    assert f'<meta name="report-sha256" content="{SHA}">' in page


def test_the_hash_of_the_report_can_be_put_in_afterwards(page: str) -> None:
    later = render(sample_document(), sample_trials(), report_sha256="PLACEHOLDER")
    assert later.replace("PLACEHOLDER", SHA) == page


def test_claims_that_share_a_title_are_told_apart_by_their_headings() -> None:
    ids = ("uncertainty", "uncertainty-scaled", "alt-weighted-loss", "i")
    titles = ("Uncertainty: x.", "Uncertainty: x.", "Alternatives: y.", "Claim (i): z.")
    claims = [{"id": id, "title": title} for id, title in zip(ids, titles, strict=True)]
    claims.append({"id": "alt-ranking", "title": "Alternatives: y."})
    assert headings_of(claims) == [
        "Uncertainty: x.",
        "Uncertainty: scaled",
        "Alternatives: weighted loss",
        "Claim (i): z.",
        "Alternatives: ranking",
    ]


def test_the_answer_counts_the_six_and_names_them(page: str) -> None:
    said = answer(sample_document())
    assert said.startswith(
        "Of the six claims, as operationalised here and run on digits, three are supported, (i), "
        "(ii) and (iv); two are refuted, (v) and (vi); one is inconclusive, (iii)."
    )
    assert "premise on which they rest is supported" in said
    assert "0.82 [0.78, 0.86]" in said
    assert said in page


def test_an_audit_of_some_claims_does_not_speak_of_all_six() -> None:
    document = sample_document()
    document["claims"] = [c for c in document["claims"] if c["id"] in ("i", "v")]
    assert answer(document).startswith("Of the 2 claims judged of the six, as operationalised here")
    assert "premise" not in answer(document)


def test_every_claim_has_its_sentence_word_and_figure(page: str) -> None:
    for one in sample_document()["claims"]:
        section = re.search(
            rf"<article(?:(?!</article>).)*{re.escape(one['title'])}.*?</article>", page, re.DOTALL
        )
        assert section is not None
        assert one["sentence"] in section[0]
        assert f"</svg>{one['verdict']}</span>" in section[0]
        assert "<figure>" in section[0]


def test_a_conjunction_shows_each_of_its_parts_in_the_overview() -> None:
    removal = next(c for c in sample_document()["claims"] if c["id"] == "i")
    assert [strip.text for strip in strips(removal)] == [
        "0.66 [0.59, 0.73]",
        "0.88 [0.84, 0.92]",
        "0.22 [0.16, 0.28]",
    ]


def test_a_replication_shows_the_range_over_the_cells_that_ran() -> None:
    elsewhere = next(c for c in sample_document()["claims"] if c["id"] == "iv")
    (strip,) = strips(elsewhere)
    assert strip.text == "0.18 to 0.81"
    assert len(strip.bars) == 4


def test_the_axis_of_a_curve_is_the_ratio_or_the_batch_size() -> None:
    by_id = {c["id"]: c for c in sample_document()["claims"]}
    ((ratio,), (batch,)) = (dose_plots("x", by_id[name]) for name in ("ii", "iii"))
    assert ratio.columns[0] == "imbalance ratio"
    assert [row[0] for row in ratio.rows][:2] == ["300:1", "100:1"]
    assert batch.columns[0] == "Cell, batch size"
    assert [row[0] for row in batch.rows][:5] == [
        f"fixed epochs, {n}" for n in (16, 32, 64, 128, 256)
    ]


@pytest.mark.parametrize(
    ("key", "doses", "labels"),
    [
        ("epochs", (5, 10, 40), ["5", "10", "40"]),
        ("learning_rate", (0.0003, 0.001, 0.003), ["0.0003", "0.001", "0.003"]),
    ],
)
def test_a_lasting_gain_is_drawn_over_epochs_or_learning_rates(
    key: str, doses: tuple[float, ...], labels: list[str]
) -> None:
    settings = {f"{key}={dose}": setting(**{key: dose}) for dose in doses}
    found = finding("F1 gain", 0.3, points=[point(dose, 0.3) for dose in doses])
    named = dict(zip(settings, doses, strict=True))
    lasting = claim(
        "x", "X.", "X.", [cell("c", "SUPPORTED", found, settings=settings, doses=named)]
    )
    (drawn,) = dose_plots("x", lasting)
    assert drawn.columns[0] == key.replace("_", " ")
    assert [row[0] for row in drawn.rows] == labels


def test_batch_sizes_at_fixed_epochs_and_at_fixed_steps_share_a_figure() -> None:
    (drawn,) = dose_plots("x", next(c for c in sample_document()["claims"] if c["id"] == "iii"))
    assert "fixed epochs" in drawn.title and "fixed steps" in drawn.title
    assert len(drawn.rows) == 10
    assert all(f">{name}<" in drawn.svg for name in ("fixed epochs", "fixed steps"))


def test_the_interval_of_the_peak_is_shaded_and_said_from_ratio_to_ratio() -> None:
    peaked = next(c for c in sample_document()["claims"] if c["id"] == "ii")
    (drawn,) = dose_plots("x", peaked)
    assert "the largest gain lies at 100:1 to 30:1" in drawn.description
    assert "var(--shade)" in drawn.svg
    peaked["cells"][0]["finding"]["peak"] = None
    (bare,) = dose_plots("x", peaked)
    assert "largest gain" not in bare.description and "var(--shade)" not in bare.svg


def test_seed_lines_are_the_f1_of_the_integer_counts_without_diverged_seeds() -> None:
    trials = sample_trials()
    premise = sample_document()["claims"][0]
    drawn = seed_plots.paired_seeds("x", premise, seed_plots.counts_of(trials))
    assert drawn is not None
    assert [row[0] for row in drawn.rows] == [str(seed) for seed in range(16) if seed != 3]
    (row,) = (row for row in trials if (row["seed"], row["readout"]) == ("0", "removed"))
    hits = int(row["true1_pred1"])
    assert drawn.rows[0][3] == f"{2 * hits / (150 + hits + 4):.2f}"


def test_f1_is_the_mean_over_the_minority_classes() -> None:
    # Class 1: TP 6, FP 2, FN 4; class 2: never predicted, never right.
    counts = [[10, 0, 0], [4, 6, 0], [8, 2, 0]]
    row = {f"true{t}_pred{p}": str(counts[t][p]) for t in range(3) for p in range(3)}
    assert seed_plots._minority_f1(row, range(1, 3), range(3)) == pytest.approx((12 / 18 + 0) / 2)


def test_trials_of_another_setting_are_not_drawn() -> None:
    premise = sample_document()["claims"][0]
    premise["cells"][0]["settings"]["main"]["batch_size"] = 32
    counts = seed_plots.counts_of(sample_trials())
    assert seed_plots.paired_seeds("x", premise, counts) is None


def test_each_setting_of_a_comparison_has_its_panel_of_seeds() -> None:
    document = sample_document()
    sigmoid = next(c for c in document["claims"] if c["id"] == "vi")
    trials = sample_trials()
    other = [
        row
        | {"key": Trial(setting=setting(head="sigmoid"), arm=row["arm"], seed=int(row["seed"])).key}
        for row in trials
    ]
    counts = seed_plots.counts_of([*trials, *other])
    drawn = seed_plots.paired_seeds("x", sigmoid, counts)
    assert drawn is not None
    assert drawn.columns == ("Seed", "plain", "final BN")
    assert {row[0].partition(",")[0] for row in drawn.rows} == {"sigmoid", "softmax"}


def test_a_claim_about_another_quantity_has_no_lines_of_f1() -> None:
    uncertainty = next(c for c in sample_document()["claims"] if c["id"] == "uncertainty")
    counts = seed_plots.counts_of(sample_trials())
    assert seed_plots.paired_seeds("x", uncertainty, counts) is None


def test_reliability_is_drawn_before_and_after_scaling_for_both_networks() -> None:
    uncertainty = next(c for c in sample_document()["claims"] if c["id"] == "uncertainty")
    drawn = reliability_plot("x", uncertainty)
    assert drawn is not None
    assert {row[0] for row in drawn.rows} == {
        f"{arm}, {when}"
        for arm in ("plain", "final BN")
        for when in ("as trained", "temperature scaled")
    }
    assert drawn.rows[0][1:] == ("0.55", "0.25", "40")
    assert reliability_plot("x", sample_document()["claims"][0]) is None


def test_the_word_at_every_margin_is_drawn_and_listed() -> None:
    premise = sample_document()["claims"][0]
    drawn = margin_plot("x", premise, own=0.1, level=LEVEL)
    assert drawn is not None
    assert [row[0] for row in drawn.rows] == [f"{0.02 * k:.2f}" for k in range(1, 16)]
    assert [row[1] for row in drawn.rows] == ["SUPPORTED"] * 11 + ["INCONCLUSIVE"] * 4
    assert drawn.description == "0.02 to 0.22: SUPPORTED; 0.24 to 0.30: INCONCLUSIVE."
    assert "var(--supported-tint)" in drawn.svg and "var(--inconclusive-tint)" in drawn.svg


def test_a_word_that_flips_says_so_in_the_table_at_the_top(page: str) -> None:
    table = page[page.index('id="overview"') : page.index("Claim by claim</h2>")]
    premise = table[: table.index("(i)</a>")]
    assert "Flips:" in premise
    assert "margin at least 0.24 → inconclusive; AUC → inconclusive" in premise
    assert "without seed 2 → inconclusive" in premise
    assert table.count("Flips:") == 1
    assert table.count("Holds under every choice tried") == len(sample_document()["claims"]) - 1


def test_the_table_says_how_far_an_interval_is_from_the_line() -> None:
    by_id = {c["id"]: strips(c) for c in sample_document()["claims"]}
    assert [strip.clear for strip in by_id["premise"]] == ["the interval ends 0.68 from 0.1"]
    assert by_id["iii"][0].clear == "the interval reaches over 0"
    assert by_id["uncertainty"][0].clear == "the interval ends 0.16 from 0"


def test_questions_of_this_audit_stand_apart_from_those_of_the_paper() -> None:
    groups = {c["id"]: group_of(c) for c in sample_document()["claims"]}
    assert groups["premise"] == groups["vi"] != groups["alt-threshold"]


def test_figures_are_well_formed_and_say_what_they_show(page: str) -> None:
    figures = re.findall(r"<figure>\s*(<svg.*?</svg>)", page, re.DOTALL)
    assert len(figures) >= len(sample_document()["claims"]) + 5
    for figure in figures:
        root = ElementTree.fromstring(figure)
        names = str(root.get("aria-labelledby")).split()
        said = {element.get("id"): element.text for element in root.iter()}
        assert all(said[name] for name in names)


def test_figures_take_their_colours_from_the_page(page: str) -> None:
    figures = "".join(re.findall(r"<figure>\s*(<svg.*?</svg>)", page, re.DOTALL))
    assert "var(--accent)" in figures
    assert not re.search(r"(fill|stroke): ?#", figures)


def test_no_id_is_used_twice_and_every_reference_has_its_target(page: str) -> None:
    outline = Outline(page)
    ids = [a["id"] for _, a in outline.elements if "id" in a]
    assert len(ids) == len(set(ids))
    targets = re.findall(r'(?:href="|url\()#([^")]+)', page)
    labels = [a["aria-labelledby"] or "" for _, a in outline.elements if "aria-labelledby" in a]
    assert {*targets, *" ".join(labels).split()} <= set(ids)


def test_headings_skip_no_level_and_there_is_one_title(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Outline(page).elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_nothing_is_loaded_from_outside(page: str) -> None:
    outline = Outline(page)
    assert not any(outline.all(tag) for tag in ("link", "img", "iframe", "object", "embed", "base"))
    assert not any("src" in attributes for _, attributes in outline.elements)
    assert not re.search(r"@import|url\((?!#)", page)
    policy = next(m["content"] for m in outline.all("meta") if m.get("http-equiv"))
    assert policy is not None and "default-src 'none'" in policy and "unsafe-eval" not in policy


def test_hostile_names_stay_text() -> None:
    document = sample_document()

    def spoil(value: Any) -> Any:
        match value:
            case dict():
                return {k: spoil(v) for k, v in value.items()}
            case list():
                return [spoil(v) for v in value]
            case str() if value not in KEEP:
                return f"{value}{HOSTILE}"
        return value

    KEEP = {
        "SUPPORTED",
        "REFUTED",
        "INCONCLUSIVE",
        "INVALID",
        "premise",
        "i",
        "ii",
        "iii",
        "iv",
        "v",
        "vi",
    }
    spoiled = spoil(document)
    spoiled["environment"][HOSTILE] = HOSTILE
    spoiled["claims"][0]["cells"][0]["finding"]["notes"] = [HOSTILE]
    page = render(spoiled, sample_trials(), report_sha256=SHA)
    page.encode()
    outline = Outline(page)
    assert len(outline.all("script")) == 1
    assert "alert(" in page and "<script>alert" not in page
    assert len([title for title in outline.all("title") if "id" not in title]) == 1


def test_a_report_in_which_nothing_was_judged_still_has_a_page() -> None:
    document = copy.deepcopy(sample_document())
    for one in document["claims"]:
        one["cells"] = [
            cell(c["name"], "INCONCLUSIVE", None, settings={}, seeds=0, p=(1.0, 1.0), looks=[])
            for c in one["cells"]
        ]
        one["verdict"] = "INCONCLUSIVE"
    page = render(document, [], report_sha256=SHA)
    assert "six are inconclusive" in page
    assert "no estimate" in page


def test_synthetic_images_are_announced_at_the_top(page: str) -> None:
    header = page[: page.index("</header>")]
    assert "Synthetic images" in header and "Rendered leaves" in header
    document = sample_document()
    document["data"] = document["data"][:1]
    assert "Synthetic images" not in render(document, sample_trials(), report_sha256=SHA)


def test_a_simulated_audit_says_that_nothing_was_trained(page: str) -> None:
    assert "Nothing was trained" not in page
    document = sample_document()
    document["run"]["synthetic_world"] = "effect"
    assert "simulated, not trained, on digits" in answer(document)
    simulated = render(document, sample_trials(), report_sha256=SHA)
    assert "Nothing was trained" in simulated[: simulated.index("</header>")]


def test_networks_of_an_unchecked_executor_are_told_at_the_top(page: str) -> None:
    assert "Not shown to be the reference" not in page
    document = sample_document()
    document["run"]["unchecked"] = "executor graph in fp32: not checked <b>"
    unchecked = render(document, sample_trials(), report_sha256=SHA)
    header = unchecked[: unchecked.index("</header>")]
    assert "Not shown to be the reference" in header and "not checked &lt;b&gt;" in header


def test_every_number_of_the_protocol_stands_with_its_reason(page: str) -> None:
    for rules in sample_document()["protocol"]["reasons"].values():
        for rule in rules.values():
            assert rule["reason"] in page
    assert "seeds: 8, 16, 32; weights: 0.5, 0.25, 0.25" in page


def test_braces_cannot_end_a_bibtex_field() -> None:
    document = sample_document()
    document["selection"]["dataset"] = "folder:}, note={x"
    page = render(document, sample_trials(), report_sha256=SHA)
    assert (
        "{Claim audit of the final batch normalization layer: folder:, note=x, protocol quick}"
        in page
    )


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(first: str, second: str) -> float:
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_text_is_legible_in_both_themes() -> None:
    style = (FOLDER / "_style.css.j2").read_text("utf-8")
    themes = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert len(themes) == 3
    for theme in themes:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", theme))
        colours = {"paper": "#ffffff", **colours}
        texts = ["ink", "muted", "accent", "faint"]
        pairs = [(text, "paper") for text in texts]
        words = ("supported", "refuted", "inconclusive", "invalid")
        pairs += [(word, f"{word}-tint") for word in words if f"{word}-tint" in colours]
        for text, ground in pairs:
            assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        assert _contrast(colours["soft"], colours["paper"]) >= 2.5


def test_importing_the_page_does_not_import_matplotlib() -> None:
    code = (
        "import sys, bnclaims.report.html; "
        "sys.exit(bool({'matplotlib', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_page_of_another_paper_speaks_of_that_paper_alone() -> None:
    document = sample_document()
    document["paper"] = {
        "title": "On weights {and} measures",
        "subject": "weighted losses",
        "authors": ["A. Ünal", "B. Two"],
        "year": 2030,
        "url": "https://example.org/x?a=1&b=2",
    }
    document["protocol"]["family"] = ["i"]
    document["claims"] = [c for c in document["claims"] if c["id"] == "i"]
    document["claims"][0]["source"] = "On weights and measures"
    page = render(document, sample_trials(), report_sha256=SHA)
    assert "One claim about weighted losses, put to the test" in page
    assert "The claim, as operationalised here and run on digits, is supported: " in page
    assert '<a href="https://example.org/x?a=1&amp;b=2">' in page
    assert "@misc{ünal2030weights," in page and "A. Ünal and B. Two" in page
    for word in ("batch normalization", "2109.09016", "Kocaman"):
        assert word not in page
    assert " six" not in page[page.index("<header>") : page.index("</header>")]


def test_the_paper_of_this_suite_is_cited_as_it_was_published(page: str) -> None:
    entry = page[page.index("@inproceedings{kocaman2021unreasonable,") :]
    for line in (
        "booktitle = {Advances in Visual Computing (ISVC 2021)}",
        "eprint    = {2109.09016}",
        "author    = {V. Kocaman and O. M. Shir and T. Bäck}",
    ):
        assert line in entry
