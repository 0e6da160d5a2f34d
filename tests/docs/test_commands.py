"""Every command in the README and the docs is run, and what the README reports is what reports say."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from click.testing import CliRunner

from bnclaims.commands.cli import main
from bnclaims.report.formatting import name_of
from fixtures.committed import index_copied
from fixtures.pageless import PAGELESS

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").glob("*/*.md")),
    ROOT / "reports" / "README.md",
]
BLOCK = re.compile(r"(<!-- (?P<mark>[\w /-]+) -->\n)?```sh\n(?P<body>.*?)```", re.DOTALL)
EXAMPLE = ROOT / "examples" / "second-paper"


def blocks() -> list[tuple[str, str | None, str]]:
    """(page, mark, commands) of every shell block."""
    return [
        (page.relative_to(ROOT).as_posix(), block["mark"], block["body"].strip())
        for page in PAGES
        for block in BLOCK.finditer(page.read_text(encoding="utf-8"))
    ]


def commands() -> list[tuple[str, str | None, str]]:
    """(page, mark, command line) of every shell block."""
    return [(page, mark, line) for page, mark, body in blocks() for line in body.splitlines()]


def environment() -> dict[str, str]:
    scripts = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}


# The packs of the tests stand for the reader's folder `data`.
PACKS = Path(os.environ.get("BNCLAIMS_DATA_ROOT", ROOT.parent / "shared" / "data"))
DATA_ROOT = PACKS if PACKS.is_dir() else None

# Once each, with the pages that show it.
UNMARKED: dict[str, list[str]] = {}
for _page, _mark, _line in commands():
    if _mark is None:
        UNMARKED.setdefault(_line, []).append(_page)
INSIDE = {(mark[3:], body) for _, mark, body in blocks() if mark and mark[:3] == "in "}
# A block that another goes on from is run with that.
LONGEST = sorted(
    (folder, body)
    for folder, body in INSIDE
    if not any(other.startswith(f"{body}\n") for place, other in INSIDE if place == folder)
)
# Marks of blocks that other tests or the CI script run, that take hours, or that need a cluster.
ELSEWHERE = {"audit", "tests", "long", "elsewhere"}


def test_every_mark_is_known() -> None:
    assert {mark for _, mark, _ in blocks() if mark} <= ELSEWHERE | {
        f"in {folder}" for folder, _ in INSIDE
    }


def in_small(words: list[str], folder: Path) -> list[str]:
    """A command on a part of its work, or on work that takes seconds, written to ``folder``."""
    report = folder / "report"
    match words:
        case ["pytest", "claims" | "claims/test_premise.py", *_]:
            if "--gpu" in words and not has_cuda():
                return [*words, "--collect-only", "-q"]
            if "-n" in words:
                # How many there are matters to other tests.
                words = [*words]
                words[words.index("-n") + 1] = "1"
            # A world needs no training; what is trained is the matter of other tests.
            small = [
                "-k",
                "final_bn_raises_minority_f1",
                "--world=effect",
                "-p",
                "no:cacheprovider",
                *PAGELESS,
            ]
            return [*words, *small, f"--store={folder / 'store'}", f"--report={report}"]
        case ["timeout", kill_after, limit, *command]:
            if shutil.which("timeout") is None:
                pytest.skip("there is no timeout command here")
            return ["timeout", kill_after, limit, *in_small(command, folder)]
        case ["bnclaims", "train", *_]:
            small = ["--protocol", str(EXAMPLE / "my.toml"), "--claims", str(EXAMPLE / "my_claims")]
            return [*words, *small, "--store", str(folder / "store")]
        case ["bnclaims", "index", "reports", *more]:
            # What a user's runs have left in that folder is no part of the committed index.
            copied = index_copied(folder)
            return ["bnclaims", "index", str(copied), *more]
    return words


def has_cuda() -> bool:
    torch = pytest.importorskip("torch")
    return bool(torch.cuda.is_available())


def run(words: list[str], where: Path) -> None:
    if words[0] == "bnclaims":
        # In this process, which has imported already what a new one would spend its time on.
        with contextlib.chdir(where):
            result = CliRunner().invoke(main, words[1:])
        assert result.exit_code == 0, result.output[-2000:] + repr(result.exception)
        return
    done = subprocess.run(
        words,
        cwd=where,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.parametrize("line", UNMARKED)
def test_a_command_of_the_docs_runs(line: str, tmp_path: Path) -> None:
    words = shlex.split(line)
    if "data" in words:
        if DATA_ROOT is None:
            pages = ", ".join(UNMARKED[line])
            pytest.skip(f"no image packs here: {pages} shows how they are used where they are")
        words[words.index("data")] = str(DATA_ROOT)
    if "ray" in words and importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed: pip install -e '.[ray]'")
    for word in words:
        if word.startswith("folder:"):
            pytest.skip("the user's own images are tested in tests/plugin/test_own_images.py")
    run(in_small(words, tmp_path), ROOT)


@pytest.mark.parametrize(("folder", "body"), LONGEST)
def test_the_commands_of_an_example_run_in_a_copy_of_it(
    folder: str, body: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / folder, copy, ignore=shutil.ignore_patterns("reports", ".*"))
    for line in body.splitlines():
        run(shlex.split(line), copy)


def test_the_readme_has_the_two_lines_that_ci_runs() -> None:
    marked = {mark: line for page, mark, line in commands() if mark and page == "README.md"}
    assert set(marked) == {"audit", "tests"}
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    # Nothing is added to them, and the second finds what the first has left.
    assert [*re.findall(r'bash -c "(.*)"', ci)] == ["$audit", "$tests"]
    assert "audit=$(line audit)\n" in ci and "tests=$(line tests)\n" in ci
    assert "pytest claims" in marked["audit"] and "pytest tests" in marked["tests"]


def clean_clone(clone: Path) -> None:
    """The files of a commit of the present tree; skips where git is not there to name them."""
    if shutil.which("git") is None:
        pytest.skip("needs git to make a clean clone")
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    ).stdout.decode()
    if not files:
        pytest.skip("not a git checkout")
    for name in filter(None, files.split("\0")):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone / name)


def in_clone(clone: Path, line: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A line of a shell in the clone, with nothing of this environment but ``more``."""
    unset = ("PYTEST", "VIRTUAL_ENV", "PYTHONPATH")
    clean = {name: text for name, text in os.environ.items() if not name.startswith(unset)}
    return subprocess.run(
        ["bash", "-c", line],
        cwd=clone,
        env=clean | more,
        capture_output=True,
        text=True,
        check=False,
    )


