"""Downloads from a server on loopback: whole, broken off, wrong, too large, on bad disks."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bnclaims.datasets.dataset import RemoteFile
from bnclaims.datasets.files.downloads import cache_folder, fetch, is_kept, megabytes
from bnclaims.datasets.files.resumable_http import size_of
from bnclaims.errors import BnclaimsError
from fixtures.disks import mounted, remounted
from fixtures.web import Site, serving

DATA = bytes(range(256)) * 8_000


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as served:
        served.files["a.gz"] = DATA
        yield served


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("BNCLAIMS_CACHE", str(folder))
    # A proxy of this machine does not lead to its loopback.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


def remote(*urls: str, data: bytes = DATA, kind: str = "sha256") -> RemoteFile:
    digest = hashlib.new(kind, data, usedforsecurity=False).hexdigest()
    return RemoteFile(name="set/a.gz", urls=urls, checksum=f"{kind}:{digest}", size=len(data))


def refusal(file: RemoteFile, *, offline: bool = False) -> str:
    with pytest.raises(BnclaimsError) as caught:
        fetch(file, offline=offline)
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text
    return text


def left_in(cache: Path) -> list[str]:
    return sorted(str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_file())


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_a_file_is_downloaded_once(site: Site, cache: Path, kind: str) -> None:
    file = remote(site.url("a.gz"), kind=kind)
    assert not is_kept(file)
    assert fetch(file) == fetch(file) == fetch(file, offline=True) == cache / "set/a.gz"
    assert (cache / "set/a.gz").read_bytes() == DATA
    assert is_kept(file)
    assert site.asked == [("a.gz", None)]
    assert left_in(cache) == ["set/a.gz"]


def test_the_cache_is_the_users_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BNCLAIMS_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder().name == "bnclaims"
    if sys.platform == "linux":
        assert cache_folder() == Path("/somewhere/bnclaims")


def test_offline_asks_nobody_and_says_where_the_file_belongs(site: Site, cache: Path) -> None:
    text = refusal(remote(site.url("a.gz")), offline=True)
    assert text.startswith(f"--offline: {cache / 'set/a.gz'} (2.05 MB) is missing")
    assert site.url("a.gz") in text
    assert site.asked == []
    assert not cache.exists()


def test_a_damaged_file_in_the_cache_is_fetched_again(site: Site, cache: Path) -> None:
    file = remote(site.url("a.gz"))
    path = fetch(file)
    path.write_bytes(b"x" + DATA[1:])
    assert "missing or damaged" in refusal(file, offline=True)
    assert fetch(file).read_bytes() == DATA


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("announce", ["true", None])
def test_a_transfer_that_breaks_off_goes_on_the_next_time(
    site: Site, cache: Path, ranges: bool, announce: str | None
) -> None:
    file = remote(site.url("a.gz"))
    site.cut, site.announce, site.ranges = 1_500_000, announce, ranges
    text = refusal(file)
    assert site.url("a.gz") in text and str(cache / "set/a.gz") in text
    # Without a stated length the end of a connection is the end of a file, which then is too short.
    kept = (cache / "set/a.gz.part").stat().st_size if announce else 0
    assert kept or "ends after 1500000 of 2048000 bytes" in text
    assert not kept or f"broke off after {megabytes(kept)}, where the next attempt goes on" in text
    site.cut = None
    assert fetch(file).read_bytes() == DATA
    assert site.asked[1] == ("a.gz", f"bytes={kept}-" if kept else None)
    assert left_in(cache) == ["set/a.gz"]


def test_another_server_goes_on_where_the_first_broke_off(site: Site, cache: Path) -> None:
    site.cut = 1_500_000
    with serving() as mirror:
        mirror.files["b.gz"] = DATA
        path = fetch(remote(site.url("a.gz"), mirror.url("b.gz")))
        [(name, wanted)] = mirror.asked
        assert name == "b.gz" and wanted is not None and wanted > "bytes=1"
    assert path.read_bytes() == DATA


def test_what_a_killed_process_left_whole_is_not_fetched_again(site: Site, cache: Path) -> None:
    (cache / "set").mkdir(parents=True)
    (cache / "set/a.gz.part").write_bytes(DATA)
    fetch(remote(site.url("a.gz")))
    assert site.asked == []


@pytest.mark.parametrize("found", [b"y" * 999, b"y" * len(DATA), DATA + b"more"])
def test_leftovers_of_another_file_cost_one_more_attempt_at_most(
    site: Site, cache: Path, found: bytes
) -> None:
    file = remote(site.url("a.gz"))
    (cache / "set").mkdir(parents=True)
    (cache / "set/a.gz.part").write_bytes(found)
    if len(found) <= len(DATA):
        assert "whose sha256 is wrong, which was removed" in refusal(file)
        assert left_in(cache) == []
    assert fetch(file).read_bytes() == DATA


def test_another_file_of_the_same_size_is_removed_and_named(site: Site, cache: Path) -> None:
    file = remote(site.url("a.gz"))
    site.files["a.gz"] = DATA[::-1]
    text = refusal(file)
    assert f"{site.url('a.gz')} gave a file whose sha256 is wrong, which was removed" in text
    assert left_in(cache) == []
    site.files["a.gz"] = DATA
    assert fetch(file).read_bytes() == DATA


@pytest.mark.parametrize(("longer", "words"), [(DATA * 2, "4096000"), (DATA[:-1], "2047999")])
def test_a_file_of_another_size_is_refused_by_what_is_announced(
    site: Site, cache: Path, longer: bytes, words: str
) -> None:
    site.files["a.gz"] = longer
    assert f"has a file of {words} bytes instead of 2048000" in refusal(remote(site.url("a.gz")))
    assert left_in(cache) == []


def test_a_stream_without_end_is_left_once_it_is_too_long(site: Site, cache: Path) -> None:
    site.files["a.gz"] = DATA * 3
    site.announce = None
    assert "sends more than the 2048000 bytes" in refusal(remote(site.url("a.gz")))
    assert left_in(cache) == []


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_an_answer_of_the_server_is_passed_on(site: Site, cache: Path, status: int) -> None:
    site.status = status
    assert f"{site.url('a.gz')} answered {status}" in refusal(remote(site.url("a.gz")))
    assert left_in(cache) == []


def test_every_server_that_failed_is_named(site: Site, cache: Path) -> None:
    text = refusal(remote(site.url("gone"), site.url("lost")))
    assert site.url("gone") in text and site.url("lost") in text


def test_no_network_is_one_sentence(cache: Path) -> None:
    with serving() as gone:
        url = gone.url("a.gz")
    text = refusal(remote(url))
    assert f"{url} broke off, or there is no connection to it" in text
    assert f"put the file at {cache / 'set/a.gz'} yourself" in text
    assert "broke off" in refusal(remote("http://no-such-host.invalid/a.gz"))


def test_many_at_once_download_once(site: Site, cache: Path) -> None:
    file = remote(site.url("a.gz"))
    code = (
        "import sys; from bnclaims.datasets.files.downloads import *; u, c = sys.argv[1:]; "
        f"fetch(RemoteFile(name='set/a.gz', urls=(u,), checksum=c, size={len(DATA)}))"
    )
    command = [sys.executable, "-c", code, *file.urls, file.checksum]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    assert len(site.asked) == 1
    assert (cache / "set/a.gz").read_bytes() == DATA


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Iterator[Path]:
    mounted(tmp_path / "disk", "1m")
    monkeypatch.setenv("BNCLAIMS_CACHE", str(tmp_path / "disk"))
    yield tmp_path / "disk"
    subprocess.run(["umount", str(tmp_path / "disk")], check=True)


def test_a_disk_that_is_too_small_is_not_begun_to_be_filled(site: Site, disk: Path) -> None:
    text = refusal(remote(site.url("a.gz")))
    assert f"{disk / 'set'}: has 1.05 MB of free space, and set/a.gz needs 2.05 MB" in text
    assert site.asked == []


def test_a_disk_that_others_fill_meanwhile_is_named(site: Site, disk: Path) -> None:
    filled = threading.Event()

    def fill() -> None:
        if not filled.is_set():
            filled.set()
            while size_of(disk / "set/a.gz.part") < 500_000:
                time.sleep(0.01)
            with pytest.raises(OSError, match="No space"):
                (disk / "other").write_bytes(bytes(8_000_000))

    site.on_half = fill
    remounted(disk, "size=3m")
    text = refusal(remote(site.url("a.gz")))
    assert f"{disk / 'set/a.gz'}: cannot be kept there: the disk is full; free some space" in text
    (disk / "other").unlink()
    assert fetch(remote(site.url("a.gz"))).read_bytes() == DATA
    assert site.asked[1][1] is not None


def test_a_read_only_cache_is_named_and_what_it_has_is_used(site: Site, disk: Path) -> None:
    remounted(disk, "size=8m")
    fetch(remote(site.url("a.gz")))
    remounted(disk, "ro")
    assert fetch(remote(site.url("a.gz"))) == disk / "set/a.gz"
    other = remote(site.url("b.gz"), data=DATA[1:])
    assert "cannot be kept there: it is read-only; make it writable" in refusal(other)


def test_a_cache_that_is_a_file_is_named(site: Site, cache: Path) -> None:
    cache.write_text("in the way")
    assert f"{cache / 'set/a.gz'}: cannot be kept there" in refusal(remote(site.url("a.gz")))


def test_progress_is_told_in_lines_where_there_is_no_terminal(
    site: Site, cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bnclaims.datasets.files.resumable_http.PAUSE", 0.0)
    fetch(remote(site.url("a.gz")))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "downloading a.gz: 2.0 MB"
    assert lines[-1] == "downloading a.gz: 100%"
