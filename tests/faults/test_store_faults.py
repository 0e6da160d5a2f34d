"""Damage, crashes and unwilling disks: nothing wrong is ever used, nothing right is ever lost."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import random
import subprocess
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.names import FINAL_BN
from bnclaims.protocol.trial import Trial
from bnclaims.store import store as module
from bnclaims.store.codec import MAX_BODY_BYTES, MAX_FILE_BYTES, decode, differences, encode
from bnclaims.store.record import Record, Split
from bnclaims.store.store import Store
from fixtures.records import body_of, sealed
from fixtures.trials import setting_of

ROOT = Path(__file__).parents[2]


def record_of(seed: int = 0, images: int = 6) -> Record:
    names = tuple(map(str, range(images)))
    scores = np.random.default_rng(seed).normal(size=(images, 2)).astype(np.float16)
    return Record(
        trial=Trial(setting=setting_of(), arm=FINAL_BN, seed=seed),
        diverged=False,
        splits={"test": Split(images=names, groups=names, labels=np.arange(images) % 2)},
        scores={("kept", "test"): scores},
        train_images=(100, 3),
        pool_images=(170, 60),
        losses=(0.7, 0.1),
        seconds={"training": 1.5},
        environment={"torch": "2.13"},
    )


RECORD = record_of()
KEY = RECORD.trial.key
DATA = encode(RECORD)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with the record and another one."""
    store = Store.open(tmp_path / "store")
    store.write(RECORD)
    store.write(record_of(seed=1))
    return store


def lay_down(store: Store, data: bytes) -> Path:
    """Puts bytes where the record is, as a new file."""
    path = store.path(KEY)
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    return path


def assert_refused(store: Store, word: str = "") -> str:
    """Reading gives nothing, names and moves the file, and leaves the other record alone."""
    path = store.path(KEY)
    data = path.read_bytes()
    before = len(store.damaged)
    assert store.read(KEY) is None
    assert not store.has(KEY)
    ((file, sentence),) = store.damaged[before:]
    assert file == path
    assert str(path) in sentence
    assert word in sentence
    moved = [
        name
        for name in (store.root / "quarantine").glob(f"{KEY}.*.trial")
        if name.read_bytes() == data
    ]
    assert moved
    assert all(name.with_suffix(".reason").read_text().strip() in sentence for name in moved[-1:])
    other = store.read(record_of(seed=1).trial.key)
    assert other is not None
    assert differences(other, record_of(seed=1)) == ()
    return sentence


def forge(body: bytes, **claims: object) -> bytes:
    return sealed(KEY, body, **claims)


def forge_index(change: Callable[[dict[str, Any]], object], label: int = 0) -> bytes:
    line, _, arrays = body_of(DATA).partition(b"\n")
    index = json.loads(line)
    change(index)
    losses = 8 * len(RECORD.losses)
    arrays = arrays[:losses] + label.to_bytes(8, "little", signed=True) + arrays[losses + 8 :]
    return forge(json.dumps(index).encode() + b"\n" + arrays)


def test_a_file_made_after_the_readme_is_read(store: Store) -> None:
    lay_down(store, forge_index(lambda index: None))
    found = store.read(KEY)
    assert found is not None
    assert differences(found, RECORD) == ()


