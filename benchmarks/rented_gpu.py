"""Half an hour on a rented GPU: what it computes right and how fast, a self-check, an audit to bring home.

    python benchmarks/rented_gpu.py --look             # which packages the machine lacks
    python benchmarks/rented_gpu.py --wheels pydantic  # how to fetch them, at home
    python benchmarks/rented_gpu.py smoke --out DIR    # a call of at most ten minutes
    python benchmarks/rented_gpu.py audit --out DIR --protocol full --dataset plantvillage-apple

Each call ends within ``--minutes`` and leaves in DIR one archive in parts of 15 MB, with the trials
that it trained, and ``summary.json``. At home: ``cat DIR/*.part-* > new.tar; bnclaims store add new.tar``.
Starts with the standard library alone, as the machine may have nothing but torch. docs/gpu.md tells
the whole way.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.metadata
import io
import json
import re
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
# Largest file that may come back, with room to spare below 16 MiB, and how many of them.
PART_BYTES: Final = 15 * 10**6
PARTS: Final = 7
# Seconds kept for the archive.
RESERVE: Final = 25
# What a GPU machine comes with; these are never brought.
THERE: Final = ("torch", "torchvision", "nvidia", "triton", "cuda")
# Network, image side, batch size: every kind of step of the built-in protocols.
SHAPES: Final = (
    ("mlp", 32, 64),
    ("simple_cnn", 64, 64),
    ("resnet34", 128, 64),
    ("vgg19", 64, 64),
    ("vgg19_bn", 64, 64),
    ("efficientnet_lite0", 64, 64),
)
NETWORKS: Final = (1, 2, 4, 16)
PRECISIONS: Final = ("fp32", "tf32", "bf16")


@dataclasses.dataclass(frozen=True)
class Part:
    """A command of a call, the most seconds it may take, and the file for what it prints."""

    name: str
    command: list[str]
    seconds: float
    output: str | None = None


def smoke_parts(given: argparse.Namespace) -> Iterator[Part]:
    """Every shape, with ever more networks at once; growth; the self-check of captured steps."""
    me = [sys.executable, str(Path(__file__).resolve()), "--one"]
    shapes, networks, precisions = SHAPES, NETWORKS, PRECISIONS
    if given.dry_run:
        shapes, networks, precisions = (("simple_cnn", 8, 16),), (2,), ("fp32",)
    for architecture, side, batch in shapes:
        for precision in precisions:
            for count in networks:
                what = {
                    "architecture": architecture,
                    "side": side,
                    "batch": batch,
                    "networks": count,
                    "precision": precision,
                    "device": given.device,
                    "steps": 4 if given.dry_run else 40,
                }
                name = f"{architecture}-{side}-{precision}-{count}"
                # One that stalls must not take the others' time: many streams may (pytorch 80259).
                yield Part(name, [*me, json.dumps(what)], 60, f"smoke/{name}.json")
    yield Part(
        "growth",
        [
            *(sys.executable, "benchmarks/growth.py", f"--device={given.device}", "--rounds=1"),
            *("--parts", "pixels", "replicas", "--out", str(given.out / "growth.json")),
        ],
        240,
    )
    yield Part(
        "selfcheck",
        [
            *(sys.executable, "-m", "bnclaims", "selfcheck", "--executor=graph", "--json"),
            *("--gpu", f"--store={given.store}"),
        ],
        300,
        "selfcheck.json",
    )


def audit_parts(given: argparse.Namespace) -> Iterator[Part]:
    """An audit by captured steps; what is trained when the time is up is stored."""
    workers = "2" if given.dry_run else "4"
    words = [sys.executable, "-m", "pytest", *given.claims, "--gpu", "--executor=graph"]
    words += ["-n", workers]
    words += [
        f"--store={given.store}",
        f"--report={given.out / 'report'}",
        "-p",
        "no:cacheprovider",
    ]
    for name in ("protocol", "dataset", "data_root", "world"):
        if (value := getattr(given, name)) is not None:
            words.append(f"--{name.replace('_', '-')}={value}")
    yield Part("audit", words, 3600, "audit.txt")


def perform(parts: Iterator[Part], given: argparse.Namespace, until: float) -> list[dict[str, Any]]:
    """Runs the parts one after the other until the time is up; what became of each."""
    done = []
    for part in parts:
        left = until - RESERVE - time.monotonic()
        planned = given.dry_run and part.name in ("growth", "selfcheck")
        if planned or left < 5:
            done.append({"part": part.name, "status": "planned" if planned else "no time left"})
            done[-1]["command"] = part.command
            continue
        began = time.monotonic()
        status, text = _run(part.command, min(part.seconds, left))
        done.append({"part": part.name, "status": status, "seconds": time.monotonic() - began})
        if part.output is not None:
            file = given.out / part.output
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        print(f"{part.name}: {status} after {done[-1]['seconds']:.0f} s", flush=True)
    return done


def _run(command: list[str], seconds: float) -> tuple[str, str]:
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        text, _ = process.communicate(timeout=seconds)
        return f"status {process.returncode}", text
    except subprocess.TimeoutExpired:
        # As a scheduler would: an audit then stores what it has.
        process.terminate()
        try:
            text, _ = process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            text, _ = process.communicate()
        return "stopped", text


def pack(out: Path, store: Path, since: set[Path]) -> list[Path]:
    """The parts of an archive of what a call left: its files, and the store's trials since it began."""
    trials = [path for path in sorted(store.glob("trials/*/*.trial")) if path not in since]
    checks = sorted((store.parent / "selfcheck").glob("*/*.json"))
    kept = (store, store.parent / "selfcheck")
    others = [
        path
        for path in sorted(out.rglob("*"))
        if path.is_file() and ".part-" not in path.name and not any(k in path.parents for k in kept)
    ]
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for path in trials:
            archive.add(path, arcname=path.relative_to(store).as_posix())
        for path in checks:
            archive.add(path, arcname=f"selfcheck/{path.parent.name}/{path.name}")
        for path in others:
            archive.add(path, arcname=f"files/{path.relative_to(out).as_posix()}")
    data = whole.getvalue()
    parts = []
    for number, start in enumerate(range(0, len(data), PART_BYTES)):
        parts.append(out / f"{out.name}.tar.part-{number:02d}")
        parts[-1].write_bytes(data[start : start + PART_BYTES])
    if len(parts) > PARTS:
        print(f"{len(parts)} parts, and {PARTS} may come back at once: fetch them in two goes")
    return parts


