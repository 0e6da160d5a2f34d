"""The example claim of docs/extending.md works as it stands there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from bnclaims import datasets
from bnclaims.cells import Selection, cells_of
from bnclaims.datasets import Sources, registry
from bnclaims.protocol import parse_protocol
from fixtures.projects import CLAIM_CELLS, small_protocol
from fixtures.trials import task_of

PAGE = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")


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
    (pytester.path / "my.toml").write_text(small_protocol().replace(CLAIM_CELLS, block("toml")))
    pytester.makeini("[pytest]\n")
    pytester.makeconftest('pytest_plugins = ["bnclaims.plugin"]')
    result = pytester.runpytest_subprocess(
        "my_claims", "--protocol=my.toml", "--world=effect", "-p", "no:cacheprovider"
    )
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*mlp*The layer helps*SUPPORTED*"])


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
    from bnclaims.models.registry import initialised

    body = module(tmp_path, "network").body
    sizes = {"channels": 1, "image_size": 8, "outputs": 2, "seed": 3}
    networks = [initialised(body, arm=arm, **sizes) for arm in ("plain", "final_bn")]
    images = torch.rand(4, 1, 8, 8)
    plain, final_bn = (network.raw(images) for network in networks)
    assert plain.shape == (4, 2) and torch.equal(plain, final_bn)


@pytest.mark.parametrize("mark", ["claim", "dataset", "network"])
def test_an_addition_takes_about_twenty_lines(mark: str) -> None:
    code = [line for line in block("python", mark).splitlines() if line.strip()]
    assert len(code) <= 24


def test_the_example_of_weights_works_in_a_protocol() -> None:
    page = (Path(__file__).parents[2] / "docs" / "networks.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    rules, cells, example = lines.partition("[[claims")
    text = (
        small_protocol()
        .partition("[[claims.premise")[0]
        .replace("[training.head]", f"{rules}\n[training.head]")
    )
    protocol = parse_protocol(f"{text}\n{cells}{example}", source="networks.md")
    for identity, start in (("0" * 12, "fine-tuned"), (None, "from scratch")):
        selection = Selection(dataset="digits", weights={"resnet34": identity})
        (cell,) = cells_of(protocol, "premise", selection)
        assert f"resnet34 {start}" in cell.label
