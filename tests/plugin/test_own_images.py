"""The audit on a user's own folder of images."""

from __future__ import annotations

import html
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bnclaims.protocol.load import load_protocol
from fixtures.projects import CLAIM_FILE, small_protocol, with_small_networks
from fixtures.weights import no_weights

CLAIMS = Path(__file__).parents[2] / "claims"
CLASSES = {"healthy": (60, 140, 60), "scab": (120, 90, 40), "rust": (190, 110, 30)}


def make_images(folder: Path, per_class: int) -> None:
    random = np.random.default_rng(7)
    for name, colour in CLASSES.items():
        (folder / name).mkdir(parents=True)
        for index in range(per_class):
            pixels = random.normal(colour, 40, size=(16, 16, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")


@pytest.fixture
def project(pytester: pytest.Pytester) -> Path:
    """A folder with a premise-only audit of a user's images, at numbers that suit a test."""
    folder = pytester.mkdir("claims")
    (folder / "test_small.py").write_text(CLAIM_FILE)
    text = small_protocol()
    start = text.index("[datasets.folder.tasks.binary]")
    end = text.index("[datasets.folder.tasks.batches]")
    binary = (
        text[start:end]
        .replace("majority_images = 400", "majority_images = 40")
        .replace("validation_majority_images = 40", "validation_majority_images = 5")
        .replace("validation_minority_images = 4", "validation_minority_images = 2")
        .replace("test_images = 50", "test_images = 10")
    )
    text = text[:start] + binary + text[end:]
    text = text.replace(
        'image_size = 32\nmax_seeds = 32\nreason = "Images',
        'image_size = 8\nmax_seeds = 16\nreason = "Images',
    )
    assert "image_size = 8\nmax_seeds = 16" in text
    (pytester.path / "small.toml").write_text(with_small_networks(text))
    pytester.makeini("[pytest]\n")
    pytester.makeconftest('pytest_plugins = ["bnclaims.plugin"]')
    return pytester.path


OPTIONS = ("--protocol=small.toml", "-p", "no:cacheprovider", "-k", "raises")
CHOICE = ("--majority=healthy", "--minority=scab", "--minority=rust")


def test_a_folder_of_images_is_audited_and_its_path_stays_out_of_the_report(
    project: Path, pytester: pytest.Pytester
) -> None:
    make_images(project / "somewhere" / "mine", 60)
    result = pytester.runpytest_inprocess(
        "claims", "--dataset=folder:somewhere/mine", *CHOICE, *OPTIONS
    )
    document = json.loads((project / "reports/latest/report.json").read_text())
    assert document["selection"]["dataset"] == "folder:mine"
    assert document["claims"][0]["cells"][0]["seeds"] == 8
    assert str(project) not in (project / "reports/latest/report.json").read_text()
    assert "somewhere" not in (project / "reports/latest/index.html").read_text()
    result.stdout.fnmatch_lines(["*premise*"])


def test_a_class_named_like_a_script_stays_text(project: Path, pytester: pytest.Pytester) -> None:
    make_images(project / "mine", 60)
    script = "<script>alert(1)<"
    (project / "mine" / "scab").rename(project / "mine" / script)
    choice = ("--majority=healthy", f"--minority={script}", "--minority=rust")
    pytester.runpytest_inprocess(
        "claims", "--dataset=folder:mine", *choice, *OPTIONS, "--world=effect"
    )
    page = (project / "reports/latest/index.html").read_text()
    document = json.loads((project / "reports/latest/report.json").read_text())
    assert script in document["selection"]["minority"]
    assert "alert(1)" not in re.sub(r"&lt;script&gt;alert\(1\)&lt;", "", page)


@pytest.mark.parametrize(
    ("spoil", "options", "words"),
    [
        ("truncate", CHOICE, "*0.png*"),
        ("few", CHOICE, "*healthy*"),
        ("nothing", ("--majority=healthy", "--minority=mildew"), "*mildew*healthy*"),
        ("nothing", (), "*--majority NAME*--minority NAME*"),
    ],
)
def test_what_is_wrong_with_the_images_is_said_before_training(
    project: Path, pytester: pytest.Pytester, spoil: str, options: tuple[str, ...], words: str
) -> None:
    make_images(project / "mine", 20 if spoil == "few" else 60)
    if spoil == "truncate":
        victim = project / "mine" / "scab" / "0.png"
        victim.write_bytes(victim.read_bytes()[:100])
    result = pytester.runpytest_inprocess("claims", "--dataset=folder:mine", *options, *OPTIONS)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    errors = [line for line in result.stderr.lines if line.startswith("ERROR")]
    assert len(errors) == 1
    result.stderr.fnmatch_lines([f"ERROR: {words}"])
    assert not list((project / ".bnclaims").rglob("*.trial"))


def test_classes_that_nobody_named_and_copies_that_programs_made_change_nothing(
    project: Path, pytester: pytest.Pytester
) -> None:
    for name in ("plain", "full"):
        make_images(project / name / "mine", 60)
    spoiled = project / "full" / "mine"
    (spoiled / "docs").mkdir()
    (spoiled / "mildew").mkdir()
    (spoiled / "mildew" / "0.png").write_text("no image")
    (spoiled / "scab" / ".ipynb_checkpoints").mkdir()
    for index in range(60):
        with Image.open(spoiled / "scab" / f"{index}.png") as image:
            image.save(spoiled / "scab" / ".ipynb_checkpoints" / f"{index}.jpg")
    reports = []
    for name in ("plain", "full"):
        chosen = (
            f"--dataset=folder:{name}/mine",
            f"--report=report-{name}",
            f"--store=store-{name}",
        )
        pytester.runpytest_inprocess("claims", *chosen, *CHOICE, *OPTIONS)
        reports.append(json.loads((project / f"report-{name}" / "report.json").read_text()))
    plain, full = reports
    assert plain["selection"]["fingerprints"] == full["selection"]["fingerprints"]
    predicted = [
        np.load(project / f"report-{name}" / "predictions.npz") for name in ("plain", "full")
    ]
    assert len({*predicted[0]["scores"]}) > 100, "the networks say something of their own"
    for part in ("images", "split_images", "split_labels", "score_rows", "scores"):
        assert np.array_equal(predicted[0][part], predicted[1][part])
    assert plain["data"][0]["grouped_by"] is None


REMEDIES = (
    "--protocol=small.toml",
    "--dataset=folder:mine",
    "--majority=healthy",
    "--minority=scab",
    "--world=effect",
    "-p",
    "no:cacheprovider",
)


@pytest.fixture
def remedies(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the claims about remedies, where no ImageNet weights are installed."""
    no_weights(monkeypatch, pytester.path)
    # A package ships those of the other network.
    text = load_protocol("remedies").text.replace('"efficientnet_lite0"', '"vgg16"')
    (pytester.path / "small.toml").write_text(text)
    claims = pytester.mkdir("claims")
    # Another name: a test of this suite, in whose process the audit runs, has the same.
    shutil.copy(CLAIMS / "test_remedies.py", claims / "test_own_remedies.py")
    pytester.makeini("[pytest]\n")
    pytester.makeconftest('pytest_plugins = ["bnclaims.plugin"]')
    return pytester.path


def test_the_remedies_of_a_folder_are_ranked_and_one_is_advised(
    remedies: Path, pytester: pytest.Pytester
) -> None:
    make_images(remedies / "mine", 120)
    hidden = remedies / "mine" / "scab" / ".ipynb_checkpoints"
    hidden.mkdir()
    shutil.copy(remedies / "mine" / "scab" / "0.png", hidden)
    for index in range(90, 120):
        (remedies / "mine" / "scab" / f"{index}.png").unlink()
    result = pytester.runpytest_inprocess("claims", *REMEDIES)
    folder = remedies / "reports" / "latest"
    document = json.loads((folder / "report.json").read_text())
    assert document["selection"]["usable"] == {"healthy": 120, "scab": 90}
    (data,) = document["data"]
    assert data["images"] == {"healthy": 120, "scab": 90}
    assert data["notes"][0].startswith("left out of scab, hidden: 1 (scab/.ipynb_checkpoints")
    assert data["notes"][0] in html.unescape((folder / "index.html").read_text())
    result.stdout.fnmatch_lines(
        ["folder:mine: healthy 120, scab 90 images used, 1 file left out;*"]
    )
    cell = document["claims"][0]["cells"][1]
    assert (cell["name"], cell["primary"], cell["state"]) == ("small network", True, "judged")
    task = cell["settings"]["main"]["task"]
    assert (task["majority_images"], task["minority_images"]) == (53, 40)
    ranked = cell["beside"]["remedies"]
    assert len(ranked["rows"]) == 18
    result.stdout.fnmatch_lines(
        [f"which remedy helps? folder:mine 53:40, simple_cnn*{ranked['advice']}"]
    )
    assert ranked["advice"] in html.unescape((folder / "index.html").read_text())
    checked = pytester.run(sys.executable, "-m", "bnclaims", "verify", folder)
    assert checked.ret == 0, checked.outlines
    stated = folder / "report.json"
    stated.write_text(stated.read_text().replace('"scab": 90', '"scab": 80'))
    changed = pytester.run(sys.executable, "-m", "bnclaims", "verify", folder)
    assert changed.ret == 1, changed.outlines


def test_a_folder_with_too_few_images_is_told_how_many_are_needed(
    remedies: Path, pytester: pytest.Pytester
) -> None:
    make_images(remedies / "mine", 20)
    result = pytester.runpytest_inprocess("claims", *REMEDIES)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*scab a split can use 20 images, and 25 are needed*at least 5*"])
