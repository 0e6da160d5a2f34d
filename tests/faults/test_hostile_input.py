"""Input from strangers: each malformed one is one sentence, soon, and touches nothing outside."""

from __future__ import annotations

import copy
import csv
import functools
import gzip
import io
import json
import os
import re
import resource
import shutil
import struct
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from bnclaims import datasets
from bnclaims.audit import Gain
from bnclaims.audit.claim import claim, claim_of
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.judge import audit
from bnclaims.audit.plan import plan
from bnclaims.audit.statements.paired_effects import Effect
from bnclaims.commands.cli import main
from bnclaims.datasets import Sources
from bnclaims.datasets.files.idx import read_idx
from bnclaims.datasets.files.image_files import decode as decode_image
from bnclaims.datasets.files.image_pack import read_manifest, read_members
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.cells import Selection
from bnclaims.protocol.load import load_protocol, parse_protocol
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.report.predictions import decode_predictions
from bnclaims.report.verify.verify import verify
from bnclaims.report.write import write_report
from bnclaims.store.codec import encode
from bnclaims.store.leases import Leases
from bnclaims.store.processes import is_alive, this_host
from bnclaims.store.store import Store
from bnclaims.training import synthetic
from fixtures.records import forged_record
from fixtures.tampering import rehash

# Examples per kind of input in passing.
FEW = 25
# Processor seconds and MiB that one input, and all of them, may take at most.
SECONDS, MEGABYTES = 30.0, 1_500


@claim("premise", "The gain is there.", arms=(PLAIN, FINAL_BN), tells=Gain())
def _premise(evidence: Evidence) -> Effect:
    """Gain of final BN."""
    return Effect("gain", evidence.f1(FINAL_BN) - evidence.f1(PLAIN))


CLAIMS = [declared for declared in [claim_of(_premise)] if declared]
SELECTION = Selection(dataset="digits", fingerprints={"digits": "digits-1"})
PROTOCOL_TEXT = re.sub(
    r"value = { seeds = .*",
    "value = { seeds = [8], weights = [0.5] }",
    load_protocol("quick").text,
)


class World:
    """Sound input of every kind, in folders of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outside = folder / "outside"
        self.outside.mkdir()
        (self.outside / "secret").write_text("nobody reads or writes this")
        self.train = functools.cache(synthetic.trainer("effect"))
        self.protocol = parse_protocol(PROTOCOL_TEXT, source="one look")
        audited = audit(CLAIMS, self.protocol, SELECTION, self.train)
        self.report = write_report(audited, folder / "report")
        self.records = audited.records
        self.key = min(self.records)
        self.data = encode(self.records[self.key])
        self.images = {
            f"{label}/{number}.{kind}": encoded(kind, number)
            for label in ("a", "b")
            for number, kind in enumerate(("png", "jpeg", "bmp", "webp"))
        }
        self.own = folder / "own"
        for name, data in self.images.items():
            (self.own / name).parent.mkdir(parents=True, exist_ok=True)
            (self.own / name).write_bytes(data)
        self.number = 0

    def place(self, name: str) -> Path:
        """A new folder."""
        self.number += 1
        made = self.folder / f"{name}-{self.number}"
        made.mkdir()
        return made


def encoded(kind: str, number: int) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 255, (9, 7, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    assert [path.name for path in world.outside.iterdir()] == ["secret"]
    assert (world.outside / "secret").read_text() == "nobody reads or writes this"


# --- how input is spoiled -------------------------------------------------------------------------

HOSTILE: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 2**31, 2**63, 10**30, -0.0, 1e308, 1e-308, float("inf")),
    *("", "\x00", "\x1b[2J\x1b]0;owned\x07", "../../outside/secret", "/etc/passwd", "a" * 5_000),
    *("<script>alert(1)</script>", "‮", "\ud800", "${HOME}", "folder:/", "file:///etc/passwd"),
    *([], {}, [[]], [[[[[]]]]], {"a": {"b": []}}, [0] * 300, {"__class__": "os.system"}),
)


def spoiled_bytes(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with some of them changed, cut off, repeated or replaced."""
    content = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        match draw(st.sampled_from(("flip", "cut", "insert", "repeat", "numbers"))):
            case "flip" if content:
                content[place] ^= draw(st.integers(1, 255))
            case "cut":
                del content[place : place + draw(st.integers(1, len(data)))]
            case "insert":
                content[place:place] = draw(st.binary(min_size=1, max_size=40))
            case "repeat":
                content[place:place] = content[: draw(st.integers(1, 2_000))]
            case _:
                number = draw(st.sampled_from((0, 1, 2**15, 2**31 - 1, 2**32 - 1, 2**63 - 1)))
                form = draw(st.sampled_from(("<I", ">I", "<Q", ">H")))
                packed = struct.pack(form, number % 256 ** struct.calcsize(form))
                content[place : place + len(packed)] = packed
    return bytes(content)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of every value in a JSON document."""
    found = [path]
    if isinstance(value, dict):
        for name, inner in value.items():
            found += places(inner, (*path, name))
    elif isinstance(value, list):
        # The first few say what the others are like.
        for index, inner in enumerate(value[:4]):
            found += places(inner, (*path, index))
    return found


def spoiled_json(draw: st.DrawFn, document: Any) -> Any:
    """The document with some values replaced, removed or renamed."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        known = places(document)[1:]
        if not known:
            return document
        *above, last = draw(st.sampled_from(known))
        inner = functools.reduce(lambda found, step: found[step], above, document)
        if draw(st.integers(0, 5)) == 0:
            del inner[last]
        else:
            inner[last] = copy.deepcopy(draw(st.sampled_from(HOSTILE)))
    return document


