"""Whole files of the Hub, brought into the cache that Hugging Face's tools share, from where an earlier try stopped.

The client's own download keeps nothing of a file that was interrupted (since its version 2), can't be stopped within one, and its
faster transport takes memory that the plan does not know of. So the bytes are streamed here into the cache's layout, under the
client's lock, and held against their SHA-256; the client then links them into the snapshot.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from huggingface_hub import hf_hub_download
from huggingface_hub.utils import WeakFileLock

from engine.checkpoints.hub_address import HubAddress
from engine.checkpoints.hub_failures import BrokenConnectionError, explain_failures
from engine.checkpoints.hub_listing import HubFile, Listing, stream_file
from engine.errors import Cancelled, DamagedFileError, DiskFullError, HubError, Location

MOST_VAIN_TRIES = 4
"""Broken connections in a row, with not a byte between them, before we give up."""
FIRST_PAUSE_SECONDS = 0.5
"""Before the second try; it doubles with each."""
HASHED_BYTES = 1 << 20


class Transfer:
    """Count what has come of a download of several files, and ask whether to stop."""

    def __init__(self, total_bytes: int, progress: Callable[[int, int], None] | None, stop: Callable[[], bool]) -> None:
        """Begin with nothing done."""
        self._total_bytes = total_bytes
        self._done_bytes = 0
        self._progress = progress
        self._stop = stop

    def add(self, size_bytes: int) -> None:
        """Count bytes (less than none when they turned out to be worthless).

        Raises:
            Cancelled: The user stopped it.
        """
        self._done_bytes += size_bytes
        if self._progress is not None:
            self._progress(self._done_bytes, self._total_bytes)
        if self._stop():
            fact = "The download was stopped; what has come stays in the cache."
            raise Cancelled(fact, "Run again to continue it.")


def download_files(listing: Listing, names: Iterable[str], progress: Callable[[int, int], None] | None, stop: Callable[[], bool]) -> None:
    """Bring files into the cache, one after the other.

    Raises:
        Cancelled: `stop` said so.
        DiskFullError: The cache's disk has not enough room, or became full.
        HubError: The Hub refused, or the connection broke again and again.
        DamagedFileError: Other bytes came than the Hub's listing promises.
    """
    files = [listing.files[name] for name in names]
    address = listing.address
    _check_room(files, address)
    transfer = Transfer(sum(file.size_bytes for file in files), progress, stop)
    for file in files:
        transfer.add(0)
        _download_file(file, address, transfer)


def _check_room(files: Iterable[HubFile], address: HubAddress) -> None:
    needed_bytes = sum(file.size_bytes - _measure_file(_find_blob(file, address), _find_partial(file, address)) for file in files)
    with explain_failures(address):
        address.cache.mkdir(parents=True, exist_ok=True)
        free_bytes = shutil.disk_usage(address.cache).free
    if needed_bytes > free_bytes:
        fact = f"{address} needs {needed_bytes:,} bytes more in the cache {address.cache}, whose disk has {free_bytes:,} free."
        raise DiskFullError(fact, "Free space there, or set HF_HOME to a folder on another disk.")


def _download_file(file: HubFile, address: HubAddress, transfer: Transfer) -> None:
    blob, partial = _find_blob(file, address), _find_partial(file, address)
    with explain_failures(address):
        blob.parent.mkdir(parents=True, exist_ok=True)
        with _lock_blob(file, address):
            if blob.exists():
                transfer.add(file.size_bytes)
            else:
                _complete_partial(file, address, partial, transfer)
                partial.replace(blob)
        # The blob is there, so the client only asks for its name and links it, however this system does that.
        hf_hub_download(address.repository, file.name, revision=address.revision)


@contextmanager
def _lock_blob(file: HubFile, address: HubAddress) -> Generator[None]:
    """Hold the lock that the client holds while it downloads the same contents."""
    path = address.cache.parent / ".locks" / address.cache.name / f"{file.blob}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(path):
        yield


def _complete_partial(file: HubFile, address: HubAddress, path: Path, transfer: Transfer) -> None:
    digest = hashlib.sha256()
    with path.open("a+b") as partial:
        _take_over(partial, file, digest.update)
        transfer.add(partial.tell())
        _append_persistently(partial, file, address, lambda chunk: (digest.update(chunk), transfer.add(len(chunk))))
        came_bytes = partial.tell()
    if came_bytes != file.size_bytes or (file.sha256 and digest.hexdigest() != file.sha256):
        path.unlink()
        fact = f"{came_bytes:,} bytes came that are not the {file.size_bytes:,} that the Hub lists (SHA-256 {file.sha256 or 'not given'})."
        raise DamagedFileError(fact, "Run again to download it anew.", Location(path=f"{address}/{file.name}"))


def _take_over(partial: BinaryIO, file: HubFile, update: Callable[[bytes], None]) -> None:
    """Hash what an earlier try left, and stand behind it; more than the whole file is worth nothing."""
    if partial.tell() > file.size_bytes:
        partial.truncate(0)
    partial.seek(0)
    while chunk := partial.read(HASHED_BYTES):
        update(chunk)


def _append_persistently(partial: BinaryIO, file: HubFile, address: HubAddress, count: Callable[[bytes], object]) -> None:
    """Append all that is missing, through broken connections as long as each brings something."""
    vain_tries = 0
    while partial.tell() < file.size_bytes:
        before = partial.tell()
        failure = _append_rest(partial, file, address, count)
        vain_tries = 0 if partial.tell() > before else vain_tries + 1
        if vain_tries == MOST_VAIN_TRIES:
            fact = f"The Hub sends nothing of {file.name} of {address} after byte {before:,}."
            raise failure or HubError(fact, "Try again later; it continues where it stopped.")
        if vain_tries:
            _pause(FIRST_PAUSE_SECONDS * 2**vain_tries, lambda: count(b""))


def _append_rest(partial: BinaryIO, file: HubFile, address: HubAddress, count: Callable[[bytes], object]) -> BrokenConnectionError | None:
    """Append what one answer of the Hub brings, and return what broke it off, if anything did.

    At most one chunk too much is appended, which the caller then finds out.
    """
    try:
        with stream_file(address, file.name, partial.tell()) as chunks:
            for chunk in chunks:
                partial.write(chunk)
                count(chunk)
                if partial.tell() > file.size_bytes:
                    break
    except BrokenConnectionError as error:
        return error
    return None


def _pause(seconds: float, look_up: Callable[[], object]) -> None:
    """Wait, but not through a wish to stop."""
    for _ in range(max(1, round(seconds * 10))):
        look_up()
        time.sleep(0.1)


def _measure_file(*places: Path) -> int:
    return next((place.stat().st_size for place in places if place.exists()), 0)


def _find_blob(file: HubFile, address: HubAddress) -> Path:
    return address.cache / "blobs" / file.blob


def _find_partial(file: HubFile, address: HubAddress) -> Path:
    return address.cache / "blobs" / f"{file.blob}.incomplete"