def assert_verdict_of_the_premise(done: subprocess.CompletedProcess[str], clone: Path) -> None:
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert re.search(r"premise .* SUPPORTED", done.stdout)
    verified = in_clone(clone, ".venv/bin/bnclaims verify reports/latest")
    assert verified.returncode == 0, verified.stdout
    assert verified.stdout.startswith("verified: reports/latest")


def test_a_newcomer_gets_a_verdict_from_a_clean_clone(tmp_path: Path) -> None:
    """The README's audit line elsewhere, cut down to the premise of a world.

    Its new environment borrows the libraries of this one. The CI script and the long form below
    install them.
    """
    if importlib.util.find_spec("setuptools") is None:
        pytest.skip("setuptools, which builds the package, is not in this environment")
    clone = tmp_path / "elsewhere"
    clean_clone(clone)
    create, install, audit = next(m for _, mark, m in commands() if mark == "audit").split(" && ")
    assert in_clone(clone, create).returncode == 0
    (packages,) = (clone / ".venv").glob("lib/python*/site-packages")
    # In front, since the tools that come with a new environment may be old ones.
    borrowed = f"import sys; sys.path.insert(0, {sysconfig.get_path('purelib')!r})\n"
    (packages / "borrowed.pth").write_text(borrowed)
    # pip finds each requirement there, and in the version that constraints.txt allows, or fails.
    installed = in_clone(clone, install, PIP_NO_INDEX="1", PIP_NO_BUILD_ISOLATION="0")
    assert installed.returncode == 0, installed.stderr[-2000:]
    say = "import bnclaims; print(bnclaims.__file__)"
    where = in_clone(clone, f'python=$PWD/.venv/bin/python; cd / && "$python" -c "{say}"')
    assert where.stdout.startswith(str(clone)), where.stdout + where.stderr
    # Not the script of pytest, which was not installed here.
    audit = audit.replace(".venv/bin/pytest", ".venv/bin/python -m pytest")
    done = in_clone(clone, f"{audit} -k raises_minority_f1 --world=effect")
    assert_verdict_of_the_premise(done, clone)


