"""The examples of docs/extending.md work as they stand there."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from bnclaims import datasets
from bnclaims.datasets import Sources, registry
from bnclaims.protocol.cells import Selection, cells_of
from bnclaims.protocol.load import parse_protocol
from bnclaims.protocol.trial import Trial
from fixtures.projects import CLAIM_CELLS, small_protocol
from fixtures.trials import setting_of, task_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")


def block(language: str, mark: str = "") -> str:
    before = rf"<!-- {mark} -->\n" if mark else ""
    found = re.findall(rf"{before}```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def module(folder: Path, mark: str) -> Any:
    """An example as the file that it would be."""
    path = folder / f"example_{mark}.py"
    path.write_text(block("python", mark))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_example_claim_is_judged_in_a_folder_of_its_own(pytester: pytest.Pytester) -> None:
    (pytester.mkdir("my_claims") / "test_mlp.py").write_text(block("python", "claim"))
    (pytester.path / "my.toml").write_text(
        small_protocol().replace(CLAIM_CELLS, block("toml", "cell"))
    )
    pytester.makeini("[pytest]\n")
    pytester.makeconftest('pytest_plugins = ["bnclaims.plugin"]')
    result = pytester.runpytest_subprocess(
        "my_claims", "--protocol=my.toml", "--world=effect", "-p", "no:cacheprovider"
    )
    assert result.ret == 0
    result.stdout.re_match_lines(
        ["mlp +SUPPORTED.* F1 0", " +J 0", "  The layer helps a network without convolutions"],
        consecutive=True,
    )


def test_the_example_dataset_can_be_drawn_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = module(tmp_path, "dataset").DATASET
    monkeypatch.setattr(registry, "DATASETS", {**registry.DATASETS, "stripes": made})
    task = task_of(
        "stripes", fingerprint="stripes-1", majority=(("across",),), minority=(("down",),)
    )
    draw = datasets.draw(task, 0, sources=Sources())
    assert draw.train_pixels.shape == (15, 8, 8, 1)
    again = datasets.draw(task, 0, sources=Sources())
    assert (draw.train_pixels == again.train_pixels).all()


def test_the_example_network_has_the_same_weights_in_every_arm(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from bnclaims.models.initialisation import initialised

    body = module(tmp_path, "network").body
    sizes = {"channels": 1, "image_size": 8, "outputs": 2, "seed": 3}
    networks = [initialised(body, arm=arm, **sizes) for arm in ("plain", "final_bn")]
    images = torch.rand(4, 1, 8, 8)
    plain, final_bn = (network.raw(images) for network in networks)
    assert plain.shape == (4, 2) and torch.equal(plain, final_bn)


def test_the_example_executor_trains_as_the_loop_does(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from bnclaims.training.executors import loop

    made = module(tmp_path, "executor")
    task = task_of("digits", fingerprint="digits-1", majority=(("1",),), minority=(("8",),))
    draw = datasets.draw(task, 0, sources=Sources())
    trial = Trial(setting=setting_of(task, epochs=3), arm="final_bn", seed=0)
    one, other = made.train(trial, draw), loop.train(trial, draw)
    assert one.environment["executor"] == "gather"
    assert one.losses == pytest.approx(other.losses, rel=1e-4)
    kept = ("kept", "test")
    assert one.scores[kept] == pytest.approx(other.scores[kept], abs=1e-2)
    assert made.first_step is loop.first_step


def added(path: Path, before: str, lines: str) -> None:
    """A file with lines more, put before the one place where this stands."""
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, (path, before)
    path.write_text(text.replace(before, lines + before), encoding="utf-8")


def test_the_recipes_followed_to_the_letter_train_a_new_network_on_new_images_for_a_new_claim(
    tmp_path: Path,
) -> None:
    """In a copy of the repository, with real training; short, as no word is asked for."""
    for folder in ("bnclaims", "claims", "fixtures"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy2(ROOT / name, tmp_path)
    claim = block("python", "claim")
    for before, after in (
        ("FINAL_BN, PLAIN, Effect", "PLAIN, Effect"),
        ("FINAL_BN", '"bn_fast"'),
        ("evidence.both(", "evidence.minority_recall("),
        ("minority_recall(PLAIN)", 'minority_recall(PLAIN, "half_shifted")'),
    ):
        assert before in claim
        claim = claim.replace(before, after)
    package = tmp_path / "bnclaims"
    (tmp_path / "claims" / "test_mlp.py").write_text(claim)
    cell = block("toml", "cell").replace('architecture = "mlp"', 'architecture = "wide"')
    assert '"wide"' in cell and claim.count('"bn_fast"') == 2
    protocol = (package / "protocol" / "quick.toml").read_text(encoding="utf-8")
    short = protocol.replace("[training.epochs]\nvalue = 10\n", "[training.epochs]\nvalue = 1\n")
    assert short != protocol
    for looks in ("[16, 32, 64], weights = [0.5, 0.25, 0.25]", "[32, 64], weights = [0.5, 0.5]"):
        assert looks in short
        short = short.replace(looks, "[4], weights = [1.0]")
    (tmp_path / "my.toml").write_text(f"{short}\n{cell}\n{block('toml', 'task')}")
    for mark, file in (
        ("dataset", "datasets/stripes.py"),
        ("network", "models/wide.py"),
        ("executor", "training/executors/gather.py"),
    ):
        (package / file).write_text(block("python", mark))
    # The lines of the registries, and what has no file of its own.
    evidence = "audit/evidence"
    for file, before, lines in (
        ("datasets/registry.py", '    "mnist",\n', '    "stripes",\n'),
        ("protocol/architectures.py", '    "mlp": Arch', block("text", "network line")),
        ("protocol/names.py", "    NO_LAST_BIAS: Arm", block("text", "arm line")),
        ("models/final_bn.py", "    names.NO_LAST_BIAS: ", block("text", "arm")),
        (f"{evidence}/metrics.py", "def brier(", block("python", "metric") + "\n\n"),
        (f"{evidence}/metrics.py", '        Metric("brier"', block("text", "metric line")),
        (f"{evidence}/readouts.py", "# Test scores of", block("python", "readout") + "\n\n"),
        (f"{evidence}/readouts.py", "    TUNED_THRESHOLD: ", block("text", "readout line")),
        ("training/__init__.py", '    "graph": ', block("text", "executor line")),
    ):
        added(package / file, before, lines)

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        # Whatever the word, it was reached.
        assert done.returncode in (0, 1) and "Traceback" not in done.stdout, (
            done.stdout + done.stderr
        )
        return done.stdout

    assert "complete: 2,000 images" in run("bnclaims", "datasets", "--dataset", "stripes")
    words = ("--protocol=my.toml", "--dataset=stripes", "--executor=gather", "-q")
    run("pytest", "claims/test_mlp.py", *words)
    assert run("bnclaims", "verify", "reports/latest").startswith(
        "verified: reports/latest: 1 claim"
    )
    (claim,) = json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())["claims"]
    assert claim["cells"][0]["setting"] == "stripes 700:7, wide, softmax, batch 64, 1 epochs"
    assert claim["cells"][0]["seeds"] == 4
    table = (tmp_path / "reports" / "latest" / "trials.csv").read_text()
    assert ",plain,10000,half_shifted," in table and ",bn_fast,10000,kept," in table


@pytest.mark.parametrize(
    "mark", ["network line", "arm line", "metric line", "readout line", "executor line"]
)
def test_a_registry_takes_one_line(mark: str) -> None:
    assert block("text", mark).count("\n") == 1


@pytest.mark.parametrize(
    "mark", ["claim", "dataset", "network", "arm", "metric", "readout", "executor"]
)
def test_an_addition_takes_at_most_twenty_lines_of_code(mark: str) -> None:
    assert lines_of_code(block("text" if mark == "arm" else "python", mark)) <= 20


def lines_of_code(text: str) -> int:
    """Lines with code: without imports, docstrings and blanks."""
    lines = textwrap.dedent(text).splitlines()
    try:
        tree = ast.parse(textwrap.dedent(text))
    except SyntaxError:  # a line of a registry
        return len(lines)
    other = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) or _is_docstring(node)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return sum(bool(line.strip()) for at, line in enumerate(lines, 1) if at not in other)


def _is_docstring(node: ast.AST) -> TypeGuard[ast.Expr]:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_the_example_of_weights_works_in_a_protocol() -> None:
    page = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    rules, cells, example = lines.partition("[[claims")
    text = (
        small_protocol()
        .partition("[[claims.premise")[0]
        .replace("[training.head]", f"{rules}\n[training.head]")
    )
    protocol = parse_protocol(f"{text}\n{cells}{example}", source="networks.md")
    for identity, start in (("0" * 12, "fine-tuned"), (None, "from scratch")):
        selection = Selection(
            dataset="digits",
            fingerprints={"digits": "digits-1"},
            weights={"resnet34": identity},
        )
        (cell,) = cells_of(protocol, "premise", selection)
        assert f"resnet34 {start}" in cell.label