def one(what: dict[str, Any]) -> dict[str, Any]:
    """Networks of one shape trained at once: their bits against the loop's, time and memory."""
    import torch
    from growing.steps import noise, trial_of

    from bnclaims import training
    from bnclaims.store.codec import differences

    def trial(seed: int) -> Any:
        made = trial_of(what["side"], seed, what["steps"], what["device"])
        names = ("architecture", "precision")
        changes = {"batch_size": what["batch"], **{name: what[name] for name in names}}
        return dataclasses.replace(made, setting=dataclasses.replace(made.setting, **changes))

    trials = [trial(seed) for seed in range(what["networks"])]
    draws = [noise(what["side"])] * len(trials)
    graph, loop = training.executor("graph"), training.executor("loop")
    assert graph.many is not None
    graph.many.train_all(trials, draws)
    began = time.perf_counter()
    records = graph.many.train_all(trials, draws)
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    reference = loop.train(trials[0], draws[0])
    cuda = what["device"] == "cuda"
    return {
        **what,
        "torch": torch.__version__,
        "card": torch.cuda.get_device_name() if cuda else "none",
        "trained_by": sorted({record.environment["executor"] for record in records}),
        "at_once": graph.many.together([trial(seed) for seed in range(16)]),
        "differs_from_the_loop_in": list(differences(reference, records[0])),
        "ms_per_step_and_network": 1000 * seconds / what["steps"] / len(trials),
        "loop_ms_per_step": 1000 * (time.perf_counter() - began) / what["steps"],
        "reserved_gib": torch.cuda.max_memory_reserved() / 2**30 if cuda else 0.0,
        "ms_per_step_by_layout": layouts(what),
    }