def test_a_record_cut_off_anywhere_is_refused(store: Store) -> None:
    lengths = {0, 1, len(DATA) - 1, *range(2, len(DATA), max(1, len(DATA) // 60))}
    for length in lengths:
        lay_down(store, DATA[:length])
        assert_refused(store)


def test_a_record_with_one_changed_byte_is_refused(store: Store) -> None:
    chance = random.Random(1)
    header = DATA.index(b"\n") + 1
    positions = {*range(0, header, 3), header - 1, header, *chance.sample(range(len(DATA)), 120)}
    for position in positions:
        changed = bytearray(DATA)
        changed[position] ^= 1 << chance.randrange(8)
        with pytest.raises(ValueError, match=r".{10}"):
            decode(KEY, bytes(changed))
        if position % 5 == 0:
            lay_down(store, bytes(changed))
            assert_refused(store)


def test_no_bit_of_a_record_can_change_and_no_end_of_it_be_missing() -> None:
    small = encode(record_of(images=2))
    key = record_of(images=2).trial.key
    for length in range(len(small)):
        with pytest.raises(ValueError, match=r".{10}"):
            decode(key, small[:length])
    for bit in range(8 * len(small)):
        changed = bytearray(small)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ValueError, match=r".{10}"):
            decode(key, bytes(changed))


def test_a_refused_trial_can_be_trained_again_and_every_damaged_file_is_kept(store: Store) -> None:
    for number in range(3):
        lay_down(store, b"garbage %d" % number)
        assert_refused(store, "no header line")
        assert store.write(RECORD).written
        assert store.read(KEY) is not None
    assert len(list((store.root / "quarantine").iterdir())) == 6


def test_a_damaged_file_does_not_win_over_a_later_record(store: Store) -> None:
    lay_down(store, DATA + b"x")
    assert store.write(RECORD).written
    assert "payload bytes are there" in store.damaged[0][1]
    assert store.read(KEY) is not None


def test_a_record_under_the_name_of_another_trial_is_refused(store: Store) -> None:
    lay_down(store, encode(record_of(seed=2)))
    assert_refused(store, f"names another trial, {record_of(seed=2).trial.key}")


def test_a_body_of_another_trial_behind_a_right_header_is_refused(store: Store) -> None:
    lay_down(store, forge(body_of(encode(record_of(seed=2)))))
    assert_refused(store, "another key")
    foreign = forge_index(lambda index: index["trial"].update(trainer=999))
    lay_down(store, foreign)
    assert_refused(store, "another key")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda i: i["splits"][0][1].append("extra"), "buffer is too small"),
        (lambda i: i["splits"][0][1].__setitem__(0, "1"), "twice"),
        (lambda i: i["splits"][0][1].__setitem__(0, 1), "malformed"),
        (lambda i: i["splits"][0][2].pop(), "do not match"),
        (lambda i: i["scores"].append(["more", "test"]), "buffer"),
        (lambda i: i["scores"].pop(), "follow its last array"),
        (lambda i: i["scores"][0].__setitem__(1, "nowhere"), "nowhere"),
        (lambda i: i.update(losses=1), "follow its last array"),
        (lambda i: i.update(losses=-1), "negative"),
        (lambda i: i.update(losses=10**30), "dimension"),
        (lambda i: i.update(diverged=True), "diverged"),
        (lambda i: i.update(seconds=[]), "malformed"),
        (lambda i: i.update(environment={"torch": 2}), "malformed"),
        (lambda i: i.pop("trial"), "malformed"),
        (lambda i: i["trial"].pop("arm"), "another key"),
    ],
)
def test_a_forged_body_that_contradicts_itself_is_refused(
    store: Store, change: Callable[[dict[str, Any]], object], word: str
) -> None:
    lay_down(store, forge_index(change))
    assert_refused(store, word)


@pytest.mark.parametrize("label", [2, -1])
def test_a_forged_label_of_no_class_is_refused(store: Store, label: int) -> None:
    lay_down(store, forge_index(lambda index: None, label))
    assert_refused(store, "not one of the 2 classes")


@pytest.mark.parametrize("body", [b"", b"\n", b"[]\n", b"[" * 100_000 + b"\n", b"\xff\n"])
def test_a_body_that_is_no_index_is_refused(store: Store, body: bytes) -> None:
    lay_down(store, forge(body))
    assert_refused(store)


@pytest.mark.parametrize(
    ("claims", "word"),
    [
        ({"format": 2}, "format 2"),
        ({"body_bytes": 10**9}, "declares 1000000000 uncompressed bytes"),
        ({"body_bytes": -1}, "declares -1"),
        ({"body_bytes": "9"}, "declares '9'"),
        ({"body_bytes": 0}, "does not unpack to the 0 bytes"),
        ({"body_bytes": 10**6}, "does not unpack"),
        ({"more": 1}, "sha256"),
    ],
)
def test_a_header_that_says_something_else_is_refused(
    store: Store, claims: dict[str, object], word: str
) -> None:
    lay_down(store, forge(body_of(DATA), **claims))
    assert_refused(store, word)


def test_a_decompression_bomb_is_refused_without_unpacking_it(store: Store) -> None:
    bomb = forge(bytes(100 * 2**20), body_bytes=1000)
    tracemalloc.start()
    try:
        started = time.perf_counter()
        with pytest.raises(ValueError, match="does not unpack to the 1000 bytes"):
            decode(KEY, bomb)
        seconds = time.perf_counter() - started
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**20
    assert seconds < 0.5