NUMBER = re.compile(r"(?<![\w.\"])-?[0-9]+(\.[0-9]+)?(?![\w.\"])")
HOSTILE_TOML = (
    *("0", "-1", "1", "2", "1e308", "inf", "nan", "9" * 5_000, "0.999999999999", "99999999"),
    *('""', '"\\u0000"', '"\\u001b[2J"', "true", "[]", "{}", "[" * 3_000, "1979-05-27", "'../..'"),
)


def spoiled_toml(draw: st.DrawFn, text: str) -> str:
    """A protocol with numbers or lines of it replaced, removed or repeated."""
    for _ in range(draw(st.integers(1, 3))):
        match draw(st.sampled_from(("number", "number", "line", "letters", "nest"))):
            case "number":
                found = draw(st.sampled_from(list(NUMBER.finditer(text))))
                new = draw(st.sampled_from(HOSTILE_TOML))
                text = text[: found.start()] + new + text[found.end() :]
            case "line":
                lines = text.splitlines()
                place = draw(st.integers(0, len(lines) - 1))
                lines[place : place + 1] = draw(st.sampled_from(([], [lines[place]] * 2)))
                text = "\n".join(lines)
            case "letters":
                place = draw(st.integers(0, len(text)))
                text = text[:place] + draw(st.text(max_size=20)) + text[place:]
            case _:
                key = ".".join(["a"] * draw(st.integers(1, 3_000)))
                text += f"\n{key} = 1\nx = {'[' * 2_000}{']' * 2_000}\n"
        if not NUMBER.search(text):
            break
    return text


# --- what reads it: each returns whether the input was refused ------------------------------------


def is_refused(read: Callable[[], object]) -> bool:
    """Whether reading was refused, which must be in one printable sentence."""
    try:
        read()
    except BnclaimsError as error:
        assert str(error).isprintable() and len(str(error)) < 12_000, str(error)
        return True
    return False


