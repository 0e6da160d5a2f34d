"""Files from the network: fetched once into a cache folder, whole and with the right checksum."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bnclaims.datasets.dataset import RemoteFile, megabytes
from bnclaims.datasets.files.resumable_http import WrongFile, size_of, transfer
from bnclaims.errors import BnclaimsError, cause_and_remedy
from bnclaims.store.atomic_files import alone_in

CACHE_VARIABLE: Final = "BNCLAIMS_CACHE"


def cache_folder() -> Path:
    """The folder of downloaded files: $BNCLAIMS_CACHE, or the user's cache folder."""
    if folder := os.environ.get(CACHE_VARIABLE):
        return Path(folder)
    import pooch

    return Path(pooch.os_cache("bnclaims"))


def is_kept(file: RemoteFile) -> bool:
    """Whether the cache has a file of that name and size; its content is not looked at."""
    with contextlib.suppress(OSError):
        return (cache_folder() / file.name).stat().st_size == file.size
    return False


def fetch(file: RemoteFile, *, offline: bool = False) -> Path:
    """The path of the file, downloaded if the cache lacks it; its checksum is right.

    A transfer that breaks off is continued by the next call, also from another of the urls. Of
    several processes one downloads and the others wait. `BnclaimsError` when the network, the
    server, the file or the disk does not allow it, or when it would need the network ``offline``.
    """
    path = cache_folder() / file.name
    with _disk_refusals(path):
        if _is_right(path, file.checksum):
            return path
        if offline:
            raise BnclaimsError(
                f"--offline: {path} ({megabytes(file.size)}) is missing or damaged; run once "
                f"without --offline, or fetch {file.urls[0]} yourself and put it there."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone_in(path.parent):
            # Another process may have downloaded it while this one waited.
            if not _is_right(path, file.checksum):
                _fetch_from_any(file, path)
    return path


def _is_right(path: Path, checksum: str) -> bool:
    import pooch

    return path.is_file() and bool(pooch.hashes.hash_matches(str(path), checksum))


def _fetch_from_any(file: RemoteFile, path: Path) -> None:
    part = path.with_name(path.name + ".part")
    faults = []
    for url in file.urls:
        fault = _fetch_from(url, file, path, part)
        if fault is None:
            return
        faults.append(f"{url} {fault}")
    raise BnclaimsError(
        f"{file.name}: not downloaded: {'; '.join(faults)}; try again later, or put the file at "
        f"{path} yourself."
    )


def _fetch_from(url: str, file: RemoteFile, path: Path, part: Path) -> str | None:
    """Nothing when the file is at ``path``, else what was wrong with this url."""
    import pooch
    import requests

    _check_space(file, part)

    def download(url: str, output_file: str, _: object) -> None:
        transfer(url, part, size=file.size)
        os.replace(part, output_file)

    # What happens is reported by us; its messages would come between.
    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(
            url,
            known_hash=file.checksum,
            fname=path.name,
            path=path.parent,
            downloader=download,
        )
    except requests.HTTPError as error:
        return f"answered {str(error).partition(' for url')[0]}"
    except requests.ConnectionError:
        return f"broke off{_reached(part)}, or there is no connection to it"
    except requests.Timeout:
        return f"did not answer in time{_reached(part)}"
    except requests.RequestException as error:
        return f"broke off{_reached(part)} ({type(error).__name__})"
    except WrongFile as error:
        part.unlink(missing_ok=True)
        return str(error)
    except ValueError:
        # What pooch raises when the checksum is not the known one, after removing the file.
        return f"gave a file whose {file.checksum.partition(':')[0]} is wrong, which was removed"
    return None


def _check_space(file: RemoteFile, part: Path) -> None:
    have = size_of(part)
    free = shutil.disk_usage(part.parent).free
    if free < file.size - have:
        raise BnclaimsError(
            f"{part.parent}: has {megabytes(free)} of free space, and {file.name} needs "
            f"{megabytes(file.size - have)}; free some, or name another folder with "
            f"{CACHE_VARIABLE}=DIR."
        )


def _reached(part: Path) -> str:
    size = size_of(part)
    return f" after {megabytes(size)}, where the next attempt goes on" if size else ""


@contextlib.contextmanager
def _disk_refusals(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cause, remedy = cause_and_remedy(error)
        raise BnclaimsError(
            f"{path}: cannot be kept there: {cause}; {remedy}, or name another folder with "
            f"{CACHE_VARIABLE}=DIR."
        ) from error