def layouts(what: dict[str, Any]) -> dict[str, float]:
    """Milliseconds of an eager step with channels last, as everywhere here, and with channels first."""
    import torch

    from bnclaims.models import build

    found = {}
    for name in ("channels_last", "contiguous_format"):
        format = getattr(torch, name)
        network = build(
            what["architecture"], arm="plain", classes=2, channels=3,
            image_size=what["side"], head="softmax", seed=0,
        ).to(what["device"], memory_format=format)  # fmt: skip
        images = torch.randn(what["batch"], 3, what["side"], what["side"], device=what["device"])
        images = images.contiguous(memory_format=format)
        for step in range(6):
            if step == 1:
                _wait(what["device"])
                began = time.perf_counter()
            network(images).sum().backward()
        _wait(what["device"])
        found[name] = 1000 * (time.perf_counter() - began) / 5
    return found


def _wait(device: str) -> None:
    import torch

    if device == "cuda":
        torch.cuda.synchronize()


def needed(*roots: str) -> dict[str, str]:
    """Versions of the distributions that these need here, by name, without what a GPU machine has."""
    found: dict[str, str] = {}
    waiting = list(roots)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found or name.startswith(THERE):
            continue
        found[name] = importlib.metadata.version(name)
        for line in importlib.metadata.requires(name) or ():
            # What only an extra or another system asks for stays out.
            if ";" not in line:
                waiting.append(re.split(r"[^\w.-]", line, maxsplit=1)[0])
    return found


def dependencies() -> list[str]:
    """The packages of pyproject.toml that the suite cannot run without."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in project["dependencies"]]


def look() -> list[str]:
    """The packages of the suite that this machine lacks."""
    lacking = []
    for name in dependencies():
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            lacking.append(name)
    return lacking


def wheels(names: list[str], python: str) -> str:
    """The commands that fetch the wheels of these packages, or of all, for Linux on x86-64."""
    pins = [
        f"{name}=={version}" for name, version in sorted(needed(*(names or dependencies())).items())
    ]
    platforms = "--platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64"
    return (
        f"pip download -d wheels --no-deps --only-binary=:all: --python-version {python} "
        f"{platforms} {' '.join(pins)}\npip wheel -w wheels --no-deps .\n"
        "# there: pip install --no-index --no-deps wheels/*.whl"
    )


def main() -> None:
    """Does a call, or says what to bring."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("call", nargs="?", choices=("smoke", "audit"))
    parser.add_argument("--out", type=Path, default=Path("rented"), metavar="DIR")
    parser.add_argument("--store", type=Path, help="the store (store in DIR)")
    parser.add_argument("--minutes", type=float, default=9.5, help="of the whole call")
    parser.add_argument("--claims", nargs="+", default=["claims"], metavar="FILE")
    for name in ("protocol", "dataset", "data-root", "world"):
        parser.add_argument(f"--{name}", help="as for pytest claims")
    parser.add_argument("--dry-run", action="store_true", help="on a CPU, in a minute")
    parser.add_argument(
        "--look", action="store_true", help="name the packages that are lacking here"
    )
    parser.add_argument("--wheels", nargs="*", metavar="NAME", help="how to fetch packages (all)")
    parser.add_argument("--python", default="3.12", help="of the machine that they are for")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is not None:
        print(json.dumps(one(given.one), indent=1))
    elif given.look:
        print("\n".join(look()))
    elif given.wheels is not None:
        print(wheels(given.wheels, given.python))
    elif given.call is None:
        parser.error("name a call, smoke or audit")
    else:
        call(given)


def call(given: argparse.Namespace) -> None:
    """Does the parts of a call and packs what they leave."""
    until = time.monotonic() + 60 * given.minutes
    given.out = given.out.resolve()
    given.store = (given.store or given.out / "store").resolve()
    given.device = "cpu" if given.dry_run else "cuda"
    given.out.mkdir(parents=True, exist_ok=True)
    since = set(given.store.glob("trials/*/*.trial"))
    parts = smoke_parts(given) if given.call == "smoke" else audit_parts(given)
    done = perform(parts, given, until)
    summary = given.out / "summary.json"
    summary.write_text(json.dumps({"call": given.call, "parts": done}, indent=1) + "\n")
    for part in pack(given.out, given.store, since):
        print(f"{part} ({part.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