def test_a_declared_bomb_and_an_oversized_file_are_refused_before_any_unpacking(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zlib, "decompressobj", None)
    lay_down(store, forge(b"", body_bytes=MAX_BODY_BYTES + 1))
    assert store.read(KEY) is None
    path = lay_down(store, DATA)
    os.truncate(path, MAX_FILE_BYTES + 1)
    monkeypatch.setattr(module, "decode", None)
    assert store.read(KEY) is None
    assert ["declares" in store.damaged[0][1], "bytes long" in store.damaged[1][1]] == [True, True]


def test_a_sound_file_that_took_the_damaged_ones_place_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replaced_meanwhile(key: str, data: bytes) -> Record:
        lay_down(store, DATA)
        raise ValueError("damaged")

    lay_down(store, b"garbage")
    with monkeypatch.context() as patch:
        patch.setattr(module, "decode", replaced_meanwhile)
        assert store.read(KEY) is None
    assert store.read(KEY) is not None
    assert list((store.root / "quarantine").iterdir()) == []
    assert "moved away by another process" in store.damaged[0][1]


def test_a_damaged_file_that_another_process_moved_is_named_all_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moved_meanwhile(key: str, data: bytes) -> Record:
        store.path(KEY).unlink()
        raise ValueError("damaged")

    monkeypatch.setattr(module, "decode", moved_meanwhile)
    assert store.read(KEY) is None
    assert list((store.root / "quarantine").iterdir()) == []
    assert "moved away by another process" in store.damaged[0][1]


class UnreadableFile:
    """A file whose disk answers reads with an error."""

    def __init__(self, file: Any, code: int) -> None:
        self.file, self.code = file, code

    def __enter__(self) -> UnreadableFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def fileno(self) -> int:
        return int(self.file.fileno())

    def read(self, size: int) -> bytes:
        raise OSError(self.code, os.strerror(self.code))


def unreadable(code: int) -> Callable[..., UnreadableFile]:
    return lambda name, mode, **_: UnreadableFile(open(name, mode), code)


def test_a_file_on_a_bad_sector_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "open", unreadable(errno.EIO), raising=False)
    assert store.read(KEY) is None
    assert not store.has(KEY)
    assert "the disk cannot read it" in store.damaged[0][1]


@pytest.mark.parametrize("code", [errno.EMFILE, errno.EACCES, errno.ESTALE])
def test_trouble_that_says_nothing_about_the_record_is_an_error_and_moves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "open", unreadable(code), raising=False)
        with pytest.raises(BnclaimsError, match=f"cannot read trial {KEY}"):
            store.read(KEY)
    assert store.read(KEY) is not None
    assert not store.damaged


def test_two_processes_that_write_one_trial_at_once_keep_the_first(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    code = """if True:
        import json, sys
        from pathlib import Path
        from bnclaims.store.codec import decode
        from bnclaims.store.store import Store
        store, key = Store.open(Path(sys.argv[1])), sys.argv[2]
        record = decode(key, Path(sys.argv[3]).read_bytes())
        print("ready", flush=True)
        sys.stdin.readline()
        result = store.write(record)
        print(json.dumps([result.written, list(result.differences)]))
    """
    writers = []
    for number in range(2):
        source = tmp_path / f"record {number}"
        source.write_bytes(encode(dataclasses.replace(RECORD, losses=(float(number),))))
        command = [sys.executable, "-c", code, str(store.root), KEY, str(source)]
        pipe = subprocess.PIPE
        writers.append(subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True))
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    results = [json.loads(writer.communicate()[0]) for writer in writers]
    assert sorted(results) == [[False, ["losses"]], [True, []]]
    kept = store.read(KEY)
    assert kept is not None
    assert kept.losses == (float(results.index([True, []])),)
    assert len((store.root / "determinism.jsonl").read_text().splitlines()) == 1
    assert [path.name for path in store.path(KEY).parent.iterdir()] == [store.path(KEY).name]