def records(world: World, draw: st.DrawFn) -> bool:
    """A file of the store, spoiled outside or inside its checksum."""
    store = Store.open(world.folder / "store")
    path = store.path(world.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    if draw(st.booleans()):
        path.write_bytes(spoiled_bytes(draw, world.data))
    else:
        path.write_bytes(forged_record(world.data, lambda index: spoiled_json(draw, index)))
    found = store.read(world.key)
    shutil.rmtree(store.root / "quarantine", ignore_errors=True)
    if found is None:
        return True
    # What is taken for a record must serve as one.
    read = {**world.records, world.key: found}
    return is_refused(
        lambda: audit(CLAIMS, world.protocol, SELECTION, lambda trial: read[trial.key])
    )


def protocols(world: World, draw: st.DrawFn) -> bool:
    """A protocol file, and the plan that it asks for."""
    text = spoiled_toml(draw, PROTOCOL_TEXT)
    known = dict.fromkeys(load_protocol("quick").file.datasets, "known")
    selection = Selection(dataset="digits", fingerprints=known)
    return is_refused(lambda: plan(CLAIMS, parse_protocol(text, source="f.toml"), selection))


def spoil_report(draw: st.DrawFn, folder: Path, names: tuple[str, ...]) -> str:
    """Spoils one file of a report and returns its name."""
    name = draw(st.sampled_from(names))
    file = folder / name
    match name:
        case "report.json" | "ro-crate-metadata.json":
            document = spoiled_json(draw, json.loads(file.read_bytes()))
            file.write_text(json.dumps(document, allow_nan=True), encoding="utf-8")
        case "protocol.toml":
            text = spoiled_toml(draw, file.read_text(encoding="utf-8"))
            file.write_text(text, encoding="utf-8", errors="surrogatepass")
        case "predictions.npz" if draw(st.booleans()):
            with np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name].copy() for name in archive.files}
            about = spoiled_json(draw, json.loads(arrays["about"].tobytes()))
            arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
            np.savez_compressed(file, allow_pickle=True, **arrays)
        case _:
            file.write_bytes(spoiled_bytes(draw, file.read_bytes()))
    return name


def reports(world: World, draw: st.DrawFn) -> bool:
    """A report folder with one spoiled file, now and then with all hashes made right again."""
    folder = world.place("report")
    shutil.copytree(world.report, folder, dirs_exist_ok=True)
    files = (
        "report.json",
        "trials.csv",
        "predictions.npz",
        "protocol.toml",
        "ro-crate-metadata.json",
    )
    if spoil_report(draw, folder, files) != "report.json" and draw(st.booleans()):
        rehash(folder)
    problems: list[str] = []
    refused = is_refused(lambda: problems.extend(verify(folder, CLAIMS).problems))
    assert all(problem.isprintable() for problem in problems)
    shutil.rmtree(folder)
    return refused or bool(problems)


def comparisons(world: World, draw: st.DrawFn) -> bool:
    """A spoiled report that another is held against, in every form that `compare` has."""
    folder = world.place("compared")
    shutil.copytree(world.report, folder / "other")
    for _ in range(draw(st.integers(1, 3))):
        name = spoil_report(draw, folder / "other", ("report.json", "protocol.toml", "trials.csv"))
        if name != "report.json":
            break
    pair = [str(world.report), str(folder / "other")]
    form = draw(st.sampled_from(([], ["--lines"], ["--json"], ["--markdown"])))
    words = [*(pair if draw(st.booleans()) else reversed(pair)), *form]
    refused = is_refused_by_command("compare", *words)
    assert {path.name for path in folder.iterdir()} == {"other"}
    shutil.rmtree(folder)
    return refused


def indexes(world: World, draw: st.DrawFn) -> bool:
    """A folder of a sound report and a spoiled one."""
    folder = world.place("indexed")
    for name in ("good", "other"):
        (folder / name).mkdir()
        shutil.copy(world.report / "report.json", folder / name)
    spoil_report(draw, folder / "other", ("report.json",))
    if draw(st.booleans()):
        # Bytes rather than values: not all that is written is JSON.
        file = folder / "other" / "report.json"
        file.write_bytes(spoiled_bytes(draw, file.read_bytes()))
    refused = is_refused_by_command("index", str(folder))
    made = [path for path in folder.rglob("*") if path.suffix in (".html", ".svg")]
    assert bool(made) is not refused
    for path in made:
        assert is_harmless(path.read_text(encoding="utf-8"))
        assert path.parent in (folder, folder / "badges" / "good", folder / "badges" / "other")
    shutil.rmtree(folder)
    return refused


def is_refused_by_command(*words: str) -> bool:
    """Whether a command refuses its input, which takes one sentence and exit code 2."""
    result = CliRunner().invoke(main, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), (
        words,
        result.exc_info,
    )
    assert all(line.isprintable() for line in result.output.splitlines()), words
    assert result.exit_code in (0, 2), (words, result.output)
    if result.exit_code == 2:
        assert result.output.startswith("error: ") and result.output.count("\n") == 1
    return result.exit_code == 2