@pytest.mark.long
def test_a_newcomer_who_installs_everything_trains_and_gets_a_verdict(tmp_path: Path) -> None:
    clone = tmp_path / "elsewhere"
    clean_clone(clone)
    line = next(line for _, mark, line in commands() if mark == "audit")
    done = in_clone(clone, f"{line} -k raises_minority_f1")
    if done.returncode and "No matching distribution" in done.stderr:
        pytest.skip("no package index within reach")
    assert_verdict_of_the_premise(done, clone)


def test_the_quickstart_quotes_the_committed_audit() -> None:
    page = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")
    document = json.loads((ROOT / "reports" / "quick-digits" / "report.json").read_text())
    assert f"(sha256 {document['protocol']['sha256'][:12]})" in page
    cells = {claim["id"]: claim["cells"][0] for claim in document["claims"]}
    for claim in ("premise", "v", "vi"):
        cell = cells[claim]
        f1, j = (
            rf"{score['metric'].removeprefix('last_').upper()} {score['estimate']:.2f} "
            rf"\[{score['interval'][0]:.2f}, {score['interval'][1]:.2f}\]"
            for score in cell["finding"]["scores"]
        )
        row = rf"^{re.escape(name_of(claim))} +{cell['verdict']}\*? +{f1}[^\n]* {cell['seeds']} +"
        assert re.search(rf"{row}[^\n\d]+\n +{j}\n", page, re.MULTILINE), claim
    words = [cell["verdict"] for claim in document["claims"] for cell in claim["cells"]]
    inconclusive = words.count("INCONCLUSIVE")
    counts = f"{words.count('REFUTED')} failed, {words.count('SUPPORTED')} passed"
    assert f"{counts}, {inconclusive} inconclusive" in page
    assert f"{document['attrition']['trials']} networks" in page
    trials = document["attrition"]["trials"]
    rows = len((ROOT / "reports" / "quick-digits" / "trials.csv").read_text().splitlines()) - 1
    assert f"{len(document['claims'])} claims, {rows} rows of {trials} trials, every" in page


def test_the_alternatives_page_says_what_the_committed_audit_found_of_remedies() -> None:
    page = (ROOT / "docs" / "alternatives.md").read_text(encoding="utf-8")
    document = json.loads((ROOT / "reports" / "quick-digits" / "report.json").read_text())
    answers = [
        (cell["answer"], cell["seeds"])
        for claim in document["claims"]
        if claim["id"]
        in ("alt-threshold", "alt-threshold-both", "alt-prior-shift", "alt-weighted-loss")
        for cell in claim["cells"]
    ]
    assert {answer for answer, _ in answers} == {"not known"}
    seeds = [number for _, number in answers]
    said = f'on digits all three remedies of `quick` are "not known" after {min(seeds)} to {max(seeds)} seeds'
    assert said in " ".join(page.split())


def test_the_page_on_reading_shows_the_premise_of_the_committed_audit() -> None:
    page = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")
    document = json.loads((ROOT / "reports" / "quick-digits" / "report.json").read_text())
    (cell,) = next(claim["cells"] for claim in document["claims"] if claim["id"] == "premise")
    low, high = cell["interval"]
    share = cell["beside"]["effects"][0]["threshold_share"]["share"]["estimate"]
    assert f"`F1 {cell['estimate']:.2f} [{low:.2f}, {high:.2f}]`" in page
    assert f'"{share:.0%}'.replace("%", " % threshold") in page