def test_killed_writers_leave_no_half_record(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    source = tmp_path / "record"
    record = record_of(images=5000)
    source.write_bytes(encode(record))
    code = """if True:
        import dataclasses, itertools, os, random, signal, sys, time
        from pathlib import Path
        from bnclaims.store.codec import decode
        from bnclaims.store.store import Store
        store, key = Store(Path(sys.argv[1])), sys.argv[2]
        record = decode(key, Path(sys.argv[3]).read_bytes())
        chance = random.Random(0)
        for kill in range(10):
            writer = os.fork()
            if writer == 0:
                for number in itertools.count():
                    trial = dataclasses.replace(record.trial, seed=1000 * kill + number)
                    store.write(dataclasses.replace(record, trial=trial))
            time.sleep(chance.uniform(0.02, 0.2))
            os.kill(writer, signal.SIGKILL)
            assert os.waitpid(writer, 0)[1] == signal.SIGKILL
    """
    command = [sys.executable, "-c", code, str(store.root), record.trial.key, str(source)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    keys = store.keys()
    assert keys
    for key in keys:
        found = store.read(key)
        assert found is not None
        assert found.scores["kept", "test"].tobytes() == record.scores["kept", "test"].tobytes()
    assert not store.damaged
    for leftover in store.root.rglob("*.tmp"):
        os.utime(leftover, (0, 0))
    Store.open(store.root)
    assert not list(store.root.rglob("*.tmp"))
    assert store.keys() == keys


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 128 KiB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)]
    with contextlib.suppress(FileNotFoundError):
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            yield folder
            subprocess.run(["umount", str(folder)], check=True)
            return
    pytest.skip("mounting a small disk needs the rights of root")


def test_a_full_disk_is_named_and_loses_nothing(small_disk: Path) -> None:
    store = Store.open(small_disk)
    written = []
    with pytest.raises(
        BnclaimsError, match=r"cannot save.*disk is full.*are whole.*free some space"
    ) as caught:
        for seed in range(100):
            store.write(record_of(seed, images=2000))
            written.append(record_of(seed).trial.key)
    assert str(small_disk) in str(caught.value)
    assert written
    assert store.keys() == set(written)
    assert all(store.read(key) is not None for key in written)
    assert not list(small_disk.rglob("*.tmp"))
    store.path(written[0]).unlink()
    assert store.write(record_of(0, images=2000)).written


def test_a_read_only_disk_serves_what_is_sound_and_names_what_is_not(small_disk: Path) -> None:
    store = Store.open(small_disk)
    store.write(record_of(seed=1))
    lay_down_at = store.path(KEY)
    lay_down_at.parent.mkdir(exist_ok=True)
    lay_down_at.write_bytes(DATA[:-1])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    store = Store.open(small_disk)
    assert store.read(record_of(seed=1).trial.key) is not None
    assert store.read(KEY) is None
    assert store.read(KEY) is None
    ((file, sentence),) = store.damaged
    assert file == lay_down_at
    assert "stays in place (the store is read-only)" in sentence
    with pytest.raises(BnclaimsError, match=r"cannot save trial.*it is read-only.*--store=DIR"):
        store.write(record_of(seed=2))


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "it is read-only"),
        (errno.EACCES, "permission denied"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_disk_that_refuses_is_named_with_a_remedy_and_no_leftover(
    store: Store, monkeypatch: pytest.MonkeyPatch, code: int, cause: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code), "name")

    record = record_of(seed=2)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(BnclaimsError) as caught:
            store.write(record)
        with pytest.raises(BnclaimsError, match="cannot save the error"):
            store.write_error(record.trial, "message")
    assert str(store.root) in str(caught.value)
    assert cause in str(caught.value)
    assert "--store=DIR" in str(caught.value)
    assert not list(store.root.rglob("*.tmp"))
    assert not store.has(record.trial.key)
    assert store.write(record).written


def test_a_damaged_file_that_cannot_be_moved_is_not_retried_for_ever(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    path = lay_down(store, b"garbage")
    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(BnclaimsError, match=f"remove {path}"):
        store.write(RECORD)
    assert "stays in place (Invalid cross-device link)" in store.damaged[0][1]
    assert list((store.root / "quarantine").iterdir()) == []


def test_a_file_system_without_hard_links_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM), "name")

    monkeypatch.setattr(os, "link", refuse)
    store = Store.open(tmp_path / "store")
    assert store.write(RECORD).written
    assert not store.write(RECORD).written
    assert store.read(KEY) is not None
    assert not list(store.root.rglob("*.tmp"))