def is_harmless(page: str) -> bool:
    """Whether no text of the input has become a part of the page."""
    return "<script>alert" not in page and "\x1b" not in page and "\x00" not in page


def predictions(world: World, draw: st.DrawFn) -> bool:
    """The bytes of an archive of predictions."""
    data = spoiled_bytes(draw, (world.report / "predictions.npz").read_bytes())
    return is_refused(lambda: decode_predictions(data))


def archives(world: World, draw: st.DrawFn) -> bool:
    """A tar of images, with members that lead elsewhere or headers that lie."""
    file = io.BytesIO()
    form = draw(st.sampled_from((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)))
    with tarfile.open(fileobj=file, mode="w:", format=form) as tar:
        for name, data in world.images.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            if draw(st.integers(0, 6)) == 0:
                member.name = draw(
                    st.sampled_from(
                        (
                            "../outside/secret",
                            str(world.outside / "secret"),
                            "a/../../x",
                            "b\\..\\x",
                            "a/0.png",
                            "x" * 90,
                            "é" * 40,
                        )
                    )
                )
            if draw(st.integers(0, 6)) == 0:
                kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE)
                member.type = draw(st.sampled_from(kinds))
                member.linkname = str(world.outside / "secret")
            tar.addfile(member, io.BytesIO(data))
    content = bytearray(file.getvalue())
    for _ in range(draw(st.integers(0, 3))):
        # A header has a checksum: what is changed in it is made to fit again, now and then.
        start = 512 * draw(st.integers(0, len(content) // 512 - 1))
        field, width = draw(st.sampled_from(((124, 12), (100, 8), (0, 100), (156, 1), (257, 8))))
        new = draw(st.sampled_from((b"\x80" + b"\xff" * 11, b"\xff" * 12, b"7" * 12, b"\x00" * 12)))
        content[start + field : start + field + width] = new[:width].ljust(width, b"\x00")
        if draw(st.booleans()):
            header = content[start : start + 512]
            total = sum(header[:148]) + 8 * 32 + sum(header[156:])
            content[start + 148 : start + 156] = b"%06o\x00 " % (total % 8**6)
    if draw(st.booleans()):
        content = bytearray(spoiled_bytes(draw, bytes(content)))
    archive = world.place("tar") / "pack.tar"
    archive.write_bytes(content)
    expected: dict[str, dict[str, str]] = {name: {} for name in world.images}
    refused = is_refused(lambda: list(read_members(archive, expected)))
    assert [path.name for path in archive.parent.iterdir()] == ["pack.tar"]
    return refused


def images(world: World, draw: st.DrawFn) -> bool:
    """An image file, or the compressed images of an idx file."""
    if draw(st.integers(0, 3)):
        data = spoiled_bytes(draw, draw(st.sampled_from(list(world.images.values()))))
        return is_refused(lambda: decode_image(data, image_size=8, name="image"))
    pixels = bytes(5 * 28 * 28)
    header = struct.pack(">4I", 2051, 5, 28, 28)
    data = spoiled_bytes(draw, header) + pixels
    if draw(st.booleans()):
        data += bytes(draw(st.sampled_from((1, 2**20))))
    packed = gzip.compress(data, mtime=0)
    file = world.place("idx") / "images.gz"
    file.write_bytes(spoiled_bytes(draw, packed) if draw(st.booleans()) else packed)
    return is_refused(lambda: read_idx(file, 2051, (28, 28)))


def tables(world: World, draw: st.DrawFn) -> bool:
    """The groups of somebody's images, or the manifest of a pack."""
    cells = (*world.images, "a/none.png", "", "\x00", '"', "x" * 200_000, "../outside/secret", "=1")
    count = draw(st.integers(0, 6))
    rows = [[draw(st.sampled_from(cells)) for _ in "12"] for _ in range(count)]
    text = io.StringIO()
    header = draw(st.sampled_from((["file", "group"], ["file", "class", "leaf_id"], ["x"])))
    quoting = draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)))
    csv.writer(text, quoting=quoting).writerows([header, *rows])
    data = text.getvalue().encode()
    if draw(st.booleans()):
        data = spoiled_bytes(draw, data)
    if draw(st.booleans()):
        path = world.place("manifest") / "manifest.csv"
        path.write_bytes(data)
        return is_refused(lambda: read_manifest(path))
    (world.own / "groups.csv").write_bytes(data)
    sources = Sources(folder=world.own)
    return is_refused(lambda: datasets.load("folder:own", image_size=8, sources=sources))


def leases(world: World, draw: st.DrawFn) -> bool:
    """A lease that says something else than leases do: it never stops anybody for good."""
    root = world.place("leases")
    with Leases(root, interval=0.01, expiry=0.02) as mine:
        lease = mine.acquire("0" * 64)
        assert lease is not None
        path = root / "leases" / f"{lease.key}.lease"
        sound = path.read_bytes()
        lease.release()
        if draw(st.booleans()):
            data = spoiled_bytes(draw, sound)
        else:
            data = json.dumps(spoiled_json(draw, json.loads(sound))).encode()
        path.write_bytes(data)
        taken = mine.acquire(lease.key)
        if taken is None:
            time.sleep(0.03)
            taken = mine.acquire(lease.key)
        assert taken is not None or is_alive(data, this_host())
    return taken is not None


def options(world: World, draw: st.DrawFn) -> bool:
    """The words of a command line."""
    name = draw(st.sampled_from(("plan", "verify", "datasets", "train", "calibrate")))
    # What a system hands over as arguments: no zero, no lone surrogates but those of odd bytes.
    words = [word for word in HOSTILE if isinstance(word, str) and word not in ("\x00", "\ud800")]
    text = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=30)
    value = draw(st.sampled_from([*words, "\udcff"]) | text)
    known = {
        "plan": ("--protocol", "--dataset", "--data-root", "--claims", "--store"),
        "verify": ("--claims", ""),
        "datasets": ("--data-root", "--dataset"),
        "train": ("--shard", "--executor", "--protocol", "--dataset", "--looks"),
        "calibrate": ("--world", "--suites", "--protocol"),
    }[name]
    option = draw(st.sampled_from(known))
    words = [name, option, value] if option else [name, value]
    if name == "train":
        # Whatever is accepted must not begin to train.
        words += ["--claims", str(world.outside), "--data-root", str(world.folder / "none")]
    here = os.getcwd()
    os.chdir(world.place("here"))
    try:
        result = CliRunner().invoke(main, words)
    finally:
        os.chdir(here)
    assert result.exception is None or isinstance(result.exception, SystemExit), (
        words,
        result.exc_info,
    )
    assert "Traceback" not in result.output
    assert result.exit_code in (0, 2), (words, result.output)
    return result.exit_code == 2


# What reads each kind, and its examples in the long form: fewer where one takes tens of milliseconds.
READERS: tuple[tuple[Callable[[World, st.DrawFn], bool], int], ...] = (
    (records, 1_200),
    (protocols, 900),
    (reports, 250),
    (comparisons, 400),
    (indexes, 800),
    (predictions, 3_000),
    (archives, 3_000),
    (images, 3_500),
    (tables, 3_500),
    (leases, 600),
    (options, 500),
)
KINDS = {read.__name__: read for read, _ in READERS}


def fuzz(world: World, name: str, examples: int, *, derandomize: bool) -> Counter[bool]:
    """Feeds so many inputs of one kind and counts which were refused."""
    count: Counter[bool] = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=derandomize,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(data=st.data())
    def feed(data: st.DataObject) -> None:
        started = time.process_time()
        count[KINDS[name](world, data.draw)] += 1
        assert time.process_time() - started < SECONDS

    feed()
    return count


@pytest.mark.parametrize("name", KINDS)
def test_malformed_input_is_refused_in_one_sentence(world: World, name: str) -> None:
    few = FEW // 3 if name == "options" else FEW
    assert fuzz(world, name, few, derandomize=True)[True] > few // 3


@pytest.mark.long
def test_ten_thousand_malformed_inputs_are_refused(
    world: World, measured: Callable[..., None]
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    counts = {
        read.__name__: fuzz(world, read.__name__, many, derandomize=False)[True]
        for read, many in READERS
    }
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    assert sum(counts.values()) >= 10_000, counts
    assert grown < MEGABYTES
    measured(refused=sum(counts.values()), by_kind=counts, megabytes=round(grown))
